using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Sdk.Core.Cryptography;
using Sdk.Storage.Disk;
using Sdk.Storage.Replication;

namespace Sdk.Simulation.LaneA;

/// <summary>
/// The keys of all runs: derived from names, not drawn, so that device ids compare the same way in every process, and
/// made once per process, so that a seed is cheap.
/// </summary>
internal static class LaneAKeys
{
    public const ulong NetworkId = 20_300_101;

    private static readonly DateTimeOffset Expires = new(2040, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly ConcurrentDictionary<string, SigningKey> SigningKeys = new();
    private static readonly ConcurrentDictionary<int, DeviceIdentity> Devices = new();
    private static readonly ConcurrentDictionary<(int Device, ulong Counter), SessionGrant> Grants = new();

    /// <summary>The owner of the disk, with all its devices.</summary>
    public static KeyPair Account { get; } = KeyPair.FromPrivateKey(Scalar("account"));

    public static DiskId Disk { get; } = DiskId.Derive(Account.Address.Bytes, "disk", new byte[DiskId.SaltBytes]);

    /// <summary>The key that a member signs acknowledgements with.</summary>
    public static SigningKey Member(int index) => P256Key($"member {index}");

    public static SigningKey SessionKey(int device, ulong counter) => P256Key($"session {device} {counter}");

    public static DeviceIdentity Device(int device) => Devices.GetOrAdd(device, static device =>
    {
        byte[] node = Scalar($"node {device}");
        byte[] signing = Scalar($"signing {device}");
        byte[] agreement = Scalar($"agreement {device}");
        DeviceCredential credential = DeviceCredential.Issue(
            Account, KeyPair.FromPrivateKey(node).PublicKey, SigningKey.FromScalar(signing).PublicKey,
            AgreementKey.FromScalar(agreement).PublicKey, KeyScopes.All, serial: (ulong)device + 1, NetworkId, Expires);
        const byte exportVersion = 1;
        return DeviceIdentity.Import([exportVersion, .. node, .. signing, .. agreement, .. credential.Encode()]);
    });

    public static SessionGrant Grant(int device, ulong counter) => Grants.GetOrAdd((device, counter), static name =>
    {
        DeviceIdentity identity = Device(name.Device);
        SessionDelegation delegation = SessionDelegation.Create(
            identity, SessionKey(name.Device, name.Counter), name.Counter, KeyScopes.All, Expires);
        return new SessionGrant(identity.Credential, delegation);
    });

    public static CopyGroup Group(int members, uint sliceCount) => new(
        Hash256.Sha256("group"u8), epoch: 1, NetworkId, sliceCount, [.. Enumerable.Range(0, members).Select(index => Member(index).PublicKey)]);

    private static SigningKey P256Key(string name) => SigningKeys.GetOrAdd(name, static name => SigningKey.FromScalar(Scalar(name)));

    private static byte[] Scalar(string name)
    {
        // The upper bits are cleared, so that the number lies below the order of both curves; zero does not happen.
        byte[] scalar = SHA256.HashData(Encoding.UTF8.GetBytes(name));
        scalar[0] &= 0x7F;
        return scalar;
    }
}
