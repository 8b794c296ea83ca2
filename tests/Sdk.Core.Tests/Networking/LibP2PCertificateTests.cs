using System.Formats.Asn1;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Security;

namespace Sdk.Core.Tests.Networking;

public class LibP2PCertificateTests
{
    private static readonly DateTimeOffset Now = Forge.Now;

    [Fact]
    public void The_nodes_own_certificate_proves_its_identity_in_the_first_extension()
    {
        using var identity = KeyPair.GenerateTestOnly();
        using var certificate = LibP2PCertificate.Create(identity, TimeProvider.System);
        Assert.Equal(LibP2PCertificate.ExtensionOid, certificate.Extensions[0].Oid!.Value);
        Assert.False(certificate.Extensions[0].Critical);
        Assert.Equal(identity.PublicKey, LibP2PCertificate.Verify(certificate.RawDataMemory, TimeProvider.System.GetUtcNow()).Secp256k1);
    }

    [Fact]
    public void A_certificate_made_by_hand_in_the_same_way_is_accepted() => Forge.Accepts(Forge.Certificate());

    [Fact]
    public void An_extension_signed_by_another_key_than_the_one_it_names_is_refused() =>
        Forge.Refuses(Forge.Certificate(sign: (_, message) =>
        {
            using var stranger = KeyPair.GenerateTestOnly();
            return IdentityKey.Sign(stranger, message);
        }));

    [Fact]
    public void An_extension_copied_from_another_certificate_is_refused() =>
        Forge.Refuses(Forge.Certificate(sign: (key, _) =>
        {
            using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            return IdentityKey.Sign(key, [.. "libp2p-tls-handshake:"u8, .. other.ExportSubjectPublicKeyInfo()]);
        }));

    [Fact]
    public void A_signature_with_a_high_s_is_refused() =>
        Forge.Refuses(Forge.Certificate(sign: (key, message) => Forge.WithHighS(IdentityKey.Sign(key, message))));

    [Fact]
    public void A_certificate_without_the_extension_is_refused() => Forge.Refuses(Forge.Certificate(oid: "1.3.6.1.4.1.53594.1.2"));

    [Fact]
    public void A_certificate_with_two_extensions_is_refused()
    {
        // The platform makes no such certificate, so a neighbour's number is changed into a second one and the whole signed again.
        byte[] Twin(byte lastArc) => [0x2B, 6, 1, 4, 1, 0x83, 0xA2, 0x5A, 1, lastArc];
        var neighbour = new X509Extension("1.3.6.1.4.1.53594.1.2", [4, 0], critical: false);
        Forge.Accepts(Forge.Certificate(more: neighbour));
        Forge.Refuses(Forge.Certificate(more: neighbour, patch: (Twin(2), Twin(1))));
        Forge.Accepts(Forge.Certificate(more: neighbour, patch: (Twin(2), Twin(3))));
    }

    [Fact]
    public void A_critical_extension_that_nobody_knows_is_refused() =>
        Forge.Refuses(Forge.Certificate(more: new X509Extension("1.2.3.4", [5, 0], critical: true)));

    [Fact]
    public void A_critical_libp2p_extension_is_accepted() => Forge.Accepts(Forge.Certificate(critical: true));

    [Fact]
    public void A_certificate_of_another_time_is_refused()
    {
        Forge.Refuses(Forge.Certificate(), Now.AddYears(-1));
        Forge.Refuses(Forge.Certificate(), Now.AddYears(2));
    }

    [Fact]
    public void A_certificate_that_another_key_signed_is_refused()
    {
        var certificate = Forge.Certificate();
        certificate[^1] ^= 1;
        Forge.Refuses(certificate);
    }

    [Fact]
    public void No_cut_or_flipped_certificate_is_accepted_or_throws_anything_but_a_refusal()
    {
        var good = Forge.Certificate();
        for (var i = 0; i < good.Length; i++)
        {
            Forge.Refuses(good[..i]);
            var bad = good.ToArray();
            bad[i] ^= 0x41;
            Forge.Refuses(bad);
        }
    }

