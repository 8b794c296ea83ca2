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

    public static ECDsa Ecdsa { get; } =
        ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = [.. Enumerable.Repeat((byte)3, 32)] });

    public static RSA Rsa { get; } = ReadRsa();

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

    /// <summary>At the borders of the networks that are not the world.</summary>
    public static IReadOnlyList<string> Places { get; } =
    [
        .. new[]
        {
            "0.0.0.0", "10.1.2.3", "11.0.0.0", "127.0.0.2", "172.15.0.1", "172.16.0.1", "172.32.0.1", "192.168.0.1", "192.167.0.1", "169.254.1.1", "169.253.1.1",
            "100.63.0.1", "100.64.0.1", "100.128.0.1", "99.1.1.1", "8.8.8.8",
        }.Select(ip => $"/ip4/{ip}/tcp/1"),
        .. new[] { "::", "::1", "fe80::1", "fc00::1", "fec0::1", "2001:db8::1", "::ffff:10.0.0.1" }.Select(ip => $"/ip6/{ip}/tcp/1"),
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

    public static byte[] Encode(IdentityKeyType type, byte[] data)
    {
        var length = new byte[Varint.MaxBytes];
        return [0x08, (byte)type, 0x12, .. length.AsSpan(0, Varint.Write(length, (ulong)data.Length)), .. data];
    }

    /// <summary>A key of nobody's, fixed so that an input that was written down means the same again.</summary>
    private static RSA ReadRsa()
    {
        var key = RSA.Create();
        key.ImportRSAPrivateKey(
            Convert.FromBase64String(
                "MIIEowIBAAKCAQEAthB40rU7eclm9yXH3x8kgxKmT8CaQI7YRNbZbyivGRi67MuJQNc6FhthtMiDwyosX5eoAfKcYy6rqCZwz0nHRLElWX6tL1KvLV/A3jpH5iRREEQCk1FxWiu4CgvuGY6+yhGWHW"
                + "WnVl/dXVECsFANlZnC1USQQwkj+9JKVzoAXM7hFAOx3o0XGpn/i0mC6/sA7Oo/yy8V4blpAci7PWkgWj+jSf7tm68MG772RVXMs7IUxKblcRRp7opERdTvLqS3YDI1DyWGLGGKK/BlTznuxNEilIXl"
                + "WzZzuaT/bYVOwVkiQ028BNgSY3AJ/TxDY74SLGQCa4WjqtOkYGSgVJVr3QIDAQABAoIBAB6GbHuHf01QAz90yioSoqCHQ/MjK7mfOYtxKkuE2rauesiw53ZDn62NMbiJ1e2m6IGuf7Cz6JyIeqdaqp"
                + "dWm15dBRIYNxk0F8LXxxJ7WwqvFBhSDsx8XzDrG5Qzo9wNHtfqUuzi2keVExxONNEy2tQ2T4BKWpWitrHF9EjjpKPqkz5zTHMOPN7R0nJNpWCzubNFuIV9VtgmcYyXUApzUZ926tAhkizG3m20tgJy"
                + "KioCSAYptlbPaHZ2etd4dW2Og86E3/hIlotzMMlO9EN8BETJ4tNsn72rHPP7lD09nd3W16hoPwp8RBkRYG5CBfZqdMNvxspMAj3KZ2/jMx/W4gECgYEA4ueGLeDCJRZhITScxkuNqgxlquUeiMK5f2"
                + "9S0xkb5iPN+gBdtToASoIdVQVKwlWdTpAxuMbom9FOK98dp73WGtJrdyLU49njJKAxx3DHRmrZcG+pHJKuaNN/+W5pgS0peGR/E2Sq78l2FTdQZlXDWdr8EazStJjCr1FJqujYBL0CgYEAzWkBmFh/"
                + "7VUM8f/RLrudF1fRYIr432Ace6CbE29uB4tUcF5+9v+2gn7P3CriZPJXFHnwXQT+QDtEc8cX5hnEPEMFH3f/Zb8FzMqn10/bUZIE8C4CFK6OsP0+dbce5jHCIJ17Q6Jt2AQue1oKVROPqS08FohlSr"
                + "rqiIeKuDc5xaECgYEA0Q2Y/Vnv5bWpxaswqi3gFoUXgo1YRY6K05Ngjue6YZ4pXyXJMHiA3iTlG3kluMiih0io1uJEW5NK33bQXsSzp8CojHpGBKux8AO7+VG59/Hn5gSqnY2zLRd39/q3L/HJHIgS"
                + "4G5GY2iM590vsSlhM79jsHE3LHb2IArXwaSHqk0CgYBYm9abUHoG+Gx4LGGhZj9y5Wgl3G1VdtFypyqebLArQvhu7OSaSl8B1hB2qm01HLFh3ORKTDAdpzN1Okpd8XmMgWDBXXNoAcpPuJBEumcivf"
                + "mxXjd5kn9tbCE4iIEkzgwvI6Ab4gK+b7dZcNMKNkD/usqz8ay4Wv93W/kEVJZwYQKBgGxYKInE9W1T7p+pZzvW0PQoWoq2lgPVs+CqzHMZKHulm89hWpgY0KS9obQVVcAIsW0XIooeX1vxpZ8+i5h+"
                + "JikYEUoBWPbuOEr9vx2DtXJ40Mlxb2+QDk9TgTcKYq6F/SjZr149YV7vUGvwGCP5Vd8KbD4bSqpBZhK1l3Nkyj7+"),
            out _);
        return key;
    }
}
