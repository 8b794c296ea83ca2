using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;

namespace Sdk.Core.Payments;

/// <summary>A cheque with its issuer's signature and the vault that it is drawn on, as it travels and is kept. Immutable.</summary>
/// <remarks>
/// The encoding has <see cref="LengthBytes"/> bytes: version 1, chain id (8, big-endian), vault (20), issuer (20), beneficiary (20),
/// cumulative payout (32, big-endian), signature r ‖ s ‖ v (65). There is one encoding of a cheque.
/// </remarks>
public sealed class SignedCheque
{
    /// <summary>Length in bytes of the encoding.</summary>
    public const int LengthBytes =
        1 + sizeof(ulong) + (3 * AccountAddress.LengthBytes) + TokenAmount.LengthBytes + Signature.LengthBytes;

    private const byte Version = 1;

    internal SignedCheque(ulong chainId, AccountAddress vault, Cheque cheque, Signature signature)
    {
        ChainId = chainId;
        Vault = vault;
        Cheque = cheque;
        Signature = signature;
    }

    /// <summary>The chain of the vault.</summary>
    public ulong ChainId { get; }

    /// <summary>The vault contract that shall pay.</summary>
    public AccountAddress Vault { get; }

    /// <summary>What was signed.</summary>
    public Cheque Cheque { get; }

    /// <summary>The issuer's signature; whether it is one <see cref="ChequeDomain.Verify"/> says.</summary>
    public Signature Signature { get; }

    /// <summary>Where the signature was found good: it is looked at once.</summary>
    internal ChequeDomain? VerifiedIn { get; set; }

    /// <summary>
    /// Reads an encoding. Refuses another length or version, and a signature that is none (r or s out of range, high s, v other than 27
    /// and 28). Whose signature it is is not checked here.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SignedCheque? cheque)
    {
        cheque = null;
        if (bytes.Length != LengthBytes || bytes[0] != Version || !Signature.TryParse(bytes[^Signature.LengthBytes..], out var signature))
        {
            return false;
        }

        var chainId = BinaryPrimitives.ReadUInt64BigEndian(bytes[1..]);
        var rest = bytes[(1 + sizeof(ulong))..];
        var vault = TakeAddress(ref rest);
        var issuer = TakeAddress(ref rest);
        var beneficiary = TakeAddress(ref rest);
        var payout = TokenAmount.FromBytes(rest[..TokenAmount.LengthBytes]);
        cheque = new SignedCheque(chainId, vault, new Cheque(issuer, beneficiary, payout), signature);
        return true;
    }

    /// <summary>Writes the encoding, <see cref="LengthBytes"/> bytes.</summary>
    /// <exception cref="ArgumentException">The destination is shorter.</exception>
    public void CopyTo(Span<byte> destination)
    {
        if (destination.Length < LengthBytes)
        {
            throw new ArgumentException($"A signed cheque takes {LengthBytes} bytes.", nameof(destination));
        }

        destination[0] = Version;
        BinaryPrimitives.WriteUInt64BigEndian(destination[1..], ChainId);
        destination = destination[(1 + sizeof(ulong))..];
        PutAddress(ref destination, Vault);
        PutAddress(ref destination, Cheque.Issuer);
        PutAddress(ref destination, Cheque.Beneficiary);
        Cheque.CumulativePayout.CopyTo(destination);
        Signature.CopyTo(destination[TokenAmount.LengthBytes..]);
    }

    /// <summary>The encoding as a new array.</summary>
    public byte[] Encode()
    {
        var bytes = new byte[LengthBytes];
        CopyTo(bytes);
        return bytes;
    }

    private static AccountAddress TakeAddress(ref ReadOnlySpan<byte> rest)
    {
        var address = AccountAddress.FromBytes(rest[..AccountAddress.LengthBytes]);
        rest = rest[AccountAddress.LengthBytes..];
        return address;
    }

    private static void PutAddress(ref Span<byte> rest, AccountAddress address)
    {
        address.CopyTo(rest);
        rest = rest[AccountAddress.LengthBytes..];
    }
}
