namespace Sdk.Core.Cryptography;

/// <summary>
/// The account's word, signed as EIP-712 typed data, that a device acts for it: the device's three public keys, what it may do,
/// until when, and a serial by which the account revokes it. Shown in handshakes, so that the account's own key can stay offline.
/// </summary>
/// <remarks>
/// Typed data: domain <c>EIP712Domain(string name,string version,uint256 chainId)</c> with name <c>Sdk</c>, version <c>1</c> and the
/// network id as chain id; struct <c>DeviceCredential(address account,bytes nodeKey,bytes signingKey,bytes agreementKey,uint32
/// scopes,uint64 serial,uint64 networkId,uint64 expires)</c>. Immutable and safe for many threads.
/// </remarks>
public sealed class DeviceCredential
{
    /// <summary>Length in bytes of the encoding.</summary>
    public const int LengthBytes = 1 + AccountAddress.LengthBytes + PublicKey.LengthBytes + VerifyingKey.LengthBytes
        + Cryptography.AgreementKey.PublicKeyLengthBytes + sizeof(uint) + (3 * sizeof(ulong)) + Signature.LengthBytes;

    private const byte Version = 1;

    private const string EncodedType =
        "DeviceCredential(address account,bytes nodeKey,bytes signingKey,bytes agreementKey,"
        + "uint32 scopes,uint64 serial,uint64 networkId,uint64 expires)";

    private readonly Lazy<bool> _isSignedByAccount;

    private DeviceCredential() => _isSignedByAccount = new Lazy<bool>(CheckSignature);

    /// <summary>The account the device acts for.</summary>
    public required AccountAddress Account { get; init; }

    /// <summary>The device's identity on the network.</summary>
    public required PublicKey NodeKey { get; init; }

    /// <summary>The key under which the device delegates sessions.</summary>
    public required VerifyingKey SigningKey { get; init; }

    /// <summary>The key that others seal to, an <see cref="Cryptography.AgreementKey.PublicKey"/> of 65 bytes.</summary>
    public required ReadOnlyMemory<byte> AgreementKey { get; init; }

    /// <summary>What the device may do.</summary>
    public required KeyScopes Scopes { get; init; }

    /// <summary>The number by which the account revokes this credential; unique per account.</summary>
    public required ulong Serial { get; init; }

    /// <summary>The network the credential is good for.</summary>
    public required ulong NetworkId { get; init; }

    /// <summary>The first moment at which the credential is no longer good; whole seconds.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>The account's signature.</summary>
    public Signature Signature { get; private set; }

    /// <summary>The device's name, made of its node key.</summary>
    public DeviceId Device => DeviceId.FromNodeKey(NodeKey);

    /// <summary>Signs a credential with the account's key.</summary>
    /// <param name="account">The account's key pair.</param>
    /// <param name="nodeKey">The device's node key.</param>
    /// <param name="signingKey">The device's signing key.</param>
    /// <param name="agreementKey">The device's agreement key, 65 bytes.</param>
    /// <param name="scopes">What the device may do.</param>
    /// <param name="serial">Unique per account.</param>
    /// <param name="networkId">The network.</param>
    /// <param name="expires">Cut to whole seconds; not before 1970.</param>
    /// <exception cref="ArgumentException">A scope does not exist, or the time is before 1970.</exception>
    /// <exception cref="InvalidKeyException">The agreement key is no uncompressed point of P-256.</exception>
    /// <exception cref="ObjectDisposedException">The account's key is disposed.</exception>
    public static DeviceCredential Issue(
        KeyPair account,
        PublicKey nodeKey,
        VerifyingKey signingKey,
        ReadOnlyMemory<byte> agreementKey,
        KeyScopes scopes,
        ulong serial,
        ulong networkId,
        DateTimeOffset expires)
    {
        ArgumentNullException.ThrowIfNull(account);
        ArgumentNullException.ThrowIfNull(nodeKey);
        ArgumentNullException.ThrowIfNull(signingKey);
        CheckScopes(scopes);
        CheckAgreementKey(agreementKey.Span);
        var credential = new DeviceCredential
        {
            Account = account.Address,
            NodeKey = nodeKey,
            SigningKey = signingKey,
            AgreementKey = agreementKey.ToArray(),
            Scopes = scopes,
            Serial = serial,
            NetworkId = networkId,
            Expires = UnixTime.Truncate(expires, nameof(expires)),
        };
        credential.Signature = account.SignDigest(credential.Digest().Bytes);
        return credential;
    }

