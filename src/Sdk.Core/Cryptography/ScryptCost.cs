namespace Sdk.Core.Cryptography;

/// <summary>The cost of scrypt: N steps over blocks of 128·r bytes, p times over. Checked before any memory is taken.</summary>
internal readonly record struct ScryptCost(int N, int R, int P)
{
    /// <summary>What a keystore may make a reader allocate: twice the usual 256 MiB.</summary>
    public const long MemoryBytesMax = 512L << 20;

    /// <summary>What a keystore may make a reader compute, as N·r·p: four times the usual 2^21.</summary>
    public const long WorkMax = 1L << 23;

    public const int BlockUnitBytes = 128;

    private const int FactorMax = 1 << 10;

    public long MemoryBytes => (long)BlockUnitBytes * N * R;

    public bool IsWithinBounds =>
        N > 1 && int.IsPow2(N)
        && R is >= 1 and <= FactorMax
        && P is >= 1 and <= FactorMax
        && MemoryBytes <= MemoryBytesMax
        && (long)N * R * P <= WorkMax;
}
