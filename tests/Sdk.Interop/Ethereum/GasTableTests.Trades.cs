using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Modules.Bonds;
using Sdk.Core.Ledger.Modules.Escrow;
using Sdk.Core.Ledger.Modules.Token;

namespace Sdk.Interop.Ethereum;

/// <summary>The end of a trade, its ratings, and cases about bonds.</summary>
public sealed partial class GasTableTests
{
    private const int Challenger = 1;
    private const int Accused = 2;
    private const int FirstWitness = 3;

    private async Task MeasureRatingsAsync()
    {
        const ulong Window = 3_600;
        // A fixed number: its zero bytes are cheaper.
        const ulong End = GenesisSeconds + 9_999_999;
        var terms = new EscrowTerms { Agreement = default, Buyer = Keys[4].Address, Provider = Keys[5].Address, DisputeWindowSeconds = (uint)Window };
        foreach (var round in (string[])["first of the two", "later"])
        {
            terms = terms with { Agreement = Hash256.Sha256(terms.Agreement.Bytes) };
            await RunAsync(4, "Escrow", terms.Write(new AbiWriter()).Add(Tokens(10)).Add(End).ToCall(EscrowAbi.Lock));
            var (r, vs) = new EscrowVoucher(terms.TradeId(), Tokens(3)).Sign(_anvil.ChainId, _contracts["Escrow"], Keys[4]).ToCompact();
            _table.Add(
                $"settle the last voucher, the rest goes back, recorded by Evidence, {round}",
                await RunAsync(5, "Escrow", terms.Write(new AbiWriter()).Add(Tokens(3)).Add(true).Add(r).Add(vs).ToCall(EscrowAbi.Settle)));
            var rating = terms.Write(new AbiWriter()).Add(90).Add(Hash256.Sha256("details"u8)).ToCall(EscrowAbi.Rate);
            _table.Add($"rate the provider, {round}", await RunAsync(4, "Escrow", rating), elsewhere: round == "later" ? "" : "ERC-8004 style, first: 190 673");
        }

        _table.Add("collect a share", await RunAsync(6, "Escrow", new AbiWriter().ToCall(EscrowAbi.Collect)));
    }

    private async Task MeasureBondsAsync()
    {
        _table.Section("Bonds");
        for (var account = 0; account < Keys.Count; account++)
        {
            await RunAsync(account, "Token", new AbiWriter().Add(_contracts["Bonds"]).Add(TokenAmount.MaxValue).ToCall(TokenAbi.Approve));
        }

        var nonce = Hash256.Sha256("a nonce"u8);
        await RunAsync(Accused, "Bonds", new AbiWriter().Add(nonce).Add(Tokens(100)).ToCall(BondsAbi.Register));
        for (var witness = FirstWitness; witness < Keys.Count; witness++)
        {
            var gas = await RunAsync(witness, "Bonds", new AbiWriter().Add(nonce).Add(Tokens(100)).ToCall(BondsAbi.Register));
            if (witness == FirstWitness)
            {
                _table.Add("register a provider with its bond", gas);
            }
        }

        _table.Add("post more", await RunAsync(Accused, "Bonds", new AbiWriter().Add(Tokens(1)).ToCall(BondsAbi.Post)));
        await MeasureCaseAsync(caseId: 1, isAnswered: false);
        await MeasureCaseAsync(caseId: 2, isAnswered: true);
        _table.Add("collect a reward", await RunAsync(Challenger, "Bonds", new AbiWriter().ToCall(BondsAbi.Collect)));
        _table.Add("announce a leave", await RunAsync(FirstWitness, "Bonds", new AbiWriter().Add(Tokens(50)).ToCall(BondsAbi.RequestLeave)));
        await _anvil.IncreaseTimeAsync(TimeSpan.FromDays(8));
        _table.Add("withdraw", await RunAsync(FirstWitness, "Bonds", new AbiWriter().ToCall(BondsAbi.Withdraw)));
    }

    private async Task MeasureCaseAsync(ulong caseId, bool isAnswered)
    {
        const ulong Seats = 7;
        await _anvil.MineAsync();
        var challenge = new AbiWriter().Add(Keys[Accused].Address).Add((ulong)BondCaseKind.StoredData).Add(Hash256.Sha256("data"u8)).Add(Seats).Add(Tokens(1));
        var gas = await RunAsync(Challenger, "Bonds", challenge.ToCall(BondsAbi.Challenge));
        await _anvil.MineAsync();
        await RunAsync(Challenger, "Bonds", new AbiWriter().Add(caseId).ToCall(BondsAbi.Draw));
        var proof = isAnswered ? Hash256.Sha256("proof"u8) : default;
        if (isAnswered)
        {
            _table.Add("challenge, seven witnesses", gas);
            _table.Add("answer", await RunAsync(Accused, "Bonds", new AbiWriter().Add(caseId).Add(proof).ToCall(BondsAbi.Answer)));
        }
        else
        {
            await _anvil.IncreaseTimeAsync(TimeSpan.FromSeconds(86_500));
        }

        for (ulong seat = 0; seat < Seats; seat++)
        {
            // Seven seats for seven candidates: seat by seat in the order of registration.
            var (r, vs) = new WitnessTestimony(caseId, proof, isAnswered).Sign(_anvil.ChainId, _contracts["Bonds"], Keys[FirstWitness + (int)seat]).ToCompact();
            gas = await RunAsync(Challenger, "Bonds", new AbiWriter().Add(caseId).Add(seat).Add(isAnswered).Add(r).Add(vs).ToCall(BondsAbi.Testify));
        }

        if (!isAnswered)
        {
            _table.Add("testify, later in a case", gas);
        }

        await _anvil.IncreaseTimeAsync(TimeSpan.FromDays(3));
        _table.Add(
            isAnswered ? "judge: acquitted, seven rewarded again" : "judge: guilty, seven rewarded for the first time",
            await RunAsync(Challenger, "Bonds", new AbiWriter().Add(caseId).ToCall(BondsAbi.Judge)));
    }
}
