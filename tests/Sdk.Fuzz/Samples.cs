using System.Security.Cryptography;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;

namespace Sdk.Fuzz;

/// <summary>Keys and addresses that corpora are made of; the same in every run, as far as the platform's signatures are.</summary>
internal static class Samples
{
    public static KeyPair Key { get; } = KeyPair.FromPrivateKey(Enumerable.Range(1, 32).Select(i => (byte)i).ToArray());

    public static PeerId Peer => PeerId.FromPublicKey(Key.PublicKey);

    /// <summary>A device of the account <see cref="Key"/>.</summary>
    public static DeviceIdentity Device { get; } = MakeDevice();

    /// <summary>RFC 8032, section 7.1, test 1: the public key, and its signature over nothing.</summary>
    public static byte[] Ed25519Key { get; } = Convert.FromHexString("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");

    public static byte[] Ed25519Signature { get; } = Convert.FromHexString(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");

    public static ECDsa Ecdsa { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public static RSA Rsa { get; } = RSA.Create(2048);

    /// <summary>One identity of each type, as it travels.</summary>
    public static IReadOnlyList<byte[]> Identities { get; } =
    [
        IdentityKey.From(Key.PublicKey).Encoded.ToArray(),
        Encode(IdentityKeyType.Ed25519, Ed25519Key),
        Encode(IdentityKeyType.Ecdsa, Ecdsa.ExportSubjectPublicKeyInfo()),
        Encode(IdentityKeyType.Rsa, Rsa.ExportSubjectPublicKeyInfo()),
    ];

    public static IReadOnlyList<string> Addresses { get; } =
    [
        "/ip4/127.0.0.1/tcp/4001",
        "/ip6/2001:db8::1/udp/443/quic-v1",
        "/dns4/example.org/tcp/443/tls/sni/example.org/ws",
        $"/dnsaddr/bootstrap.libp2p.io/p2p/{Peer}",
        $"/ip4/10.0.0.1/tcp/1/p2p/{Peer}/p2p-circuit/p2p/{PeerOf(1)}",
        $"/dns6/a/tcp/65535/wss/p2p/{PeerOf(3)}",
        "/memory/18446744073709551615",
        "/dns/x/tcp/0",
    ];

    public static PeerId PeerOf(int identity) =>
        IdentityKey.TryDecode(Identities[identity], out var key) ? PeerId.FromIdentity(key) : throw new InvalidOperationException("The sample is no key.");

    /// <summary>From fixed keys, where <see cref="DeviceIdentity.Create"/> draws them.</summary>
    private static DeviceIdentity MakeDevice()
    {
        byte[] Scalar(byte first) => [first, .. Enumerable.Range(1, 31).Select(i => (byte)i)];
        using var signing = SigningKey.FromScalar(Scalar(2));
        using var agreement = AgreementKey.FromScalar(Scalar(3));
        using var node = KeyPair.FromPrivateKey(Scalar(1));
        var credential = DeviceCredential.Issue(
            Key, node.PublicKey, signing.PublicKey, agreement.PublicKey, KeyScopes.All, serial: 1, NodeOptions.LocalNetworkId,
            new DateTimeOffset(2040, 1, 1, 0, 0, 0, TimeSpan.Zero));
        return DeviceIdentity.Import([1, .. Scalar(1), .. Scalar(2), .. Scalar(3), .. credential.Encode()]);
    }

    private static byte[] Encode(IdentityKeyType type, byte[] data)
    {
        var length = new byte[Varint.MaxBytes];
        return [0x08, (byte)type, 0x12, .. length.AsSpan(0, Varint.Write(length, (ulong)data.Length)), .. data];
    }
}
