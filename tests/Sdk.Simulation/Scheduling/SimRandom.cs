namespace Sdk.Simulation.Scheduling;

/// <summary>
/// The only source of chance in a simulation: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
/// Everything that draws takes a <see cref="Fork"/> of its own, so that one more draw in the network does not
/// change what the clients do.
/// </summary>
internal sealed class SimRandom(ulong seed)
{
    private const ulong Golden = 0x9E3779B97F4A7C15;
    private ulong _state = seed;

    /// <summary>Where the generator stands; two equal runs end on the same state.</summary>
    public ulong State => _state;

    public ulong Next()
    {
        _state += Golden;
        return Mix(_state);
    }

    /// <summary>A number in [0, <paramref name="bound"/>).</summary>
    public int Next(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        return (int)(((UInt128)Next() * (ulong)bound) >> 64);
    }

    /// <summary>A number in [<paramref name="first"/>, <paramref name="last"/>], both included.</summary>
    public int Between(int first, int last) => first + Next(last - first + 1);

    /// <summary>A time in [<paramref name="shortest"/>, <paramref name="longest"/>].</summary>
    public TimeSpan Between(TimeSpan shortest, TimeSpan longest)
    {
        ulong width = (ulong)(longest.Ticks - shortest.Ticks) + 1;
        return TimeSpan.FromTicks(shortest.Ticks + (long)(ulong)(((UInt128)Next() * width) >> 64));
    }

    public bool Percent(int chance) => Next(100) < chance;

    public T Pick<T>(IReadOnlyList<T> items) => items[Next(items.Count)];

    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    public void Fill(Span<byte> destination)
    {
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        while (destination.Length > 0)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(word, Next());
            int length = Math.Min(word.Length, destination.Length);
            word[..length].CopyTo(destination);
            destination = destination[length..];
        }
    }

    /// <summary>A generator of its own for one purpose; equal purposes of one seed get equal streams.</summary>
    public static SimRandom Fork(ulong seed, string purpose)
    {
        ulong hash = 0xCBF29CE484222325;
        foreach (char letter in purpose)
        {
            hash = (hash ^ letter) * 0x100000001B3;
        }

        return new SimRandom(Mix(seed ^ hash));
    }

    internal static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
