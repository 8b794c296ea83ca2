using System.Buffers.Binary;

namespace Sdk.Core.Cryptography;

/// <summary>
/// Names a device by its node key: the first half of SHA-256(<c>"sdk/device-id"</c> ‖ compressed node key).
/// Sixteen bytes, ordered as an unsigned big-endian number; the default value names nobody.
/// </summary>
public readonly struct DeviceId : IEquatable<DeviceId>, IComparable<DeviceId>
{
    /// <summary>Length in bytes.</summary>
    public const int LengthBytes = 16;

    private readonly UInt128 _value;

    private DeviceId(UInt128 value) => _value = value;

    /// <summary>The id of the device that holds this node key.</summary>
    public static DeviceId FromNodeKey(PublicKey nodeKey)
    {
        ArgumentNullException.ThrowIfNull(nodeKey);
        var hash = Hash256.Sha256("sdk/device-id"u8, nodeKey.Bytes.Span);
        return FromBytes(hash.Bytes[..LengthBytes]);
    }

    /// <summary>Takes 16 bytes.</summary>
    /// <exception cref="ArgumentException">The length is not 16.</exception>
    public static DeviceId FromBytes(ReadOnlySpan<byte> bytes) => bytes.Length == LengthBytes
        ? new DeviceId(BinaryPrimitives.ReadUInt128BigEndian(bytes))
        : throw new ArgumentException($"A device id has {LengthBytes} bytes, not {bytes.Length}.", nameof(bytes));

    /// <summary>Writes the 16 bytes to the start of <paramref name="destination"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The destination is shorter than 16 bytes.</exception>
    public void CopyTo(Span<byte> destination) => BinaryPrimitives.WriteUInt128BigEndian(destination, _value);

    /// <summary>The bytes as a new array.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[LengthBytes];
        CopyTo(bytes);
        return bytes;
    }

    /// <inheritdoc/>
    public bool Equals(DeviceId other) => _value == other._value;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is DeviceId other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine((ulong)(_value >> 64), (ulong)_value);

    /// <inheritdoc/>
    public int CompareTo(DeviceId other) => _value.CompareTo(other._value);

    /// <summary>32 lower-case hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(ToArray());

    /// <summary>Equality.</summary>
    public static bool operator ==(DeviceId left, DeviceId right) => left.Equals(right);

    /// <summary>Inequality.</summary>
    public static bool operator !=(DeviceId left, DeviceId right) => !left.Equals(right);

    /// <summary>Order as big-endian numbers.</summary>
    public static bool operator <(DeviceId left, DeviceId right) => left._value < right._value;

    /// <summary>Order as big-endian numbers.</summary>
    public static bool operator >(DeviceId left, DeviceId right) => left._value > right._value;

    /// <summary>Order as big-endian numbers.</summary>
    public static bool operator <=(DeviceId left, DeviceId right) => left._value <= right._value;

    /// <summary>Order as big-endian numbers.</summary>
    public static bool operator >=(DeviceId left, DeviceId right) => left._value >= right._value;
}
