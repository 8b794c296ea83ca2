using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Networking.Security;

/// <summary>
/// The self-signed certificate of libp2p's TLS handshake: a throw-away P-256 key whose SubjectPublicKeyInfo the node's identity key has
/// signed. The proof stands in one extension: <c>SEQUENCE { OCTET STRING publicKey, OCTET STRING signature }</c> (libp2p <c>specs/tls</c>).
/// </summary>
internal static class LibP2PCertificate
{
    public const string ExtensionOid = "1.3.6.1.4.1.53594.1.1";

    /// <summary>A P-256 certificate with the extension has about 500 bytes, an RSA one under 3 000.</summary>
    private const int MaxBytes = 8192;

    private const int MaxExtensions = 16;
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromDays(1);
    private static readonly Asn1Tag ExtensionsTag = new(TagClass.ContextSpecific, 3, isConstructed: true);
    private static readonly Asn1Tag VersionTag = new(TagClass.ContextSpecific, 0, isConstructed: true);

    private static ReadOnlySpan<byte> SignaturePrefix => "libp2p-tls-handshake:"u8;

    /// <summary>Makes a certificate that proves <paramref name="identity"/>; it lives as long as the process wants.</summary>
    public static X509Certificate2 Create(KeyPair identity, TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var proof = IdentityKey.Sign(identity, [.. SignaturePrefix, .. key.ExportSubjectPublicKeyInfo()]);
        var request = new CertificateRequest("CN=libp2p", key, HashAlgorithmName.SHA256);

        // The first extension, since js-libp2p reads no further, and not critical, since TLS stacks refuse critical ones they do not know.
        request.CertificateExtensions.Add(new X509Extension(ExtensionOid, EncodeProof(IdentityKey.From(identity.PublicKey), proof), critical: false));
        var now = time.GetUtcNow();
        var certificate = request.CreateSelfSigned(now - ClockTolerance, now.AddYears(20));
        if (!OperatingSystem.IsWindows())
        {
            return certificate;
        }

        // Windows' TLS wants the key in its own store.
        using (certificate)
        {
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
        }
    }

    /// <summary>
    /// The identity that a certificate proves. Checked: one certificate signed by its own key, within its validity, exactly one libp2p
    /// extension, no unknown critical one, and the identity's signature over the certificate's key.
    /// </summary>
    /// <exception cref="PeerRefusedException">Anything of it fails; the message says what.</exception>
    public static IdentityKey Verify(ReadOnlyMemory<byte> certificate, DateTimeOffset now)
    {
        Refuse(certificate.Length > MaxBytes, "The peer's certificate is too large.");
        Parsed parsed;
        try
        {
            parsed = Parse(certificate);
        }
        catch (Exception error) when (error is AsnContentException or CryptographicException)
        {
            throw new PeerRefusedException("The peer's certificate is malformed.", error);
        }

        Refuse(now < parsed.NotBefore || now > parsed.NotAfter, "The peer's certificate is not valid at this time.");
        Refuse(!IsSelfSigned(parsed), "The peer's certificate is not signed by its own key.");
        Refuse(!IdentityKey.TryDecode(parsed.PublicKey, out var identity), "The peer's certificate carries no well-formed identity key.");
        var message = new byte[SignaturePrefix.Length + parsed.SubjectPublicKeyInfo.Length];
        SignaturePrefix.CopyTo(message);
        parsed.SubjectPublicKeyInfo.Span.CopyTo(message.AsSpan(SignaturePrefix.Length));
        Refuse(!identity!.Verify(message, parsed.Signature), "The peer's certificate is not signed by the identity it names.");
        return identity;
    }

