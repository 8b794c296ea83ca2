using System.Diagnostics.CodeAnalysis;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;

namespace Sdk.Core.Discovery;

/// <summary>
/// Terms that a buyer's device has signed. With the provider's signature over the same digest they are an agreement. Immutable.
/// </summary>
/// <remarks>
/// Encoding: version 1, the buyer's device credential, offer hash, provider, quantity, price per unit, total, means of payment, start, end,
/// nonce, signature; integers little-endian, amounts big-endian. Network and buyer are the credential's.
/// </remarks>
internal sealed class AgreementProposal
{
    public const int MaxBytes = 1 + DeviceCredential.LengthBytes + (2 * Hash256.LengthBytes) + AccountAddress.LengthBytes
        + (3 * sizeof(ulong)) + (2 * Ledger.TokenAmount.LengthBytes) + 1 + ServiceName.MaxLength + Signature.LengthBytes;

    private const byte Version = 1;

    private readonly Lazy<bool> _isSigned;

    private AgreementProposal(AgreementTerms terms, DeviceCredential credential, Signature signature)
    {
        (Terms, Credential, Signature, Hash) = (terms, credential, signature, terms.Digest());
        _isSigned = new Lazy<bool>(() => IsSignedBy(Hash, Signature, Credential.NodeKey));
    }

    public AgreementTerms Terms { get; }

    /// <summary>The digest of the terms.</summary>
    public Hash256 Hash { get; }

    /// <summary>Of the buyer's device.</summary>
    public DeviceCredential Credential { get; }

    public Signature Signature { get; }

    public PeerId Peer => PeerId.FromPublicKey(Credential.NodeKey);

    /// <summary>Whether exactly this key made exactly this signature: by recovery, so that v must be right too.</summary>
    public static bool IsSignedBy(Hash256 digest, Signature signature, PublicKey key) =>
        PublicKey.Recover(digest.Bytes, signature) is { } signer && signer.Equals(key);

    public static AgreementProposal Sign(AgreementTerms terms, DeviceIdentity device) =>
        new(terms, device.Credential, device.NodeKey.SignDigest(terms.Digest().Bytes));

    /// <summary>What is wrong with the buyer's words at this moment, whatever they are about; null for nothing.</summary>
    public AgreementRefusal? FindFault(ulong networkId, DateTimeOffset now) =>
        Terms.NetworkId != networkId ? AgreementRefusal.WrongNetwork
        : !Credential.Verify(networkId, now) ? AgreementRefusal.Credential
        : !Credential.Scopes.HasFlag(KeyScopes.Trade) ? AgreementRefusal.Scope
        : !_isSigned.Value ? AgreementRefusal.Signature
        : null;

    public byte[] Encode()
    {
        var writer = new FieldWriter();
        Write(writer);
        return writer.ToArray();
    }

    public void Write(FieldWriter writer) => writer
        .Byte(Version)
        .Put(Credential.Encode())
        .Hash(Terms.OfferHash)
        .Account(Terms.Provider)
        .UInt64(Terms.Quantity)
        .Amount(Terms.PricePerUnit)
        .Amount(Terms.Total)
        .Name(Terms.Payment.Name)
        .Time(Terms.Start)
        .Time(Terms.End)
        .Hash(Terms.Nonce)
        .Signature(Signature);

    /// <summary>Reads the canonical encoding. Nothing is verified.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out AgreementProposal? proposal)
    {
        var reader = new FieldReader(bytes);
        return TryRead(ref reader, out proposal) && reader.IsDone;
    }

    public static bool TryRead(ref FieldReader reader, [NotNullWhen(true)] out AgreementProposal? proposal)
    {
        proposal = null;
        if (reader.Byte() != Version || reader.Credential() is not { } credential)
        {
            return false;
        }

        var terms = new AgreementTerms
        {
            NetworkId = credential.NetworkId,
            Buyer = credential.Account,
            OfferHash = reader.Hash(),
            Provider = reader.Account(),
            Quantity = reader.UInt64(),
            PricePerUnit = reader.Amount(),
            Total = reader.Amount(),
            Payment = reader.Payment(),
            Start = reader.Time(),
            End = reader.Time(),
            Nonce = reader.Hash(),
        };
        var signature = reader.Signature();
        if (!reader.IsWhole)
        {
            return false;
        }

        proposal = new AgreementProposal(terms, credential, signature);
        return true;
    }
}
