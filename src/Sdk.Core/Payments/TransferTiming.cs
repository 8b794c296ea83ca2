using Sdk.Core.Cryptography;

namespace Sdk.Core.Payments;

/// <summary>
/// When the two locks of a transfer end. The second ends first, and so much earlier that whoever claims it in the last block that counts has
/// shown the secret in time for the other side to claim the first. The paper (Elastos, 5.4) prints no times; these are ours.
/// </summary>
/// <remarks>
/// In the ledgers' own times: second deadline + clock skew, inclusion, finality and reorganisation of the second ledger + response
/// + inclusion, reorganisation and clock skew of the first ≤ first deadline. Immutable, checked when made.
/// </remarks>
public sealed class TransferTiming
{
    /// <summary>No margin is longer.</summary>
    internal static readonly TimeSpan SpanMax = TimeSpan.FromDays(30);

    /// <summary>Margins for one transfer.</summary>
    /// <param name="first">Of the ledger with the first lock.</param>
    /// <param name="second">Of the ledger with the second lock.</param>
    /// <param name="response">
    /// How long a side may take to act, a restart included: at least a second. Whoever may be away for a night sets a night.
    /// </param>
    /// <param name="lockMax">How long anything may be locked at most: what a counterpart that vanishes can cost.</param>
    /// <exception cref="ArgumentOutOfRangeException">A margin is negative, longer than 30 days or no whole seconds, or all do not fit into <paramref name="lockMax"/>.</exception>
    public TransferTiming(LedgerTiming first, LedgerTiming second, TimeSpan response, TimeSpan lockMax)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        first.Validate("first");
        second.Validate("second");
        (First, Second, Response, LockMax) = (first, second, response, lockMax);
        if (response < TimeSpan.FromSeconds(1) || response > SpanMax || response.Ticks % TimeSpan.TicksPerSecond != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(response), response, "A side needs at least a second to act, and at most 30 days, in whole seconds.");
        }

        if (lockMax > 12 * SpanMax || lockMax.Ticks % TimeSpan.TicksPerSecond != 0 || lockMax < FirstLockLead + Gap)
        {
            throw new ArgumentOutOfRangeException(nameof(lockMax), lockMax, $"The margins alone take {FirstLockLead + Gap}, and nothing is locked for more than a year.");
        }
    }

    /// <summary>The ledger with the first lock.</summary>
    public LedgerTiming First { get; }

    /// <summary>The ledger with the second lock.</summary>
    public LedgerTiming Second { get; }

    /// <summary>How long a side may take to act, a restart included.</summary>
    public TimeSpan Response { get; }

    /// <summary>How long anything may be locked at most.</summary>
    public TimeSpan LockMax { get; }

    /// <summary>The least time between the deadlines: from the last block in which the second lock can be claimed to the last moment for claiming the first.</summary>
    public TimeSpan Gap => Second.ClockSkew + Second.Settlement + Response + First.ClaimMargin;

    /// <summary>How long before its deadline the second lock is submitted at the latest: it must become final, and the initiator must see it and claim.</summary>
    public TimeSpan SecondLockLead => Second.Settlement + Response + Second.ClaimMargin;

    /// <summary>How long before the second deadline the first lock is submitted at the latest: it must become final, and the responder must see it and lock.</summary>
    public TimeSpan FirstLockLead => First.Settlement + Response + SecondLockLead;

    /// <summary>Deadlines for a transfer that begins now, as early as the margins allow and one more <see cref="Response"/> to begin in.</summary>
    /// <returns>The deadlines of the first and the second lock, in seconds since 1970.</returns>
    public (ulong First, ulong Second) DeadlinesFrom(DateTimeOffset now)
    {
        var second = now + FirstLockLead + Response;
        return (UnixTime.Seconds(second + Gap) + 1, UnixTime.Seconds(second) + 1);
    }

    internal LedgerTiming this[TransferSide side] => side == TransferSide.First ? First : Second;

    /// <summary>Whether the deadlines leave the responder time to claim.</summary>
    internal bool HasGap(TransferTerms terms) => terms.SecondDeadline + (ulong)Gap.TotalSeconds <= terms.FirstDeadline;

    /// <summary>Whether nothing is locked for longer than anybody agreed to.</summary>
    internal bool IsShortEnough(TransferTerms terms, DateTimeOffset now) => DateTimeOffset.FromUnixTimeSeconds((long)terms.FirstDeadline) <= now + LockMax + Response + First.ClockSkew;

    internal bool IsTimeForFirstLock(TransferTerms terms, DateTimeOffset now) => now + FirstLockLead < terms.DeadlineOf(TransferSide.Second);

    internal bool IsTimeForSecondLock(TransferTerms terms, DateTimeOffset now) => now + SecondLockLead < terms.DeadlineOf(TransferSide.Second);
}
