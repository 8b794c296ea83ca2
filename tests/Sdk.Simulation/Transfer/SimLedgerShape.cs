using Sdk.Core.Payments;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Transfer;

/// <summary>How a simulated ledger behaves, and what it claims of itself: what it does stays within the claim unless the clock is made wrong on purpose.</summary>
internal sealed record SimLedgerShape
{
    /// <summary>Where only work makes blocks and each is final, as on an embedded ledger.</summary>
    public required bool IsInstant { get; init; }

    public required TimeSpan BlockMin { get; init; }

    public required TimeSpan BlockMax { get; init; }

    /// <summary>How many blocks a reorganisation takes back at most.</summary>
    public required int Depth { get; init; }

    public required int ReorganizationPercent { get; init; }

    /// <summary>How long an operation waits in fact.</summary>
    public required TimeSpan WaitMax { get; init; }

    /// <summary>How far the ledger's clock is from true time.</summary>
    public required TimeSpan ClockOffset { get; init; }

    public required LedgerTiming Timing { get; init; }

    public static SimLedgerShape Draw(SimRandom random, TimeSpan pollMax, TimeSpan partyOffsetMax)
    {
        TimeSpan skew = TimeSpan.FromSeconds(random.Between(0, 20));
        TimeSpan offset = random.Between(-skew, skew);
        TimeSpan claimedSkew = WholeSeconds(skew + partyOffsetMax) + TimeSpan.FromSeconds(1);
        if (random.Percent(35))
        {
            TimeSpan wait = random.Between(TimeSpan.Zero, TimeSpan.FromSeconds(3));
            return new SimLedgerShape
            {
                IsInstant = true,
                BlockMin = TimeSpan.Zero,
                BlockMax = TimeSpan.Zero,
                Depth = 0,
                ReorganizationPercent = 0,
                WaitMax = wait,
                ClockOffset = offset,
                Timing = new LedgerTiming { Inclusion = WholeSeconds(wait), Finality = TimeSpan.Zero, Reorganization = TimeSpan.Zero, ClockSkew = claimedSkew },
            };
        }

        TimeSpan blockMax = TimeSpan.FromSeconds(random.Between(2, 8));
        int depth = random.Between(1, 6);
        TimeSpan waitMax = random.Between(blockMax, TimeSpan.FromSeconds(30));
        TimeSpan inclusion = WholeSeconds(waitMax + blockMax);
        return new SimLedgerShape
        {
            IsInstant = false,
            BlockMin = blockMax / 4,
            BlockMax = blockMax,
            Depth = depth,
            ReorganizationPercent = random.Pick([0, 10, 30]),
            WaitMax = waitMax,
            ClockOffset = offset,
            Timing = new LedgerTiming
            {
                Inclusion = inclusion,
                Finality = (depth + 2) * blockMax,
                Reorganization = WholeSeconds((depth * blockMax) + inclusion + (2 * pollMax) + (2 * blockMax) + (inclusion / 4)),
                ClockSkew = claimedSkew,
            },
        };
    }

    private static TimeSpan WholeSeconds(TimeSpan span) => TimeSpan.FromSeconds((long)Math.Ceiling(span.TotalSeconds));
}
