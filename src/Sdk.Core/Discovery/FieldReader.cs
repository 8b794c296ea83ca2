using System.Buffers.Binary;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;

namespace Sdk.Core.Discovery;

/// <summary>
/// Reads the fields of an encoding of varying length. Once a field is missing or malformed it is broken and reads zeros, so that a decoder
/// asks once, at the end, and must not loop on what it read before without a bound.
/// </summary>
internal ref struct FieldReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>Whether every field was there.</summary>
    public bool IsWhole { get; private set; } = true;

    /// <summary>Whether every field was there and nothing is left.</summary>
    public readonly bool IsDone => IsWhole && _rest.IsEmpty;

    public ReadOnlySpan<byte> Take(int lengthBytes)
    {
        if (lengthBytes > _rest.Length || !IsWhole)
        {
            Break();
            return new byte[lengthBytes];
        }

        var field = _rest[..lengthBytes];
        _rest = _rest[lengthBytes..];
        return field;
    }

    /// <summary>A byte of length, and as many bytes: at most <paramref name="maxBytes"/>.</summary>
    public ReadOnlySpan<byte> TakeShort(int maxBytes)
    {
        var length = Byte();
        if (length > maxBytes || length > _rest.Length)
        {
            Break();
            return [];
        }

        return Take(length);
    }

    /// <summary>The number of elements of a list: at most <paramref name="max"/>.</summary>
    public int Count(int max)
    {
        var count = Byte();
        if (count <= max)
        {
            return count;
        }

        Break();
        return 0;
    }

    /// <summary>A byte that says whether an optional field is there.</summary>
    public bool Flag() => Count(1) == 1;

    public byte Byte() => Take(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort)));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));

    public Hash256 Hash() => Hash256.FromBytes(Take(Hash256.LengthBytes));

    public AccountAddress Account() => AccountAddress.FromBytes(Take(AccountAddress.LengthBytes));

    public TokenAmount Amount() => TokenAmount.FromBytes(Take(TokenAmount.LengthBytes));

    public DateTimeOffset Time()
    {
        var seconds = UInt64();
        if (seconds > UnixTime.SecondsMax)
        {
            Break();
            return default;
        }

        return DateTimeOffset.FromUnixTimeSeconds((long)seconds);
    }

    public string Name()
    {
        if (ServiceName.TryRead(TakeShort(ServiceName.MaxLength), out var name))
        {
            return name;
        }

        Break();
        return "";
    }

    public ServiceKind Kind() => ServiceKind.TryParse(Name(), out var kind) ? kind : default;

    public PaymentMethod Payment() => PaymentMethod.TryParse(Name(), out var method) ? method : default;

    public Signature Signature()
    {
        if (Cryptography.Signature.TryParse(Take(Cryptography.Signature.LengthBytes), out var signature))
        {
            return signature;
        }

        Break();
        return default;
    }

    public DeviceCredential? Credential()
    {
        var bytes = Take(DeviceCredential.LengthBytes);
        if (!IsWhole)
        {
            return null;
        }

        try
        {
            return DeviceCredential.Decode(bytes);
        }
        catch (CryptographyException)
        {
            // Malformed like any other field; the decoder says so by its own name.
            Break();
            return null;
        }
    }

    /// <summary>For fields whose bytes are there and make no sense.</summary>
    public void Break()
    {
        IsWhole = false;
        _rest = [];
    }
}
