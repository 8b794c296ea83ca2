namespace Sdk.Core.Overlay.Lookups;

/// <summary>The numbers of a lookup. The limits keep one that is lied to from running on, or from taking memory and signatures.</summary>
internal sealed record LookupParameters
{
    /// <summary>k: how many of the nearest are wanted.</summary>
    public int Count { get; init; } = 16;

    /// <summary>
    /// d: paths that share no contact that was asked. One liar that is asked can lead a path astray. Where a third of all nodes and half of the
    /// nearest forty name only each other, about 15 in 100 lookups with one path of three at a time fail, 10 with three paths, 1 with eight;
    /// eight ask 28 nodes where one asks 20.
    /// </summary>
    public int Paths { get; init; } = 8;

    /// <summary>α: contacts of one path that are asked at a time. Each more is one more chance to ask a liar before an honest answer is here.</summary>
    public int Parallel { get; init; } = 1;

    /// <summary>A path ends when this many of its nearest have answered; from there on all paths are one, which ends with <see cref="Count"/>.</summary>
    public int PathWidth { get; init; } = 3;

    /// <summary>Contacts taken of one answer; what stands behind them is not looked at.</summary>
    public int NamedMax { get; init; } = 16;

    /// <summary>Contacts known at a time. Beyond, the farthest is forgotten.</summary>
    public int ContactsMax { get; init; } = 1024;

    /// <summary>Contacts that one path may ask: three times what a network of a million takes.</summary>
    public int PathAsksMax { get; init; } = 20;

    /// <summary>Contacts asked in all: what the paths may, and twice <see cref="Count"/> for what they found together.</summary>
    public int AsksMax { get; init; } = 192;

    /// <summary>Forged contacts that one contact may name before the rest of what it named is passed over: each costs us two signatures to see.</summary>
    public int ForgeriesMax { get; init; } = 2;

    /// <summary>An address is asked again with another record at most this often: the first may have been an old one, replayed.</summary>
    public int AttemptsMax { get; init; } = 2;
}
