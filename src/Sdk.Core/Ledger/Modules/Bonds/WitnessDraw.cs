using System.Buffers.Binary;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;

namespace Sdk.Core.Ledger.Modules.Bonds;

/// <summary>
/// Draws witnesses by the hash of a block. All that it reads is fixed in that block, so that nobody who knows the hash can change what
/// comes out.
/// </summary>
internal static class WitnessDraw
{
    /// <summary>Bounds the work. With half of the candidates fit, 64 attempts leave one of seven seats empty less than once in 10^11 draws.</summary>
    private const ulong AttemptsMax = 64;

    /// <summary>The numbers of the witnesses, rising: as many as there are seats where enough are fit, an odd number or none in any case.</summary>
    /// <param name="seed">The block's hash.</param>
    /// <param name="caseId">The case.</param>
    /// <param name="candidates">Among how many providers.</param>
    /// <param name="seats">How many are wanted.</param>
    /// <param name="isFit">Whether a provider, by its number, can be a witness.</param>
    public static uint[] Pick(Hash256 seed, TokenAmount caseId, uint candidates, int seats, Func<uint, bool> isFit)
    {
        var found = new List<uint>(seats);
        for (ulong attempt = 0; attempt < AttemptsMax && found.Count < seats; attempt++)
        {
            var hash = Keccak256.Hash(new AbiWriter().Add(seed).Add(caseId).Add(attempt).ToArray());
            var number = Remainder(hash, candidates) + 1;
            var place = found.BinarySearch(number);
            if (place < 0 && isFit(number))
            {
                found.Insert(~place, number);
            }
        }

        // An even number could tie by itself.
        return [.. found.Take(found.Count == 0 || found.Count % 2 == 1 ? found.Count : found.Count - 1)];
    }

    private static uint Remainder(Hash256 dividend, uint divisor)
    {
        ulong rest = 0;
        for (var place = 0; place < Hash256.LengthBytes; place += sizeof(uint))
        {
            rest = ((rest << 32) | BinaryPrimitives.ReadUInt32BigEndian(dividend.Bytes[place..])) % divisor;
        }

        return (uint)rest;
    }
}
