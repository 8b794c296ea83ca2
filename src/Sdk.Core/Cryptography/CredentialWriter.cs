using System.Buffers.Binary;

namespace Sdk.Core.Cryptography;

/// <summary>Writes what <see cref="CredentialReader"/> reads. Integers are little-endian.</summary>
internal ref struct CredentialWriter(Span<byte> destination)
{
    private Span<byte> _rest = destination;

    public void Put(scoped ReadOnlySpan<byte> field)
    {
        field.CopyTo(_rest);
        _rest = _rest[field.Length..];
    }

    public void UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_rest, value);
        _rest = _rest[sizeof(ulong)..];
    }

    public void Scopes(KeyScopes scopes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_rest, (uint)scopes);
        _rest = _rest[sizeof(uint)..];
    }

    public void Time(DateTimeOffset time) => UInt64(UnixTime.Seconds(time));
}
