using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace Sdk.Core.Cryptography;

/// <summary>
/// scrypt (RFC 7914): a password hash that needs much memory. Ours, so that a second of work can be cancelled, tells its progress, and
/// zeroes its memory. Each 64-byte block of Salsa20 is kept in the order of its diagonals, so that its rounds are vector operations.
/// </summary>
internal static unsafe class Scrypt
{
    private const int WordsPerSalsa = 16;
    private const int VectorsPerSalsa = 4;
    private const nuint CacheLineBytes = 64;
    private const int ReportsPerPass = 32;

    /// <exception cref="OperationCanceledException">Cancelled; the memory was zeroed.</exception>
    public static void DeriveKey(
        ReadOnlySpan<byte> password,
        ReadOnlySpan<byte> salt,
        ScryptCost cost,
        Span<byte> destination,
        IProgress<double>? progress,
        CancellationToken cancellationToken)
    {
        if (!cost.IsWithinBounds)
        {
            throw new ArgumentOutOfRangeException(nameof(cost), "The cost of scrypt is out of bounds.");
        }

        var blockBytes = ScryptCost.BlockUnitBytes * cost.R;
        var blocks = new byte[blockBytes * cost.P];
        var memoryBytes = (nuint)cost.MemoryBytes + (2 * (nuint)blockBytes);
        var memory = NativeMemory.AlignedAlloc(memoryBytes, CacheLineBytes);
        try
        {
            Rfc2898DeriveBytes.Pbkdf2(password, salt, blocks, iterations: 1, HashAlgorithmName.SHA256);
            for (var i = 0; i < cost.P; i++)
            {
                var pass = new Progress(progress, i, cost.P, cancellationToken);
                Mix(blocks.AsSpan(i * blockBytes, blockBytes), cost, (Vector128<uint>*)memory, pass);
            }

            Rfc2898DeriveBytes.Pbkdf2(password, blocks, destination, iterations: 1, HashAlgorithmName.SHA256);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(blocks);
            NativeMemory.Clear(memory, memoryBytes);
            NativeMemory.AlignedFree(memory);
        }
    }

    // scryptROMix (section 5). The memory holds N blocks, and behind them the block X and its successor Y.
    private static void Mix(Span<byte> block, ScryptCost cost, Vector128<uint>* memory, Progress progress)
    {
        var vectors = 2 * cost.R * VectorsPerSalsa;
        var x = memory + ((nuint)cost.N * (nuint)vectors);
        var y = x + vectors;
        Load(block, (uint*)x);
        var stepsPerReport = Math.Max(1, cost.N / ReportsPerPass);
        for (var i = 0; i < cost.N; i++)
        {
            progress.At(i, 2L * cost.N, stepsPerReport);
            new ReadOnlySpan<Vector128<uint>>(x, vectors).CopyTo(new Span<Vector128<uint>>(memory + ((nuint)i * (nuint)vectors), vectors));
            BlockMix(x, y, cost.R);
            Swap(ref x, ref y);
        }

        for (var i = 0; i < cost.N; i++)
        {
            progress.At(cost.N + i, 2L * cost.N, stepsPerReport);

            // Integerify: the first word of the last Salsa block, modulo N.
            var j = ((uint*)x)[(vectors * 4) - WordsPerSalsa] & (uint)(cost.N - 1);
            var chosen = memory + (j * (nuint)vectors);
            for (var k = 0; k < vectors; k++)
            {
                x[k] ^= chosen[k];
            }

            BlockMix(x, y, cost.R);
            Swap(ref x, ref y);
        }

        Store((uint*)x, block);
    }

    private static void Swap(ref Vector128<uint>* x, ref Vector128<uint>* y)
    {
        var previous = x;
        x = y;
        y = previous;
    }

    // scryptBlockMix (section 4): a chain of Salsa20/8 over the 2r blocks, the even results before the odd ones.
    private static void BlockMix(Vector128<uint>* input, Vector128<uint>* output, int r)
    {
        var last = input + (((2 * r) - 1) * VectorsPerSalsa);
        Vector128<uint> x0 = last[0], x1 = last[1], x2 = last[2], x3 = last[3];
        for (var i = 0; i < 2 * r; i++)
        {
            x0 ^= input[0];
            x1 ^= input[1];
            x2 ^= input[2];
            x3 ^= input[3];
            Salsa8(ref x0, ref x1, ref x2, ref x3);
            var destination = output + (((i / 2) + ((i & 1) * r)) * VectorsPerSalsa);
            destination[0] = x0;
            destination[1] = x1;
            destination[2] = x2;
            destination[3] = x3;
            input += VectorsPerSalsa;
        }
    }

    // Salsa20/8 (section 3) with the four diagonals in four vectors; the shuffles turn columns into rows and back.
    private static void Salsa8(ref Vector128<uint> x0, ref Vector128<uint> x1, ref Vector128<uint> x2, ref Vector128<uint> x3)
    {
        Vector128<uint> a = x0, b = x1, c = x2, d = x3;
        for (var i = 0; i < 4; i++)
        {
            b ^= RotateLeft(a + d, 7);
            c ^= RotateLeft(b + a, 9);
            d ^= RotateLeft(c + b, 13);
            a ^= RotateLeft(d + c, 18);
            b = Vector128.Shuffle(b, Vector128.Create(3u, 0, 1, 2));
            c = Vector128.Shuffle(c, Vector128.Create(2u, 3, 0, 1));
            d = Vector128.Shuffle(d, Vector128.Create(1u, 2, 3, 0));
            d ^= RotateLeft(a + b, 7);
            c ^= RotateLeft(d + a, 9);
            b ^= RotateLeft(c + d, 13);
            a ^= RotateLeft(b + c, 18);
            b = Vector128.Shuffle(b, Vector128.Create(1u, 2, 3, 0));
            c = Vector128.Shuffle(c, Vector128.Create(2u, 3, 0, 1));
            d = Vector128.Shuffle(d, Vector128.Create(3u, 0, 1, 2));
        }

        x0 += a;
        x1 += b;
        x2 += c;
        x3 += d;
    }

    private static Vector128<uint> RotateLeft(Vector128<uint> value, int bits) => (value << bits) | (value >>> (32 - bits));

    private static void Load(ReadOnlySpan<byte> block, uint* words)
    {
        for (var i = 0; i < block.Length / sizeof(uint); i++)
        {
            words[i] = BinaryPrimitives.ReadUInt32LittleEndian(block[(DiagonalOf(i) * sizeof(uint))..]);
        }
    }

    private static void Store(uint* words, Span<byte> block)
    {
        for (var i = 0; i < block.Length / sizeof(uint); i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(block[(DiagonalOf(i) * sizeof(uint))..], words[i]);
        }
    }

    // Where the i-th word in the order of diagonals stands in the block: five on, around the 16 of its Salsa block.
    private static int DiagonalOf(int i) => (i & ~(WordsPerSalsa - 1)) | (5 * i % WordsPerSalsa);

    private readonly record struct Progress(IProgress<double>? Target, int Pass, int Passes, CancellationToken CancellationToken)
    {
        public void At(long step, long steps, int stepsPerReport)
        {
            if (step % stepsPerReport == 0)
            {
                CancellationToken.ThrowIfCancellationRequested();
                Target?.Report((Pass + ((double)step / steps)) / Passes);
            }
        }
    }
}
