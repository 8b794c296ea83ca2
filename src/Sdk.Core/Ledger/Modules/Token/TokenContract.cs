using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;

namespace Sdk.Core.Ledger.Modules.Token;

/// <summary>The suite's token on a ledger. Amounts are in base units (<see cref="TokenAmount"/>).</summary>
/// <remarks>Thread-safe. What a call can be refused for says <see cref="LedgerRevertException.ErrorName"/>, by the names in <see cref="TokenAbi"/>.</remarks>
public sealed class TokenContract : ContractClient, IContract<TokenContract>
{
    private const int NameBytesMax = 256;

    private TokenContract(ILedger ledger, AccountAddress address)
        : base(ledger, address)
    {
    }

    /// <inheritdoc/>
    public static string ModuleName => TokenModule.ModuleName;

    /// <inheritdoc/>
    public static IReadOnlyList<AbiError> Errors => TokenAbi.Errors;

    /// <inheritdoc/>
    public static TokenContract Bind(ILedger ledger, AccountAddress address) => new(ledger, address);

    /// <summary>The token's name.</summary>
    public async ValueTask<string> NameAsync(CancellationToken cancellationToken = default) =>
        new AbiReader(await QueryAsync(TokenAbi.Name, cancellationToken: cancellationToken).ConfigureAwait(false)).ReadString(NameBytesMax);

    /// <summary>The token's symbol.</summary>
    public async ValueTask<string> SymbolAsync(CancellationToken cancellationToken = default) =>
        new AbiReader(await QueryAsync(TokenAbi.Symbol, cancellationToken: cancellationToken).ConfigureAwait(false)).ReadString(NameBytesMax);

    /// <summary>How much of the token there is.</summary>
    public ValueTask<TokenAmount> TotalSupplyAsync(LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default) =>
        AmountAsync(TokenAbi.TotalSupply, null, view, cancellationToken);

    /// <summary>What an account has.</summary>
    public ValueTask<TokenAmount> BalanceAsync(AccountAddress account, LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default) =>
        AmountAsync(TokenAbi.BalanceOf, new AbiWriter().Add(account), view, cancellationToken);

    /// <summary>What a spender may still pay from an owner's balance.</summary>
    public ValueTask<TokenAmount> AllowanceAsync(
        AccountAddress owner, AccountAddress spender, LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default) =>
        AmountAsync(TokenAbi.Allowance, new AbiWriter().Add(owner).Add(spender), view, cancellationToken);

    /// <summary>How many permits of an owner were used.</summary>
    public ValueTask<TokenAmount> PermitNonceAsync(AccountAddress owner, LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default) =>
        AmountAsync(TokenAbi.Nonces, new AbiWriter().Add(owner), view, cancellationToken);

    /// <summary>Pays from the signer's balance.</summary>
    public ValueTask<LedgerReceipt> TransferAsync(AccountAddress to, TokenAmount value, KeyPair signer, CancellationToken cancellationToken = default) =>
        SubmitAsync(TokenAbi.Transfer, new AbiWriter().Add(to).Add(value), signer, cancellationToken: cancellationToken);

    /// <summary>Sets what a spender may pay from the signer's balance. 2^256 − 1 is never used up.</summary>
    public ValueTask<LedgerReceipt> ApproveAsync(AccountAddress spender, TokenAmount value, KeyPair signer, CancellationToken cancellationToken = default) =>
        SubmitAsync(TokenAbi.Approve, new AbiWriter().Add(spender).Add(value), signer, cancellationToken: cancellationToken);

    /// <summary>Pays from an owner's balance, within the signer's allowance.</summary>
    public ValueTask<LedgerReceipt> TransferFromAsync(
        AccountAddress from, AccountAddress to, TokenAmount value, KeyPair signer, CancellationToken cancellationToken = default) =>
        SubmitAsync(TokenAbi.TransferFrom, new AbiWriter().Add(from).Add(to).Add(value), signer, cancellationToken: cancellationToken);

    /// <summary>Signs a permit with the owner's next nonce; nothing is submitted.</summary>
    public async ValueTask<TokenPermit> SignPermitAsync(
        KeyPair owner, AccountAddress spender, TokenAmount value, ulong deadline, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(owner);
        var name = await NameAsync(cancellationToken).ConfigureAwait(false);
        var nonce = await PermitNonceAsync(owner.Address, cancellationToken: cancellationToken).ConfigureAwait(false);
        return TokenPermit.Sign(name, Ledger.ChainId, Address, owner, spender, value, nonce, deadline);
    }

    /// <summary>Sets an allowance by its owner's permit. Anybody may submit it.</summary>
    public ValueTask<LedgerReceipt> PermitAsync(TokenPermit permit, KeyPair signer, CancellationToken cancellationToken = default)
    {
        var (v, r, s) = permit.Signature.Split();
        var arguments = new AbiWriter().Add(permit.Owner).Add(permit.Spender).Add(permit.Value).Add(permit.Deadline).Add((ulong)v).Add(r).Add(s);
        return SubmitAsync(TokenAbi.Permit, arguments, signer, cancellationToken: cancellationToken);
    }

    private async ValueTask<TokenAmount> AmountAsync(AbiFunction function, AbiWriter? arguments, LedgerView view, CancellationToken cancellationToken) =>
        new AbiReader(await QueryAsync(function, arguments, view, cancellationToken).ConfigureAwait(false)).ReadAmount();
}
