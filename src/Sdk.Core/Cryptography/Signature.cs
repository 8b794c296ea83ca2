namespace Sdk.Core.Cryptography;

/// <summary>
/// An ECDSA signature on secp256k1, r ‖ s ‖ v, with v = 27 or 28 as Ethereum writes it: with v the signer's public key can be
/// recovered. Only the low of the two valid s exists here (EIP-2, BIP-62), so nobody can turn a signature into another one.
/// A signature read from DER carries no v; the default value is none and verifies nothing.
/// </summary>
public readonly struct Signature : IEquatable<Signature>
{
    /// <summary>Length in bytes of r ‖ s ‖ v.</summary>
    public const int LengthBytes = 65;

    /// <summary>The longest DER encoding: two integers of 33 and 32 bytes, their headers and the sequence's.</summary>
    public const int DerLengthBytesMax = 71;

    private const int ScalarLengthBytes = Hash256.LengthBytes;
    private const byte FirstV = 27;
    private const byte DerSequence = 0x30;
    private const byte DerInteger = 0x02;

    private readonly Hash256 _r;
    private readonly Hash256 _s;
    private readonly byte _v;

    private Signature(ReadOnlySpan<byte> compact, byte v)
    {
        _r = Hash256.FromBytes(compact[..ScalarLengthBytes]);
        _s = Hash256.FromBytes(compact[ScalarLengthBytes..]);
        _v = v;
    }

    /// <summary>Whether the signature carries v, so that <see cref="PublicKey.Recover"/> can work.</summary>
    public bool IsRecoverable => _v != 0;

    internal int RecoveryId => _v - FirstV;

    /// <summary>Reads r ‖ s ‖ v. Refuses another length, r or s outside [1, n), a high s, and v other than 27 and 28.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out Signature signature)
    {
        signature = default;
        return bytes.Length == LengthBytes
            && bytes[^1] is FirstV or FirstV + 1
            && TryCreate(bytes[..^1], bytes[^1], out signature);
    }

    /// <summary>
    /// Reads a strict DER <c>SEQUENCE { INTEGER r, INTEGER s }</c>, as libp2p sends it. Refuses any other encoding of the same
    /// numbers, r or s outside [1, n), and a high s.
    /// </summary>
    public static bool TryParseDer(ReadOnlySpan<byte> der, out Signature signature)
    {
        signature = default;
        Span<byte> compact = stackalloc byte[2 * ScalarLengthBytes];
        if (der.Length is < 8 or > DerLengthBytesMax || der[0] != DerSequence || der[1] != der.Length - 2)
        {
            return false;
        }

        der = der[2..];
        return TryReadInteger(ref der, compact[..ScalarLengthBytes])
            && TryReadInteger(ref der, compact[ScalarLengthBytes..])
            && der.IsEmpty
            && TryCreate(compact, v: 0, out signature);
    }

    /// <summary>Writes r ‖ s ‖ v; v is zero where the signature came from DER.</summary>
    /// <exception cref="ArgumentException">The destination is shorter than 65 bytes.</exception>
    public void CopyTo(Span<byte> destination)
    {
        CopyCompactTo(destination);
        destination[2 * ScalarLengthBytes] = _v;
    }

    /// <summary>r ‖ s ‖ v as a new array.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[LengthBytes];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>The DER encoding, at most <see cref="DerLengthBytesMax"/> bytes.</summary>
    public byte[] ToDer()
    {
        Span<byte> der = stackalloc byte[DerLengthBytesMax + 1];
        var end = 2;
        WriteInteger(_r.Bytes, der, ref end);
        WriteInteger(_s.Bytes, der, ref end);
        der[0] = DerSequence;
        der[1] = (byte)(end - 2);
        return der[..end].ToArray();
    }

    /// <summary>The three numbers, as contracts take them that know no shorter form.</summary>
    internal (byte V, Hash256 R, Hash256 S) Split() => (_v, _r, _s);

    /// <summary>The form of EIP-2098: s is low, so its first bit is free to say whether v is 28.</summary>
    internal (Hash256 R, Hash256 Vs) ToCompact()
    {
        Span<byte> vs = stackalloc byte[ScalarLengthBytes];
        _s.CopyTo(vs);
        vs[0] |= (byte)(RecoveryId << 7);
        return (_r, Hash256.FromBytes(vs));
    }

    /// <inheritdoc/>
    public bool Equals(Signature other) => _r == other._r && _s == other._s && _v == other._v;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Signature other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_r, _s, _v);

    /// <summary>130 lower-case hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(ToArray());

    /// <summary>Equality of r, s and v.</summary>
    public static bool operator ==(Signature left, Signature right) => left.Equals(right);

    /// <summary>Inequality.</summary>
    public static bool operator !=(Signature left, Signature right) => !left.Equals(right);

    internal static Signature FromSigner(ReadOnlySpan<byte> compact, int recoveryId) => new(compact, (byte)(FirstV + recoveryId));

    internal void CopyCompactTo(Span<byte> destination)
    {
        _r.CopyTo(destination);
        _s.CopyTo(destination[ScalarLengthBytes..]);
    }

    private static bool TryCreate(ReadOnlySpan<byte> compact, byte v, out Signature signature)
    {
        var s = compact[ScalarLengthBytes..];
        var valid = Secp256k1.IsScalar(compact[..ScalarLengthBytes])
            && Secp256k1.IsScalar(s)
            && s.SequenceCompareTo(Secp256k1.HalfOrder) <= 0;
        signature = valid ? new Signature(compact, v) : default;
        return valid;
    }

    // Positive, minimal: no leading zero unless the next bit is set, no sign bit, at most 32 bytes of value.
    private static bool TryReadInteger(ref ReadOnlySpan<byte> der, scoped Span<byte> destination32)
    {
        if (der.Length < 3 || der[0] != DerInteger || der[1] is 0 or > ScalarLengthBytes + 1 || der[1] > der.Length - 2)
        {
            return false;
        }

        var value = der.Slice(2, der[1]);
        der = der[(2 + value.Length)..];
        if (value[0] >= 0x80 || (value[0] == 0 && (value.Length == 1 || value[1] < 0x80)))
        {
            return false;
        }

        value = value[0] == 0 ? value[1..] : value;
        if (value.Length > ScalarLengthBytes)
        {
            return false;
        }

        destination32.Clear();
        value.CopyTo(destination32[^value.Length..]);
        return true;
    }

    private static void WriteInteger(ReadOnlySpan<byte> value, Span<byte> der, ref int end)
    {
        value = value.TrimStart((byte)0);
        var sign = value.IsEmpty || value[0] >= 0x80 ? 1 : 0;
        der[end++] = DerInteger;
        der[end++] = (byte)(value.Length + sign);
        der[end] = 0;
        value.CopyTo(der[(end + sign)..]);
        end += sign + value.Length;
    }
}
