namespace Sdk.Core.Payments;

/// <summary>
/// How slow a ledger may be, and how wrong its clock: what a transfer over it counts on. Whole seconds, none negative. A transfer is only as
/// safe as these are true, so they are bounds for bad days, not averages.
/// </summary>
public sealed record LedgerTiming
{
    /// <summary>The longest from submission until an operation stands in a block, congestion and fees included.</summary>
    public required TimeSpan Inclusion { get; init; }

    /// <summary>The longest from a block until it is final.</summary>
    public required TimeSpan Finality { get; init; }

    /// <summary>
    /// The longest until an operation that a reorganisation took back is in a block again, submitted anew if need be; and the longest that a
    /// branch stays hidden before it becomes the chain. Zero where nothing is ever taken back.
    /// </summary>
    public required TimeSpan Reorganization { get; init; }

    /// <summary>How far the time of a new block is from this node's clock, before or after.</summary>
    public required TimeSpan ClockSkew { get; init; }

    /// <summary>A minute a block at most, final after a quarter of an hour, clocks a minute apart: a chain like Ethereum.</summary>
    public static LedgerTiming Ethereum { get; } = new()
    {
        Inclusion = TimeSpan.FromMinutes(10),
        Finality = TimeSpan.FromMinutes(20),
        Reorganization = TimeSpan.FromMinutes(15),
        ClockSkew = TimeSpan.FromMinutes(1),
    };

    /// <summary>An embedded ledger: what is included is final; its clock may be another machine's.</summary>
    public static LedgerTiming Embedded { get; } = new()
    {
        Inclusion = TimeSpan.FromMinutes(1),
        Finality = TimeSpan.Zero,
        Reorganization = TimeSpan.Zero,
        ClockSkew = TimeSpan.FromMinutes(1),
    };

    /// <summary>
    /// How long before a lock's deadline its claim is submitted at the latest: it must be in a block, by the ledger's clock, and be there again
    /// after a reorganisation.
    /// </summary>
    public TimeSpan ClaimMargin => Inclusion + Reorganization + ClockSkew;

    /// <summary>How long until what was submitted is final.</summary>
    internal TimeSpan Settlement => Inclusion + Finality + Reorganization;

    internal void Validate(string ledger)
    {
        foreach (var (name, span) in new[] { (nameof(Inclusion), Inclusion), (nameof(Finality), Finality), (nameof(Reorganization), Reorganization), (nameof(ClockSkew), ClockSkew) })
        {
            if (span < TimeSpan.Zero || span > TransferTiming.SpanMax || span.Ticks % TimeSpan.TicksPerSecond != 0)
            {
                throw new ArgumentOutOfRangeException(name, span, $"{name} of the {ledger} ledger is from zero to {TransferTiming.SpanMax.TotalDays} days, in whole seconds.");
            }
        }
    }
}
