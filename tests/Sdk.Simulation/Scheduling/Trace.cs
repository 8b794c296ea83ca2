using System.Globalization;

namespace Sdk.Simulation.Scheduling;

/// <summary>
/// What happened, folded into one hash. Two runs of a seed must end with the same hash, or something outside the
/// seed took part in the run. Only what the seed decides may be recorded: no signature (ECDSA draws a nonce), no
/// object identity.
/// </summary>
internal sealed class Trace(TextWriter? verbose = null)
{
    private readonly List<ulong> _prefixes = [];

    public ulong Hash { get; private set; } = 0x243F6A8885A308D3;

    /// <summary>The hash after every record, or every <see cref="Stride"/>, so that a difference can be named by its place.</summary>
    public IReadOnlyList<ulong> Prefixes => _prefixes;

    public long Count { get; private set; }

    /// <summary>Long runs keep less: a prefix for so many records. Set before the first record.</summary>
    public int Stride { get; set; } = 1;

    /// <summary>True while somebody reads along; only then is it worth making text.</summary>
    public bool IsVerbose => verbose is not null;

    /// <summary>Simulated time, set by the scheduler.</summary>
    internal long NowTicks { get; set; }

    public void Record(string what, long a = 0, long b = 0, long c = 0, long d = 0)
    {
        ulong hash = Hash;
        foreach (char letter in what)
        {
            hash = (hash ^ letter) * 0x100000001B3;
        }

        hash = SimRandom.Mix(hash ^ (ulong)NowTicks);
        hash = SimRandom.Mix(hash ^ (ulong)a);
        hash = SimRandom.Mix(hash + (ulong)b);
        hash = SimRandom.Mix(hash ^ (ulong)c);
        Hash = SimRandom.Mix(hash + (ulong)d);
        if (++Count % Stride == 0)
        {
            _prefixes.Add(Hash);
        }

        if (verbose is not null)
        {
            Write($"{what} {a} {b} {c} {d}");
        }
    }

    /// <summary>Text for whoever reads along; no part of the hash.</summary>
    public void Note(string text)
    {
        if (verbose is not null)
        {
            Write("  " + text);
        }
    }

    /// <summary>The first record in which two runs differ, or the first kept before it, or null when they are the same.</summary>
    public static long? FirstDifference(Trace one, Trace other)
    {
        int common = Math.Min(one._prefixes.Count, other._prefixes.Count);
        for (int i = 0; i < common; i++)
        {
            if (one._prefixes[i] != other._prefixes[i])
            {
                return (long)i * one.Stride;
            }
        }

        return one.Hash == other.Hash && one.Count == other.Count ? null : (long)common * one.Stride;
    }

    private void Write(string line) =>
        verbose!.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{TimeSpan.FromTicks(NowTicks).TotalMilliseconds,12:F4} ms #{_prefixes.Count,-7} {line}"));
}
