using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Modules.HashLocks;
using Sdk.Core.Ledger.Modules.Token;
using Sdk.Core.Ledger.Modules.Vault;
using Sdk.Core.Payments;

namespace Sdk.Interop.Ethereum;

/// <summary>The calls that are measured, with amounts as they occur: in whole tokens and a part.</summary>
public sealed partial class GasTableTests
{
    // 48 000 for the bare lock, and what the terms about the other ledger cost: docs/GAS.md says which.
    private const ulong LockBound = 51_000;

    private static TokenAmount Tokens(ulong tokens) => TokenAmount.FromTokens(tokens) + 123_456_789_123;

    private static string InRepository(string path)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Sdk.sln")))
        {
            folder = folder.Parent!;
        }

        return Path.Combine(folder.FullName, path);
    }

    private Task<ulong> PayAsync(AccountAddress to, ulong tokens) =>
        RunAsync(0, "Token", new AbiWriter().Add(to).Add(Tokens(tokens)).ToCall(TokenAbi.Transfer));

    private Task<ulong> DepositAsync(int account, ulong tokens, int? owner = null) =>
        RunAsync(owner ?? account, "Vault", new AbiWriter().Add(Keys[account].Address).Add(Tokens(tokens)).ToCall(VaultAbi.Deposit));

    private Task<ulong> CashAsync(int issuer, int beneficiary, ulong tokens)
    {
        var (r, vs) = Sign(issuer, beneficiary, tokens);
        return RunAsync(
            beneficiary, "Vault", new AbiWriter().Add(Keys[issuer].Address).Add(Keys[beneficiary].Address).Add(Tokens(tokens)).Add(r).Add(vs).ToCall(VaultAbi.CashCheque));
    }

    private Task<ulong> BatchAsync(int count, ulong tokens)
    {
        var cheques = new AbiWriter();
        for (var issuer = 3; issuer < 3 + count; issuer++)
        {
            var (r, vs) = Sign(issuer, 2, tokens);
            cheques.Add(Keys[issuer].Address).Add(Tokens(tokens)).Add(r).Add(vs);
        }

        return RunAsync(2, "Vault", new AbiWriter().Add(Keys[2].Address).AddArray(count, cheques).ToCall(VaultAbi.CashBatch));
    }

    private (Hash256 R, Hash256 Vs) Sign(int issuer, int beneficiary, ulong tokens) => new ChequeDomain(_anvil.ChainId, _contracts["Vault"])
        .Sign(new Cheque(Keys[issuer].Address, Keys[beneficiary].Address, Tokens(tokens)), Keys[issuer]).Signature.ToCompact();

    private async Task<ulong> LockAsync(HashLockTerms terms)
    {
        var arguments = new AbiWriter().Add(terms.Recipient);
        if (!terms.IsNative)
        {
            arguments.Add(terms.Token).Add(terms.Amount);
        }

        arguments.Add(terms.SecretHash).Add(terms.Deadline).Add(terms.CounterChainId).Add(terms.CounterToken).Add(terms.CounterRecipient).Add(terms.CounterAmount);
        _ = terms.Amount.TryToBaseUnits(out var wei);
        var receipt = await _anvil.SendAsync(
            terms.Sender, _contracts["HashLocks"], arguments.ToCall(terms.IsNative ? HashLocksAbi.Lock : HashLocksAbi.LockToken), terms.IsNative ? wei : default);
        Assert.True(receipt.IsSuccess);
        return receipt.GasUsed;
    }

    // Also what is refused is measured: each call here is known to succeed or not by its figure in the table.
    private async Task<ulong> RunAsync(int account, string module, byte[] call) =>
        (await _anvil.SendAsync(Keys[account].Address, _contracts[module], call, gasLimit: 1_000_000)).GasUsed;
}
