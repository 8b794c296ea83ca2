using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Overlay.Records;

namespace Sdk.Core.Tests.Overlay.Records;

/// <summary>Records as tests need them.</summary>
internal static class RecordSamples
{
    public const ulong Network = 7;

    public static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    public static readonly RecordKind Owned = RecordKind.SingleWriter("test/owned", 256, TimeSpan.FromHours(2));

    public static readonly RecordKind Shared = RecordKind.MultiWriter("test/shared", 256, TimeSpan.FromHours(2), recordsPerKeyMax: 4);

    public static readonly RecordKinds Kinds = RecordKinds.Default.With(Owned).With(Shared);

    public static readonly OverlayAddress Self = Address(0x00);

    /// <summary>Cheap keys, the same in every run.</summary>
    public static KeyPair Key(int number)
    {
        var bytes = new byte[32];
        BitConverter.TryWriteBytes(bytes.AsSpan(28), 1 + number);
        return KeyPair.FromPrivateKey(bytes);
    }

    /// <summary>An address that begins with this byte.</summary>
    public static OverlayAddress Address(byte first, byte last = 0)
    {
        var bytes = new byte[OverlayAddress.LengthBytes];
        (bytes[0], bytes[^1]) = (first, last);
        return OverlayAddress.FromBytes(bytes);
    }

    public static OverlayRecord OfOwner(KeyPair writer, ulong version, int lengthBytes = 10, DateTimeOffset? issued = null, TimeSpan? lifetime = null) =>
        OverlayRecord.Create(
            writer, Network, Owned, Owned.KeyOf(writer.Address), version, ValueOf(lengthBytes, version), issued ?? Now, lifetime ?? TimeSpan.FromHours(1));

    public static OverlayRecord At(
        OverlayAddress key, KeyPair writer, ulong version = 1, int lengthBytes = 10, DateTimeOffset? issued = null, TimeSpan? lifetime = null) =>
        OverlayRecord.Create(writer, Network, Shared, key, version, ValueOf(lengthBytes, version), issued ?? Now, lifetime ?? TimeSpan.FromHours(1));

    /// <summary>The record as another node gets it: nothing about it has been verified.</summary>
    public static OverlayRecord Received(OverlayRecord record) => OverlayRecord.Decode(record.Encode());

    private static byte[] ValueOf(int lengthBytes, ulong version) => [.. Enumerable.Repeat((byte)version, lengthBytes)];
}
