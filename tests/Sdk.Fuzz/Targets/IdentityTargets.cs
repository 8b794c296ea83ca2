using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Security;

namespace Sdk.Fuzz.Targets;

/// <summary>Reading an RSA or ECDSA key goes through the platform's ASN.1, with copies of its numbers and an exception where they are none.</summary>
internal sealed class IdentityKeyTarget : FuzzTarget
{
    private IdentityKey? _key;

    public override string Name => "identity-key";

    public override bool Decode(object input) => IdentityKey.TryDecode((byte[])input, out _key);

    public override void Check(object input)
    {
        Require(_key!.Encoded.Span.SequenceEqual((byte[])input), "A key has one encoding.");
        Require(!_key.Verify([1, 2, 3], Samples.Ed25519Signature), "A signature over something else is none.");
        Require(PeerId.TryFromBytes(PeerId.FromIdentity(_key).Bytes.Span, out _), "A key gives a peer id.");
    }

    protected override IEnumerable<byte[]> MakeCorpus() => Samples.Identities;

    protected override IEnumerable<byte[]> MakeRefused()
    {
        using var foreign = ECDsa.Create(ECCurve.CreateFromFriendlyName("secp256k1"));
        using var unnamed = ECDsa.Create(Samples.Ecdsa.ExportExplicitParameters(includePrivateParameters: false));
        using var small = RSA.Create(1024);
        yield return Samples.Encode(IdentityKeyType.Ecdsa, foreign.ExportSubjectPublicKeyInfo());
        yield return Samples.Encode(IdentityKeyType.Ecdsa, unnamed.ExportSubjectPublicKeyInfo());
        yield return Samples.Encode(IdentityKeyType.Ecdsa, [.. Samples.Ecdsa.ExportSubjectPublicKeyInfo(), 0]);
        yield return Samples.Encode(IdentityKeyType.Rsa, small.ExportSubjectPublicKeyInfo());
        yield return Samples.Encode(IdentityKeyType.Rsa, [.. Samples.Rsa.ExportSubjectPublicKeyInfo(), 0]);
        yield return Samples.Encode(IdentityKeyType.Rsa, Samples.Ecdsa.ExportSubjectPublicKeyInfo());
    }
}

/// <summary>
/// Signatures as they come: the first byte says of which key. What curves cost does not depend on the input: BouncyCastle's Ed25519 makes
/// some 120 KiB of points for every signature, its secp256k1 as much.
/// </summary>
internal sealed class IdentitySignatureTarget : FuzzTarget
{
    private static readonly byte[] Message = [];
    private readonly IdentityKey[] _keys;

    public IdentitySignatureTarget() =>
        _keys = [.. Samples.Identities.Select(encoded => IdentityKey.TryDecode(encoded, out var key) ? key : throw new InvalidOperationException("The sample is no key."))];

    public override string Name => "identity-signature";

    public override long ConstantBytes => 256 * 1024;

    public override bool Decode(object input)
    {
        var bytes = (byte[])input;
        return bytes.Length > 0 && _keys[bytes[0] & 3].Verify(Message, bytes.AsSpan(1));
    }

    public override void Check(object input)
    {
        var bytes = (byte[])input;
        Require(Corpus.Any(known => known.AsSpan(1).SequenceEqual(bytes.AsSpan(1))), "Nobody makes another signature by accident.");
    }

    protected override IEnumerable<byte[]> MakeCorpus() =>
    [
        [0, .. IdentityKey.Sign(Samples.Key, Message)],
        [1, .. Samples.Ed25519Signature],
        [2, .. Samples.Ecdsa.SignData(Message, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)],
        [3, .. Samples.Rsa.SignData(Message, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)],
    ];
}

