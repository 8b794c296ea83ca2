using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Modules.Token;
using Sdk.Core.Ledger.Modules.Vault;
using Sdk.Core.Payments;
using Sdk.Interop.Ethereum;

namespace Sdk.Ledger.Conformance.Differential;

/// <summary>Random operations on the vault: few accounts that all draw cheques on each other, so that covers run out.</summary>
internal sealed class VaultOperations(TwinLedgers twins, Random random) : ModuleOperations(twins, random)
{
    private static readonly TokenAmount TooMuch = TokenAmount.FromBaseUnits(UInt128.MaxValue) + 1;

    // Cheques that were presented, to be presented again.
    private readonly List<(KeyPair Issuer, KeyPair Beneficiary, TokenAmount Payout)> _presented = [];

    public override string Module => "Vault";

    public override IReadOnlyList<Move> Moves =>
    [
        .. Questions(),
        Does(VaultAbi.Deposit, () => Deposit(Anybody(), Anybody().Address, SomeAmount())),
        Does(VaultAbi.DepositWithPermit, () => DepositWithPermit(Anybody())),
        Does(VaultAbi.RequestWithdrawal, () => RequestWithdrawal(Chance(5) ? TokenAmount.Zero : SomeAmount())),
        Does(VaultAbi.Withdraw, () => Withdraw(WhoRequested(), Day + 1)),
        Does(VaultAbi.CashCheque, () => Cash(VaultAbi.CashCheque, SomeAmount())),
        Does(VaultAbi.CashCheque, () => Cash(VaultAbi.CashCheque, TokenAmount.FromTokens((ulong)Random.Next(1, 1_000)))),
        Does(VaultAbi.CashCheque, CashAgain),
        Does(VaultAbi.CashOut, () => Cash(VaultAbi.CashOut, SomeAmount())),
        Does(VaultAbi.CashBatch, () => CashBatch(fresh: Random.Next(1, 4), stale: Random.Next(3))),
        Does(VaultAbi.IncreaseHardDeposit, () => IncreaseHardDeposit(Anybody(), SomeAmount())),
        Does(VaultAbi.RequestHardDepositDecrease, () => RequestDecrease(Chance(5) ? TokenAmount.Zero : SomeAmount())),
        Does(VaultAbi.DecreaseHardDeposit, () => Decrease(Day + 1)),
        Meets(VaultAbi.AmountTooLarge, () => Random.Next(4) switch
        {
            0 => Deposit(Anybody(), Anybody().Address, TooMuch),
            1 => RequestWithdrawal(TooMuch),
            2 => RequestDecrease(TokenAmount.MaxValue),
            _ => Cash(VaultAbi.CashCheque, TooMuch),
        }),
        Meets(VaultAbi.NoAccount, () => Random.Next(3) switch
        {
            0 => Deposit(Anybody(), default, SomeAmount()),
            1 => new Operation(Anybody().Address, Call(VaultAbi.Withdraw, new AbiWriter().Add(default(AccountAddress)))),
            _ => new Operation(Anybody().Address, Call(VaultAbi.IncreaseHardDeposit, new AbiWriter().Add(default(AccountAddress)).Add(SomeAmount()))),
        }),
        Meets(VaultAbi.TransferFailed, () => new Operation(
            Anybody().Address, new LedgerCall(Twins[TwinLedgers.FalseVault], new AbiWriter().Add(Anybody().Address).Add(SomeAmount()).ToCall(VaultAbi.Deposit)))),
        Meets(VaultAbi.ChequeAlreadyCashed, () => Cash(VaultAbi.CashCheque, TokenAmount.Zero)),
        Meets(VaultAbi.InvalidSignature, Forged),
        Meets(VaultAbi.OwnCheque, OwnCheque),
        Meets(VaultAbi.NoCover, CashAgain),
        Meets(VaultAbi.NothingToCash, () => CashBatch(fresh: 0, stale: Random.Next(4))),
        Meets(VaultAbi.InsufficientDeposit, () => IncreaseHardDeposit(Anybody(), TokenAmount.FromTokens(1_000_000))),
        Meets(VaultAbi.NothingRequested, () => Chance(2) ? Withdraw(Pauper) : new Operation(Pauper.Address, Call(VaultAbi.DecreaseHardDeposit, new AbiWriter().Add(Anybody().Address)))),
        Meets(VaultAbi.TooEarly, TooEarly),
    ];

