using System.Buffers.Binary;
using System.Security.Cryptography;
using Sdk.Core.Cryptography;
using Sdk.Storage.Disk;

namespace Sdk.Storage.Replication;

/// <summary>
/// Writes fields of known width, little-endian: preimages of what is signed (a purpose first, so that nothing that is
/// signed for one purpose reads as another) and records of the log.
/// </summary>
internal ref struct FieldWriter(Span<byte> buffer)
{
    private readonly Span<byte> _buffer = buffer;
    private int _written;

    public static FieldWriter ForPurpose(Span<byte> buffer, ReadOnlySpan<byte> purpose)
    {
        var writer = new FieldWriter(buffer);
        writer.Byte(checked((byte)purpose.Length));
        writer.Bytes(purpose);
        return writer;
    }

    public readonly ReadOnlySpan<byte> Written => _buffer[.._written];

    public readonly Hash256 Digest() => Hash256.Sha256(Written);

    public readonly void Digest(Span<byte> digest32) => SHA256.HashData(Written, digest32);

    public void Byte(byte value) => _buffer[_written++] = value;

    public void UInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer[_written..], value);
        _written += 2;
    }

    public void UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer[_written..], value);
        _written += 4;
    }

    public void UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_buffer[_written..], value);
        _written += 8;
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        value.CopyTo(_buffer[_written..]);
        _written += value.Length;
    }

    public void Hash(in Hash256 value)
    {
        value.CopyTo(_buffer[_written..]);
        _written += FieldWidths.HashBytes;
    }

    public void Disk(in DiskId disk)
    {
        disk.CopyTo(_buffer[_written..]);
        _written += DiskId.LengthBytes;
    }

    public void Session(in SessionId session)
    {
        UInt64(session.Counter);
        session.Device.CopyTo(_buffer[_written..]);
        _written += FieldWidths.DeviceBytes;
    }

    public void Key(in EntryKey key)
    {
        UInt32(key.Epoch);
        Session(key.Session);
        UInt32(key.Sequence);
    }
}

/// <summary>
/// Reads what <see cref="FieldWriter"/> wrote. Input may be hostile or torn: a read past the end makes <see cref="Failed"/>
/// true and gives zeros, so that a decoder reads everything and asks once.
/// </summary>
internal ref struct FieldReader(ReadOnlySpan<byte> source)
{
    private ReadOnlySpan<byte> _rest = source;

    public bool Failed { get; private set; }

    /// <summary>True when every field was there and nothing is left.</summary>
    public readonly bool AtCleanEnd => !Failed && _rest.IsEmpty;

    public readonly ReadOnlySpan<byte> Rest => _rest;

    public byte Byte()
    {
        var field = Bytes(1);
        return field.IsEmpty ? (byte)0 : field[0];
    }

    public ushort UInt16()
    {
        var field = Bytes(2);
        return field.IsEmpty ? (ushort)0 : BinaryPrimitives.ReadUInt16LittleEndian(field);
    }

    public uint UInt32()
    {
        var field = Bytes(4);
        return field.IsEmpty ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(field);
    }

    public ulong UInt64()
    {
        var field = Bytes(8);
        return field.IsEmpty ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(field);
    }

    /// <summary>The next bytes; empty when they are not there.</summary>
    public ReadOnlySpan<byte> Bytes(int length)
    {
        if (Failed || length < 0 || length > _rest.Length)
        {
            Failed = true;
            return default;
        }

        var field = _rest[..length];
        _rest = _rest[length..];
        return field;
    }

    public Hash256 Hash()
    {
        var field = Bytes(FieldWidths.HashBytes);
        return field.IsEmpty ? default : Hash256.FromBytes(field);
    }

    public DiskId Disk()
    {
        var field = Bytes(DiskId.LengthBytes);
        return field.IsEmpty ? default : DiskId.FromBytes(field);
    }

    public SessionId Session()
    {
        var counter = UInt64();
        var device = Bytes(FieldWidths.DeviceBytes);
        return new SessionId(counter, device.IsEmpty ? default : DeviceId.FromBytes(device));
    }

    public EntryKey Key()
    {
        var epoch = UInt32();
        var session = Session();
        return new EntryKey(epoch, session, UInt32());
    }
}

/// <summary>Widths of encoded fields, in bytes.</summary>
internal static class FieldWidths
{
    public const int HashBytes = 32;
    public const int DeviceBytes = 16;
    public const int SessionBytes = 8 + DeviceBytes;
    public const int KeyBytes = 4 + SessionBytes + 4;
    public const int SignatureBytes = 64;
}
