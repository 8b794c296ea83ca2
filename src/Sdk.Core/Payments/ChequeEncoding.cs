using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;

namespace Sdk.Core.Payments;

/// <summary>
/// EIP-712's hashStruct of cheques: a type hash and three words. Kept apart from the type's name, so that the known answer of another system
/// with cheques of the same shape (Swarm's) proves the encoder.
/// </summary>
internal static class ChequeEncoding
{
    private const int WordBytes = Hash256.LengthBytes;

    /// <summary>Keccak-256 of the encoded type of <see cref="Cheque"/>.</summary>
    public static Hash256 TypeHash { get; } = Keccak256.Hash("Cheque(address issuer,address beneficiary,uint256 cumulativePayout)"u8);

    public static Hash256 StructHash(Hash256 typeHash, AccountAddress payer, AccountAddress beneficiary, TokenAmount cumulativePayout)
    {
        Span<byte> words = stackalloc byte[4 * WordBytes];
        words.Clear();
        typeHash.CopyTo(words);
        payer.CopyTo(words[((2 * WordBytes) - AccountAddress.LengthBytes)..]);
        beneficiary.CopyTo(words[((3 * WordBytes) - AccountAddress.LengthBytes)..]);
        cumulativePayout.CopyTo(words[(3 * WordBytes)..]);
        return Keccak256.Hash(words);
    }
}
