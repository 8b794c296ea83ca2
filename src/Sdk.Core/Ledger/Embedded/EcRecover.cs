using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Embedded;

/// <summary>What the EVM's contract at address 1 does: who signed a digest.</summary>
/// <remarks>Modules check <see cref="IsLow"/> first, as their Solidity twins do: a high s gives nobody here, and somebody there.</remarks>
internal static class EcRecover
{
    /// <summary>Whether s is in the lower half of the group's order, zero included, so that a signature has one form.</summary>
    public static bool IsLow(Hash256 s) => s.Bytes.SequenceCompareTo(Secp256k1.HalfOrder) <= 0;

    /// <summary>The signer's address; zero where the numbers are no signature.</summary>
    public static AccountAddress Recover(Hash256 digest, byte v, Hash256 r, Hash256 s)
    {
        Span<byte> bytes = stackalloc byte[Signature.LengthBytes];
        r.CopyTo(bytes);
        s.CopyTo(bytes[Hash256.LengthBytes..]);
        bytes[^1] = v;
        return Signature.TryParse(bytes, out var signature) && PublicKey.Recover(digest.Bytes, signature) is { } key
            ? AccountAddress.FromPublicKey(key)
            : default;
    }

    /// <summary>Whether an account signed a digest; the signature is in the two words of EIP-2098, with a low s.</summary>
    /// <param name="signer">The account; the zero address signs nothing.</param>
    /// <param name="digest">What was signed.</param>
    /// <param name="r">r.</param>
    /// <param name="vs">s, with the parity of v in its first bit.</param>
    public static bool IsBy(AccountAddress signer, Hash256 digest, Hash256 r, Hash256 vs)
    {
        Span<byte> bytes = stackalloc byte[Hash256.LengthBytes];
        vs.CopyTo(bytes);
        var v = (byte)((bytes[0] >> 7) + 27);
        bytes[0] &= 0x7f;
        var s = Hash256.FromBytes(bytes);
        return signer != default && IsLow(s) && Recover(digest, v, r, s) == signer;
    }
}
