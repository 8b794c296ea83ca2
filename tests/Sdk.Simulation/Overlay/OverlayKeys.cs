using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Overlay;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Overlay;

/// <summary>
/// Devices and their records: keys are derived from names, so that they are the same in every process, and made once; where a node stands
/// follows from the seed.
/// </summary>
internal static class OverlayKeys
{
    public const ulong NetworkId = 20_300_102;

    private const byte ExportVersion = 1;

    private static readonly DateTimeOffset Expires = new(2040, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly ConcurrentDictionary<int, DeviceIdentity> Devices = new();

    // The overlay uses neither: all devices share them, since each costs more than a node's own key.
    private static readonly byte[] Signing = Scalar("overlay signing");
    private static readonly byte[] Agreement = Scalar("overlay agreement");
    private static readonly VerifyingKey SigningPublic = SigningKey.FromScalar(Signing).PublicKey;
    private static readonly byte[] AgreementPublic = AgreementKey.FromScalar(Agreement).PublicKey.ToArray();

    public static DeviceIdentity Device(int number) => Devices.GetOrAdd(number, static number =>
    {
        byte[] node = Scalar($"overlay node {number}");
        DeviceCredential credential = DeviceCredential.Issue(
            KeyPair.FromPrivateKey(Scalar($"overlay account {number}")), KeyPair.FromPrivateKey(node).PublicKey, SigningPublic, AgreementPublic,
            KeyScopes.All, serial: 1, NetworkId, Expires);
        return DeviceIdentity.Import([ExportVersion, .. node, .. Signing, .. Agreement, .. credential.Encode()]);
    });

    public static byte[] Nonce(SimRandom random)
    {
        byte[] nonce = new byte[NodeRecord.NonceBytes];
        random.Fill(nonce);
        return nonce;
    }

    /// <summary>A record for a node in a /24 of the public network: of number <paramref name="group"/>, up to 65 535.</summary>
    public static NodeRecord Record(int device, byte[] nonce, int group, int host, DateTimeOffset now) => NodeRecord.Create(
        Device(device), nonce, [Multiaddr.Parse($"/ip4/{20 + (group >> 16)}.{(group >> 8) & 0xFF}.{group & 0xFF}.{1 + (host % 254)}/tcp/4001")], isLight: false, now);

    /// <summary>A good record with another nonce: it claims another address, and its signature is none.</summary>
    public static NodeRecord Forge(NodeRecord good, byte[] nonce)
    {
        byte[] bytes = good.Encoded.ToArray();
        nonce.CopyTo(bytes, bytes.AsSpan().IndexOf(good.Nonce));
        return NodeRecord.TryDecode(bytes, out NodeRecord? forged) ? forged : throw new InvalidOperationException("A forged record does not decode.");
    }

    /// <summary>Draws nonces until the device's address shares enough bits with another: what an attacker does.</summary>
    public static byte[] Grind(int device, OverlayAddress near, int proximity, SimRandom random)
    {
        byte[] nonce = Nonce(random);
        AccountAddress account = Device(device).Credential.Account;
        while (OverlayAddress.Create(account, NetworkId, nonce).Proximity(near) < proximity)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(nonce, BinaryPrimitives.ReadUInt64LittleEndian(nonce) + 1);
        }

        return nonce;
    }

    private static byte[] Scalar(string name)
    {
        // The upper bit is cleared, so that the number lies below the order of either curve.
        byte[] scalar = SHA256.HashData(Encoding.UTF8.GetBytes(name));
        scalar[0] &= 0x7F;
        return scalar;
    }
}