    public static byte[] EncodeProof(IdentityKey identity, ReadOnlySpan<byte> signature)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteOctetString(identity.Encoded.Span);
            writer.WriteOctetString(signature);
        }

        return writer.Encode();
    }

    private static void Refuse(bool condition, string reason)
    {
        if (condition)
        {
            throw new PeerRefusedException(reason);
        }
    }

    private static Parsed Parse(ReadOnlyMemory<byte> encoded)
    {
        var outer = new AsnReader(encoded, AsnEncodingRules.DER);
        var certificate = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        var signed = certificate.PeekEncodedValue();
        var body = certificate.ReadSequence();
        var algorithm = certificate.ReadSequence().ReadObjectIdentifier();
        var signature = certificate.ReadBitString(out _);
        certificate.ThrowIfNotEmpty();

        Require(body.PeekTag() == VersionTag);
        body.ReadEncodedValue();
        body.ReadInteger();
        Require(body.ReadSequence().ReadObjectIdentifier() == algorithm);
        body.ReadSequence();
        var validity = body.ReadSequence();
        var notBefore = ReadTime(validity);
        var notAfter = ReadTime(validity);
        body.ReadSequence();
        var subjectPublicKeyInfo = body.ReadEncodedValue();
        var (publicKey, proof) = ReadProof(body.ReadSequence(ExtensionsTag).ReadSequence());
        body.ThrowIfNotEmpty();
        return new Parsed(signed, algorithm, signature, notBefore, notAfter, subjectPublicKeyInfo, publicKey, proof);
    }

    private static (byte[] PublicKey, byte[] Signature) ReadProof(AsnReader extensions)
    {
        (byte[], byte[])? proof = null;
        for (var count = 0; extensions.HasData; count++)
        {
            Require(count < MaxExtensions);
            var extension = extensions.ReadSequence();
            var oid = extension.ReadObjectIdentifier();
            var isCritical = extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean();
            var value = extension.ReadOctetString();
            extension.ThrowIfNotEmpty();
            if (oid == ExtensionOid)
            {
                Require(proof is null);
                var outer = new AsnReader(value, AsnEncodingRules.DER);
                var sequence = outer.ReadSequence();
                outer.ThrowIfNotEmpty();
                proof = (sequence.ReadOctetString(), sequence.ReadOctetString());
                sequence.ThrowIfNotEmpty();
            }
            else
            {
                Require(!isCritical);
            }
        }

        return proof ?? throw new PeerRefusedException("The peer's certificate lacks the libp2p extension.");
    }

    private static DateTimeOffset ReadTime(AsnReader reader) =>
        reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();

    private static void Require(bool condition)
    {
        if (!condition)
        {
            throw new AsnContentException();
        }
    }

    private static bool IsSelfSigned(Parsed certificate)
    {
        HashAlgorithmName? hash = certificate.SignatureAlgorithm switch
        {
            "1.2.840.10045.4.3.2" or "1.2.840.113549.1.1.11" => HashAlgorithmName.SHA256,
            "1.2.840.10045.4.3.3" or "1.2.840.113549.1.1.12" => HashAlgorithmName.SHA384,
            "1.2.840.10045.4.3.4" or "1.2.840.113549.1.1.13" => HashAlgorithmName.SHA512,
            _ => null,
        };
        if (hash is null)
        {
            return false;
        }

        try
        {
            var isRsa = certificate.SignatureAlgorithm.StartsWith("1.2.840.113549", StringComparison.Ordinal);
            return isRsa ? IsSignedByRsa(certificate, hash.Value) : IsSignedByEcdsa(certificate, hash.Value);
        }
        catch (Exception error) when (error is CryptographicException or PlatformNotSupportedException)
        {
            // A key that the platform cannot read signs nothing.
            return false;
        }
    }

    private static bool IsSignedByEcdsa(Parsed certificate, HashAlgorithmName hash)
    {
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(certificate.SubjectPublicKeyInfo.Span, out _);
        return key.VerifyData(certificate.Signed.Span, certificate.CertificateSignature, hash, DSASignatureFormat.Rfc3279DerSequence);
    }

    private static bool IsSignedByRsa(Parsed certificate, HashAlgorithmName hash)
    {
        using var key = RSA.Create();
        key.ImportSubjectPublicKeyInfo(certificate.SubjectPublicKeyInfo.Span, out _);
        return key.VerifyData(certificate.Signed.Span, certificate.CertificateSignature, hash, RSASignaturePadding.Pkcs1);
    }

    private sealed record Parsed(
        ReadOnlyMemory<byte> Signed,
        string SignatureAlgorithm,
        byte[] CertificateSignature,
        DateTimeOffset NotBefore,
        DateTimeOffset NotAfter,
        ReadOnlyMemory<byte> SubjectPublicKeyInfo,
        byte[] PublicKey,
        byte[] Signature);
}
