using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Sdk.Core.Persistence;

/// <summary>CRC-32C (Castagnoli, RFC 3720 appendix B.4): finds torn and rotten bytes. It stops no attacker.</summary>
public static class Crc32C
{
    /// <summary>The checksum of <paramref name="data"/>.</summary>
    public static uint Compute(ReadOnlySpan<byte> data) => Append(0, data);

    /// <summary>The checksum of some bytes followed by <paramref name="data"/>.</summary>
    /// <param name="checksum">Checksum of the bytes before; 0 when there are none.</param>
    /// <param name="data">The bytes that follow.</param>
    public static uint Append(uint checksum, ReadOnlySpan<byte> data)
    {
        uint state = ~checksum;
        if (BitConverter.IsLittleEndian)
        {
            ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(data);
            foreach (ulong word in words)
            {
                state = BitOperations.Crc32C(state, word);
            }

            data = data[(words.Length * sizeof(ulong))..];
        }

        for (; data.Length >= sizeof(ulong); data = data[sizeof(ulong)..])
        {
            state = BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt64LittleEndian(data));
        }

        foreach (byte value in data)
        {
            state = BitOperations.Crc32C(state, value);
        }

        return ~state;
    }
}