/// <summary>
/// A certificate with up to 16 extensions, two keys and two signatures, read by the platform's ASN.1 reader, a string for every
/// identifier, and the identity's signature, which costs some 120 KiB. An input that begins with an odd byte is the certificate's body,
/// signed first, so that what comes after the certificate's own signature is reached too.
/// </summary>
internal sealed class CertificateTarget : FuzzTarget
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly HashAlgorithmName[] Hashes = [HashAlgorithmName.SHA256, HashAlgorithmName.SHA384, HashAlgorithmName.SHA512];
    private IdentityKey? _identity;

    public override string Name => "certificate";

    public override long ConstantBytes => (48 + 256) * 1024;

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        [0x30, 0x80], [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF], [0x04, 0x00], [0x05, 0x00], [0x01, 0x01, 0xFF], [0xA3, 0x02, 0x30, 0x00], [0x06, 0x03, 0x2A, 0x03, 0x04],
        [0x30, 0x0A, 0x06, 0x03, 0x2A, 0x03, 0x04, 0x04, 0x03, 1, 2, 3], [0x30, 0x0A, 0x06, 0x03, 0x2A, 0x03, 0x04, 0x01, 0x01, 0xFF, 0x04, 0x00],
    ];

    public override object Prepare(byte[] input) =>
        input.Length == 0 || (input[0] & 1) == 0 ? input[Math.Min(1, input.Length)..] : Sign(input.AsSpan(1));

    public override bool Decode(object input)
    {
        _identity = LibP2PCertificate.Verify((byte[])input, Now);
        return true;
    }

    public override void Check(object input) => Require(
        Samples.Identities.Any(known => _identity!.Encoded.Span.SequenceEqual(known)), "Nobody proves another identity by accident.");

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        byte[] info = [.. "libp2p-tls-handshake:"u8, .. Samples.Ecdsa.ExportSubjectPublicKeyInfo()];
        IdentityKey.TryDecode(Samples.Identities[2], out var ecdsa);
        foreach (var (identity, signature) in new[]
        {
            (IdentityKey.From(Samples.Key.PublicKey), IdentityKey.Sign(Samples.Key, info)),
            (ecdsa!, Samples.Ecdsa.SignData(info, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)),
        })
        {
            foreach (var isCritical in new[] { false, true })
            {
                var request = new CertificateRequest("CN=libp2p", Samples.Ecdsa, HashAlgorithmName.SHA256);
                request.CertificateExtensions.Add(new X509Extension(LibP2PCertificate.ExtensionOid, LibP2PCertificate.EncodeProof(identity, signature), isCritical));
                request.CertificateExtensions.Add(new X509Extension("1.2.3.4", [5, 0], critical: false));
                using var certificate = request.CreateSelfSigned(Now.AddYears(-1), Now.AddYears(isCritical ? 1 : 40));
                yield return [0, .. certificate.RawData];
                yield return [1, .. new AsnReader(certificate.RawData, AsnEncodingRules.DER).ReadSequence().ReadEncodedValue().Span];
            }
        }

        foreach (var hash in Hashes)
        {
            yield return [0, .. Certificate(new CertificateRequest("CN=libp2p", Samples.Ecdsa, hash), Now)];
            yield return [0, .. Certificate(new CertificateRequest("CN=libp2p", Samples.Rsa, hash, RSASignaturePadding.Pkcs1), Now)];
        }
    }

    protected override IEnumerable<byte[]> MakeRefused()
    {
        var plain = Certificate(new CertificateRequest("CN=libp2p", Samples.Ecdsa, HashAlgorithmName.SHA256), Now);
        yield return [0, .. Certificate(new CertificateRequest("CN=libp2p", Samples.Ecdsa, HashAlgorithmName.SHA256), Now.AddYears(-3))];
        yield return [0, .. Certificate(new CertificateRequest("CN=libp2p", Samples.Ecdsa, HashAlgorithmName.SHA256), Now.AddYears(3))];
        yield return [0, .. Certificate(new CertificateRequest("CN=libp2p", Samples.Rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pss), Now)];
        yield return [0, .. Certificate(new CertificateRequest("CN=libp2p", Samples.Ecdsa, HashAlgorithmName.SHA256), Now, new Liar(Samples.Ecdsa, Samples.Rsa))];
        yield return [0, .. plain, .. new byte[8192]];
        yield return [0, .. plain, 0];
        using var bare = new CertificateRequest("CN=libp2p", Samples.Ecdsa, HashAlgorithmName.SHA256).CreateSelfSigned(Now.AddYears(-1), Now.AddYears(1));
        yield return [0, .. bare.RawData];
    }

    /// <summary>A certificate that holds for a year before and after; signed by itself unless somebody else does it.</summary>
    private static byte[] Certificate(CertificateRequest request, DateTimeOffset middle, X509SignatureGenerator? signer = null)
    {
        var proof = IdentityKey.Sign(Samples.Key, [.. "libp2p-tls-handshake:"u8, .. request.PublicKey.ExportSubjectPublicKeyInfo()]);
        request.CertificateExtensions.Add(
            new X509Extension(LibP2PCertificate.ExtensionOid, LibP2PCertificate.EncodeProof(IdentityKey.From(Samples.Key.PublicKey), proof), critical: false));
        using var certificate = signer is null
            ? request.CreateSelfSigned(middle.AddYears(-1), middle.AddYears(1))
            : request.Create(new X500DistinguishedName("CN=libp2p"), signer, middle.AddYears(-1), middle.AddYears(1), [1]);
        return certificate.RawData;
    }

    /// <summary>Says that RSA signed what has another kind of key.</summary>
    private sealed class Liar(ECDsa key, RSA claimed) : X509SignatureGenerator
    {
        public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm) =>
            CreateForRSA(claimed, RSASignaturePadding.Pkcs1).GetSignatureAlgorithmIdentifier(hashAlgorithm);

        public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) => new byte[256];

        protected override PublicKey BuildPublicKey() => new(key);
    }

    private static byte[] Sign(ReadOnlySpan<byte> body)
    {
        byte[] signature = [0, .. Samples.Ecdsa.SignData(body, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)];

        // By hand, since the body may be anything: ecdsa-with-SHA256 and a bit string.
        byte[] rest = [0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02, 0x03, (byte)signature.Length, .. signature];
        var length = body.Length + rest.Length;
        byte[] prefix = length switch
        {
            < 0x80 => [0x30, (byte)length],
            < 0x100 => [0x30, 0x81, (byte)length],
            _ => [0x30, 0x82, (byte)(length >> 8), (byte)length],
        };
        return [.. prefix, .. body, .. rest];
    }
}