    public override IEnumerable<Operation> Preparation =>
        Twins.Keys.Skip(1).SkipLast(1).Select(key => Deposit(key, key.Address, TokenAmount.FromTokens(10)));

    public override IEnumerable<LedgerCall> Views()
    {
        foreach (var issuer in Twins.Keys)
        {
            yield return Call(VaultAbi.DepositOf, new AbiWriter().Add(issuer.Address));
            yield return Call(VaultAbi.WithdrawalOf, new AbiWriter().Add(issuer.Address));
            foreach (var beneficiary in Twins.Keys)
            {
                foreach (var function in (AbiFunction[])[VaultAbi.BookOf, VaultAbi.HardDepositDecreaseOf, VaultAbi.Cover])
                {
                    yield return Call(function, new AbiWriter().Add(issuer.Address).Add(beneficiary.Address));
                }
            }
        }
    }

    private IEnumerable<Move> Questions()
    {
        AbiWriter One() => new AbiWriter().Add(Anybody().Address);
        AbiWriter Two() => One().Add(Anybody().Address);
        yield return Asks(VaultAbi.WithdrawalDelay);
        yield return Asks(VaultAbi.Token);
        yield return Asks(VaultAbi.Evidence);
        yield return Asks(VaultAbi.DomainSeparator);
        yield return Asks(VaultAbi.DepositOf, One);
        yield return Asks(VaultAbi.WithdrawalOf, One);
        yield return Asks(VaultAbi.BookOf, Two);
        yield return Asks(VaultAbi.HardDepositDecreaseOf, Two);
        yield return Asks(VaultAbi.Cover, Two);
        yield return Asks(VaultAbi.ChequeDigest, () => Two().Add(Chance(2) ? SomeAmount() : TokenAmount.MaxValue));
    }

    private Operation Deposit(KeyPair payer, AccountAddress account, TokenAmount amount) =>
        new(payer.Address, Call(VaultAbi.Deposit, new AbiWriter().Add(account).Add(amount)));

    // The pauper allows nothing: only its permit does, and it may have nothing to pay.
    private Operation DepositWithPermit(KeyPair account)
    {
        var payer = Chance(3) ? Pauper : Anybody();
        var nonce = new AbiReader(Twins.Look("Token", TokenAbi.Nonces, new AbiWriter().Add(payer.Address))).ReadAmount();
        var permit = TokenPermit.Sign(SuiteContracts.TokenName, Twins.ChainId, Twins["Token"], payer, Twins[Module], SomeAmount(), nonce, Twins.Now + 100);
        var (v, r, s) = permit.Signature.Split();
        return new Operation(
            payer.Address, Call(VaultAbi.DepositWithPermit, new AbiWriter().Add(account.Address).Add(permit.Value).Add(permit.Deadline).Add((ulong)v).Add(r).Add(s)));
    }

    private Operation RequestWithdrawal(TokenAmount amount) => new(Anybody().Address, Call(VaultAbi.RequestWithdrawal, new AbiWriter().Add(amount)));

    private Operation Withdraw(KeyPair account, ulong later = 1) =>
        new(account.Address, Call(VaultAbi.Withdraw, new AbiWriter().Add(Anybody().Address)), later);

    private KeyPair WhoRequested() => Twins.Keys.FirstOrDefault(key => AvailableAt(key) > 0) ?? Anybody();

    private Operation TooEarly() => Twins.Keys.FirstOrDefault(key => AvailableAt(key) > Twins.Now + 1) is { } early ? Withdraw(early) : RequestWithdrawal(SomeAmount());

    private ulong AvailableAt(KeyPair account)
    {
        var request = Look(VaultAbi.WithdrawalOf, new AbiWriter().Add(account.Address));
        request.ReadAmount();
        return request.ReadUInt64();
    }

    private Operation IncreaseHardDeposit(KeyPair issuer, TokenAmount amount) =>
        new(issuer.Address, Call(VaultAbi.IncreaseHardDeposit, new AbiWriter().Add(AnybodyBut(issuer).Address).Add(amount)));

