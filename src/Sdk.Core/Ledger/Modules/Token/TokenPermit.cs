using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Modules.Token;

/// <summary>An owner's word that a spender may pay from its balance (EIP-2612). It counts once, until its deadline.</summary>
/// <param name="Owner">Whose balance.</param>
/// <param name="Spender">Who may pay from it.</param>
/// <param name="Value">How much, in base units: the allowance afterwards, whatever it was.</param>
/// <param name="Nonce">How many permits of the owner were used before.</param>
/// <param name="Deadline">The last time at which it counts, in seconds since 1970.</param>
/// <param name="Signature">The owner's signature.</param>
public readonly record struct TokenPermit(
    AccountAddress Owner, AccountAddress Spender, TokenAmount Value, TokenAmount Nonce, ulong Deadline, Signature Signature)
{
    internal const string DomainVersion = "1";

    /// <summary>Signs a permit. The same arguments give the same bytes.</summary>
    /// <param name="tokenName">The token's name: that of the signing domain.</param>
    /// <param name="chainId">The chain's id.</param>
    /// <param name="token">The token's contract.</param>
    /// <param name="owner">The owner's key.</param>
    /// <param name="spender">Who may pay.</param>
    /// <param name="value">How much, in base units.</param>
    /// <param name="nonce">How many permits of the owner were used.</param>
    /// <param name="deadline">The last time at which it counts, in seconds since 1970.</param>
    public static TokenPermit Sign(
        string tokenName, ulong chainId, AccountAddress token, KeyPair owner, AccountAddress spender, TokenAmount value, TokenAmount nonce, ulong deadline)
    {
        ArgumentNullException.ThrowIfNull(owner);
        var domain = TypedStruct.Domain(tokenName, DomainVersion, chainId, token);
        var digest = TokenModule.PermitDigest(domain, owner.Address, spender, value, nonce, deadline);
        return new TokenPermit(owner.Address, spender, value, nonce, deadline, owner.SignDigest(digest.Bytes));
    }
}
