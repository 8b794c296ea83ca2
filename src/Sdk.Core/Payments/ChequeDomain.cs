using Sdk.Core.Cryptography;

namespace Sdk.Core.Payments;

/// <summary>
/// Where cheques are good: one vault contract on one chain (EIP-712 domain with the name <c>Vault</c>, version <c>1</c>, chain id and
/// verifying contract). A cheque for one domain means nothing in another. Immutable, safe for many threads.
/// </summary>
public sealed class ChequeDomain : IEquatable<ChequeDomain>
{
    private readonly Hash256 _separator;

    /// <summary>The domain of one vault.</summary>
    /// <param name="chainId">The chain's id (EIP-155).</param>
    /// <param name="vault">The vault contract.</param>
    public ChequeDomain(ulong chainId, AccountAddress vault)
    {
        ChainId = chainId;
        Vault = vault;
        _separator = TypedStruct.Domain("Vault", "1", chainId, vault);
    }

    /// <summary>The chain's id.</summary>
    public ulong ChainId { get; }

    /// <summary>The vault contract.</summary>
    public AccountAddress Vault { get; }

    /// <summary>Signs a cheque: deterministically, so that signing again gives the same bytes.</summary>
    /// <param name="cheque">The cheque.</param>
    /// <param name="issuer">The issuer's key.</param>
    /// <exception cref="ArgumentException">The key is not the issuer's.</exception>
    public SignedCheque Sign(Cheque cheque, KeyPair issuer)
    {
        ArgumentNullException.ThrowIfNull(issuer);
        return issuer.Address == cheque.Issuer
            ? new SignedCheque(ChainId, Vault, cheque, issuer.SignDigest(DigestOf(cheque).Bytes))
            : throw new ArgumentException("Only its issuer signs a cheque.", nameof(issuer));
    }

    /// <summary>Whether the issuer signed this cheque for this domain.</summary>
    /// <param name="cheque">The cheque.</param>
    public bool Verify(SignedCheque cheque)
    {
        ArgumentNullException.ThrowIfNull(cheque);
        if (!Equals(cheque.VerifiedIn)
            && cheque.ChainId == ChainId && cheque.Vault == Vault
            && PublicKey.Recover(DigestOf(cheque.Cheque).Bytes, cheque.Signature) is { } key
            && AccountAddress.FromPublicKey(key) == cheque.Cheque.Issuer)
        {
            cheque.VerifiedIn = this;
        }

        return Equals(cheque.VerifiedIn);
    }

    /// <inheritdoc/>
    public bool Equals(ChequeDomain? other) => other is not null && ChainId == other.ChainId && Vault == other.Vault;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ChequeDomain);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(ChainId, Vault);

    /// <summary>Chain id and vault.</summary>
    public override string ToString() => $"{ChainId}/{Vault}";

    /// <summary>What the issuer signs.</summary>
    internal Hash256 DigestOf(Cheque cheque) =>
        TypedStruct.Digest(_separator, ChequeEncoding.StructHash(ChequeEncoding.TypeHash, cheque.Issuer, cheque.Beneficiary, cheque.CumulativePayout));
}