    private Operation RequestDecrease(TokenAmount amount) =>
        new(Anybody().Address, Call(VaultAbi.RequestHardDepositDecrease, new AbiWriter().Add(Anybody().Address).Add(amount)));

    private Operation Decrease(ulong later = 1) => new(Anybody().Address, Call(VaultAbi.DecreaseHardDeposit, new AbiWriter().Add(Anybody().Address)), later);

    private Operation Cash(AbiFunction function, TokenAmount more)
    {
        var issuer = Anybody();
        var beneficiary = AnybodyBut(issuer);
        var payout = PaidOut(issuer, beneficiary) + more;
        _presented.Add((issuer, beneficiary, payout));
        return Cash(function, issuer, beneficiary, payout);
    }

    private Operation CashAgain()
    {
        if (_presented.Count == 0)
        {
            return Cash(VaultAbi.CashCheque, TokenAmount.FromTokens(100));
        }

        var (issuer, beneficiary, payout) = _presented[^Random.Next(1, Math.Min(_presented.Count, 30) + 1)];
        return Cash(VaultAbi.CashCheque, issuer, beneficiary, payout);
    }

    private Operation OwnCheque()
    {
        var issuer = Anybody();
        return Cash(VaultAbi.CashCheque, issuer, issuer, PaidOut(issuer, issuer) + SomeAmount());
    }

    // Of another key, or with other words: a high s, another r, the other v.
    private Operation Forged()
    {
        var issuer = Anybody();
        var beneficiary = AnybodyBut(issuer);
        var payout = PaidOut(issuer, beneficiary) + SomeAmount();
        var (r, vs) = Sign(Chance(2) ? AnybodyBut(issuer) : issuer, issuer, beneficiary, payout);
        (r, vs) = Random.Next(3) switch
        {
            0 => (r, Hash256.FromBytes([.. Enumerable.Repeat((byte)0x7f, Hash256.LengthBytes)])),
            1 => (RandomWord(), vs),
            _ => (r, Hash256.FromBytes([(byte)(vs.Bytes[0] ^ 0x80), .. vs.Bytes[1..]])),
        };
        return new Operation(
            beneficiary.Address, Call(VaultAbi.CashCheque, new AbiWriter().Add(issuer.Address).Add(beneficiary.Address).Add(payout).Add(r).Add(vs)));
    }

    private Operation CashBatch(int fresh, int stale)
    {
        var beneficiary = Anybody();
        var cheques = new AbiWriter();
        for (var index = 0; index < fresh + stale; index++)
        {
            var issuer = AnybodyBut(beneficiary);
            var payout = PaidOut(issuer, beneficiary) + (index < fresh ? SomeAmount() : TokenAmount.Zero);
            var (r, vs) = Sign(issuer, issuer, beneficiary, payout);
            cheques.Add(issuer.Address).Add(payout).Add(r).Add(vs);
        }

        return new Operation(Anybody().Address, Call(VaultAbi.CashBatch, new AbiWriter().Add(beneficiary.Address).AddArray(fresh + stale, cheques)));
    }

    private Operation Cash(AbiFunction function, KeyPair issuer, KeyPair beneficiary, TokenAmount payout)
    {
        var (r, vs) = Sign(issuer, issuer, beneficiary, payout);
        var isPaidOut = function == VaultAbi.CashOut;
        var second = isPaidOut ? Anybody().Address : beneficiary.Address;
        return new Operation(
            isPaidOut ? beneficiary.Address : Anybody().Address, Call(function, new AbiWriter().Add(issuer.Address).Add(second).Add(payout).Add(r).Add(vs)));
    }

    private TokenAmount PaidOut(KeyPair issuer, KeyPair beneficiary) =>
        Look(VaultAbi.BookOf, new AbiWriter().Add(issuer.Address).Add(beneficiary.Address)).ReadAmount();

    private (Hash256 R, Hash256 Vs) Sign(KeyPair signer, KeyPair issuer, KeyPair beneficiary, TokenAmount payout)
    {
        var domain = new ChequeDomain(Twins.ChainId, Twins[Module]);
        return signer.SignDigest(domain.DigestOf(new Cheque(issuer.Address, beneficiary.Address, payout)).Bytes).ToCompact();
    }
}
