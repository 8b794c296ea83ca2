using System.Buffers.Binary;

namespace Sdk.Core.Cryptography;

/// <summary>
/// Reads the fields of a signed structure, whose encodings have one fixed length each: the caller has checked it, so no field can
/// run over. Every refusal is a <see cref="CryptographyException"/>.
/// </summary>
internal ref struct CredentialReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public ReadOnlySpan<byte> Take(int lengthBytes)
    {
        var field = _rest[..lengthBytes];
        _rest = _rest[lengthBytes..];
        return field;
    }

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));

    public KeyScopes Scopes()
    {
        var scopes = (KeyScopes)BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));
        return (scopes & ~KeyScopes.All) == 0 ? scopes : throw new CryptographyException("A key carries scopes that do not exist.");
    }

    public DateTimeOffset Time()
    {
        var seconds = UInt64();
        return seconds <= UnixTime.SecondsMax
            ? DateTimeOffset.FromUnixTimeSeconds((long)seconds)
            : throw new CryptographyException("A time lies beyond the calendar.");
    }

    public PublicKey NodeKey() => PublicKey.TryParse(Take(PublicKey.LengthBytes), out var key)
        ? key
        : throw new CryptographyException("A node key is no point of secp256k1.");

    public VerifyingKey VerifyingKey() => Cryptography.VerifyingKey.TryImport(Take(Cryptography.VerifyingKey.LengthBytes), out var key)
        ? key
        : throw new CryptographyException("A signing key is no point of P-256.");
}
