using System.Buffers.Binary;

namespace Sdk.Fuzz;

/// <summary>Makes inputs from a corpus: every one from its seed and number alone, so that any of them can be made again.</summary>
internal sealed class Mutator(IReadOnlyList<byte[]> corpus, IReadOnlyList<byte[]> words)
{
    /// <summary>Beyond every limit of the decoders here, short of what would only cost time.</summary>
    private const int MaxBytes = 16 * 1024;

    private static readonly byte[] Interesting = [0, 1, 2, 0x0A, 0x10, 0x12, 0x1F, 0x20, 0x2F, 0x40, 0x7E, 0x7F, 0x80, 0x81, 0xFE, 0xFF];

    private static readonly uint[] InterestingNumbers =
        [0, 1, 127, 128, 255, 256, 16383, 16384, 65535, 65536, 262_144, 262_145, int.MaxValue, 0x8000_0000, uint.MaxValue];

    private ulong _state;

    public byte[] Make(ulong seed, long index)
    {
        _state = (seed * 0x9E37_79B9_7F4A_7C15) ^ ((ulong)index * 0xD134_2543_DE82_EF95);
        Next();
        if (Below(64) == 0)
        {
            return Noise(Below(200));
        }

        var bytes = new List<byte>(corpus[Below(corpus.Count)]);

        // One change in half of the inputs, seldom many.
        var changes = 1;
        while (changes < 32 && Below(2) == 0)
        {
            changes++;
        }

        for (var i = 0; i < changes; i++)
        {
            Change(bytes);
        }

        if (bytes.Count > MaxBytes)
        {
            bytes.RemoveRange(MaxBytes, bytes.Count - MaxBytes);
        }

        return [.. bytes];
    }

    private void Change(List<byte> bytes)
    {
        var at = Below(bytes.Count + 1);
        var isInside = at < bytes.Count;
        switch (Below(14))
        {
            case 0 or 1 when isInside:
                bytes[at] ^= (byte)(1 << Below(8));
                break;
            case 2 when isInside:
                bytes[at] = Interesting[Below(Interesting.Length)];
                break;
            case 3 when isInside:
                bytes[at] = (byte)Below(256);
                break;
            case 4 when isInside:
                bytes[at] = (byte)(bytes[at] + (Below(2) == 0 ? 1 : -1));
                break;
            case 5:
                bytes.Insert(at, Interesting[Below(Interesting.Length)]);
                break;
            case 6 when isInside:
                bytes.RemoveRange(at, 1 + Below(Math.Min(8, bytes.Count - at)));
                break;
            case 7 when isInside:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 8 when isInside:
                InsertSome(bytes, at, bytes.GetRange(at, 1 + Below(Math.Min(64, bytes.Count - at))));
                break;
            case 9 when isInside:
                // Many times the same: what a decoder keeps for each is what an attacker multiplies.
                var piece = bytes.GetRange(at, 1 + Below(Math.Min(24, bytes.Count - at)));
                var times = 1 + Below(256);
                for (var i = 0; i < times && bytes.Count < MaxBytes; i++)
                {
                    bytes.InsertRange(at, piece);
                }

                break;
            case 10:
                var other = corpus[Below(corpus.Count)];
                var from = Below(other.Length + 1);
                InsertSome(bytes, at, [.. other.AsSpan(from, Below(other.Length - from + 1))]);
                break;
            case 11 when bytes.Count - at >= 4:
                var number = new byte[4];
                BinaryPrimitives.WriteUInt32BigEndian(number, InterestingNumbers[Below(InterestingNumbers.Length)]);
                var width = 1 << Below(3);
                for (var i = 0; i < width; i++)
                {
                    bytes[at + i] = number[4 - width + i];
                }

                break;
            case 12 when words.Count > 0:
                bytes.InsertRange(at, words[Below(words.Count)]);
                break;
            default:
                InsertSome(bytes, at, [.. Noise(1 + Below(16))]);
                break;
        }
    }

    private static void InsertSome(List<byte> bytes, int at, List<byte> piece) => bytes.InsertRange(at, piece);

    private byte[] Noise(int length)
    {
        var noise = new byte[length];
        for (var i = 0; i < length; i++)
        {
            noise[i] = (byte)Next();
        }

        return noise;
    }

    private int Below(int bound) => (int)(Next() % (uint)bound);

    /// <summary>SplitMix64, in its upper half.</summary>
    private uint Next()
    {
        _state += 0x9E37_79B9_7F4A_7C15;
        var z = _state;
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return (uint)((z ^ (z >> 31)) >> 32);
    }
}