    /// <summary>Reads what <see cref="Encode"/> wrote. The account's signature is not checked: <see cref="Verify"/> does that.</summary>
    /// <exception cref="CryptographyException">The bytes are not the canonical encoding of a credential.</exception>
    public static DeviceCredential Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != LengthBytes || bytes[0] != Version)
        {
            throw new CryptographyException($"A device credential of version {Version} has {LengthBytes} bytes.");
        }

        var reader = new CredentialReader(bytes[1..]);
        var credential = new DeviceCredential
        {
            Account = AccountAddress.FromBytes(reader.Take(AccountAddress.LengthBytes)),
            NodeKey = reader.NodeKey(),
            SigningKey = reader.VerifyingKey(),
            AgreementKey = reader.Take(Cryptography.AgreementKey.PublicKeyLengthBytes).ToArray(),
            Scopes = reader.Scopes(),
            Serial = reader.UInt64(),
            NetworkId = reader.UInt64(),
            Expires = reader.Time(),
        };
        if (!P256.TryDecode(credential.AgreementKey.Span, out _))
        {
            throw new CryptographyException("An agreement key is no point of P-256.");
        }

        credential.Signature = Signature.TryParse(reader.Take(Signature.LengthBytes), out var signature)
            ? signature
            : throw new CryptographyException("The signature of a device credential is malformed.");
        return credential;
    }

    /// <summary>
    /// The canonical encoding, <see cref="LengthBytes"/> bytes: version 1, the fields in order, integers little-endian, the signature.
    /// </summary>
    public byte[] Encode()
    {
        var bytes = new byte[LengthBytes];
        bytes[0] = Version;
        var writer = new CredentialWriter(bytes.AsSpan(1));
        writer.Put(Account.Bytes);
        writer.Put(NodeKey.Bytes.Span);
        writer.Put(SigningKey.Bytes.Span);
        writer.Put(AgreementKey.Span);
        writer.Scopes(Scopes);
        writer.UInt64(Serial);
        writer.UInt64(NetworkId);
        writer.Time(Expires);
        writer.Put(Signature.ToArray());
        return bytes;
    }

    /// <summary>
    /// Whether <see cref="Account"/> signed this credential, for this network, and it has not expired. Whether it was revoked, only
    /// the account's list of serials says.
    /// </summary>
    public bool Verify(ulong networkId, DateTimeOffset now) =>
        NetworkId == networkId && now < Expires && _isSignedByAccount.Value;

    /// <summary>Device, account and serial.</summary>
    public override string ToString() => $"Credential {Serial} of device {Device} for account {Account}";

    internal static void CheckScopes(KeyScopes scopes)
    {
        if ((scopes & ~KeyScopes.All) != 0)
        {
            throw new ArgumentException("The scopes hold one that does not exist.", nameof(scopes));
        }
    }

    private static void CheckAgreementKey(ReadOnlySpan<byte> agreementKey)
    {
        if (agreementKey.Length != Cryptography.AgreementKey.PublicKeyLengthBytes || !P256.TryDecode(agreementKey, out _))
        {
            throw new InvalidKeyException("The agreement key is not an uncompressed point of P-256.");
        }
    }

    private Hash256 Digest() => TypedStruct.Digest(
        TypedStruct.Domain("Sdk", "1", NetworkId),
        new TypedStruct(EncodedType)
            .Add(Account)
            .Add(NodeKey.Bytes.Span)
            .Add(SigningKey.Bytes.Span)
            .Add(AgreementKey.Span)
            .Add((ulong)Scopes)
            .Add(Serial)
            .Add(NetworkId)
            .Add(UnixTime.Seconds(Expires))
            .Hash());

    private bool CheckSignature() =>
        PublicKey.Recover(Digest().Bytes, Signature) is { } signer && AccountAddress.FromPublicKey(signer) == Account;
}
