using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Ethereum;

/// <summary>The address that a new contract gets, known before it is made.</summary>
public static class ContractAddress
{
    private const byte Create2Prefix = 0xFF;

    /// <summary>Of a contract that an account's transaction makes (CREATE; Yellow Paper, section 7).</summary>
    /// <param name="creator">The account that makes it.</param>
    /// <param name="nonce">The nonce of the transaction; of a contract that creates, how many it has created before, and one.</param>
    public static AccountAddress Create(AccountAddress creator, ulong nonce) =>
        Last20(Keccak256.Hash(new RlpWriter().Add(creator.Bytes).Add(nonce).ToList()));

    /// <summary>Of a contract that another contract makes with a salt (CREATE2; EIP-1014): it does not depend on what was made before.</summary>
    /// <param name="creator">The contract that makes it.</param>
    /// <param name="salt">The salt.</param>
    /// <param name="creationCodeHash">Keccak-256 of the creation code with the constructor's arguments.</param>
    public static AccountAddress Create2(AccountAddress creator, Hash256 salt, Hash256 creationCodeHash)
    {
        Span<byte> named = stackalloc byte[1 + AccountAddress.LengthBytes + (2 * Hash256.LengthBytes)];
        named[0] = Create2Prefix;
        creator.CopyTo(named[1..]);
        salt.CopyTo(named[(1 + AccountAddress.LengthBytes)..]);
        creationCodeHash.CopyTo(named[^Hash256.LengthBytes..]);
        return Last20(Keccak256.Hash(named));
    }

    private static AccountAddress Last20(Hash256 hash) => AccountAddress.FromBytes(hash.Bytes[^AccountAddress.LengthBytes..]);
}