    /// <summary>Certificates that are right but for one thing.</summary>
    internal static class Forge
    {
        public static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

        private static readonly BigInteger Order = BigInteger.Parse(
            "00fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

        public static void Accepts(byte[] certificate) => Assert.NotNull(LibP2PCertificate.Verify(certificate, Now));

        public static void Refuses(byte[] certificate, DateTimeOffset? at = null) =>
            Assert.Throws<PeerRefusedException>(() => LibP2PCertificate.Verify(certificate, at ?? Now));

        public static byte[] Certificate(
            Func<KeyPair, byte[], byte[]>? sign = null,
            string oid = LibP2PCertificate.ExtensionOid,
            bool critical = false,
            X509Extension? more = null,
            (byte[] Old, byte[] New)? patch = null)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using var certificate = WithKey(key, sign, oid, critical, more);
            return patch is null ? certificate.RawData : Resign(certificate.RawData, key, patch.Value.Old, patch.Value.New);
        }

        public static X509Certificate2 WithKey(
            ECDsa key,
            Func<KeyPair, byte[], byte[]>? sign = null,
            string oid = LibP2PCertificate.ExtensionOid,
            bool critical = false,
            X509Extension? more = null,
            DateTimeOffset? from = null)
        {
            using var identity = KeyPair.GenerateTestOnly();
            byte[] message = [.. "libp2p-tls-handshake:"u8, .. key.ExportSubjectPublicKeyInfo()];
            var proof = LibP2PCertificate.EncodeProof(
                IdentityKey.From(identity.PublicKey), (sign ?? ((by, what) => IdentityKey.Sign(by, what)))(identity, message));
            var request = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509Extension(oid, proof, critical));
            if (more is not null)
            {
                request.CertificateExtensions.Add(more);
            }

            return request.CreateSelfSigned(from ?? Now.AddMonths(-6), Now.AddYears(1));
        }

        /// <summary>The certificate of a peer with an identity of any key type.</summary>
        public static byte[] Foreign(ForeignIdentity identity)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var signature = identity.Sign([.. "libp2p-tls-handshake:"u8, .. key.ExportSubjectPublicKeyInfo()]);
            var writer = new AsnWriter(AsnEncodingRules.DER);
            using (writer.PushSequence())
            {
                writer.WriteOctetString(identity.Encoded);
                writer.WriteOctetString(signature);
            }

            var request = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509Extension(LibP2PCertificate.ExtensionOid, writer.Encode(), critical: false));
            using var certificate = request.CreateSelfSigned(Now.AddMonths(-6), Now.AddYears(1));
            return certificate.RawData;
        }

        private static byte[] Resign(byte[] certificate, ECDsa key, byte[] old, byte[] replacement)
        {
            var reader = new AsnReader(certificate, AsnEncodingRules.DER).ReadSequence();
            var body = reader.ReadEncodedValue().ToArray();
            var algorithm = reader.ReadEncodedValue();
            replacement.CopyTo(body, body.AsSpan().IndexOf(old));
            var writer = new AsnWriter(AsnEncodingRules.DER);
            using (writer.PushSequence())
            {
                writer.WriteEncodedValue(body);
                writer.WriteEncodedValue(algorithm.Span);
                writer.WriteBitString(key.SignData(body, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
            }

            return writer.Encode();
        }

        /// <summary>The other of the two valid signatures: s becomes n − s.</summary>
        public static byte[] WithHighS(byte[] der)
        {
            var reader = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
            var (r, s) = (reader.ReadInteger(), reader.ReadInteger());
            var writer = new AsnWriter(AsnEncodingRules.DER);
            using (writer.PushSequence())
            {
                writer.WriteInteger(r);
                writer.WriteInteger(Order - s);
            }

            return writer.Encode();
        }
    }
}
