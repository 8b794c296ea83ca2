using Sdk.Core.Payments;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Transfer;

/// <summary>
/// What one seed plays. Of three seeds one has no stops, one has one side stop, and one both: the points are counted through, so that 4 563 seeds
/// in a row have each side stop before each of its first thirteen effects, for ever, for a while within the margins, or for any time, alone and
/// in all pairs. The rest is drawn.
/// </summary>
internal sealed record TransferPlan
{
    private const int StopPoints = 13;
    private const int Pauses = 3;

    private static readonly Malice[] Initiators =
        [Malice.WrongAmount, Malice.WrongChain, Malice.WrongRecipient, Malice.WrongDeadline, Malice.WrongHash, Malice.OtherTerms, Malice.ShortGap, Malice.LateClaim, Malice.NeverClaim, Malice.EarlySecret, Malice.LateSecret, Malice.SlowLock, Malice.Greed];

    private static readonly Malice[] Responders =
        [Malice.WrongAmount, Malice.WrongChain, Malice.WrongRecipient, Malice.WrongDeadline, Malice.WrongHash, Malice.LateLock, Malice.NeverLock, Malice.Greed];

    public required TransferTiming Timing { get; init; }

    public required SimLedgerShape First { get; init; }

    public required SimLedgerShape Second { get; init; }

    public required TimeSpan PollMax { get; init; }

    public required bool IsBurn { get; init; }

    public required int LossPercent { get; init; }

    /// <summary>By role: how it cheats.</summary>
    public required IReadOnlyDictionary<TransferRole, Malice> Malices { get; init; }

    /// <summary>By role: before which of its effects it stops, and for how long; no time for ever.</summary>
    public required IReadOnlyDictionary<TransferRole, (int? Stop, TimeSpan? Pause)> Stops { get; init; }

    /// <summary>By role: how far its clock is from true time.</summary>
    public required IReadOnlyDictionary<TransferRole, TimeSpan> ClockOffsets { get; init; }

    public static TransferPlan Draw(SimWorld sim)
    {
        SimRandom random = sim.Random("plan");
        TimeSpan pollMax = TimeSpan.FromSeconds(random.Between(1, 3));
        TimeSpan partyOffsetMax = TimeSpan.FromSeconds(random.Between(0, 5));
        SimLedgerShape first = SimLedgerShape.Draw(random, pollMax, partyOffsetMax);
        SimLedgerShape second = SimLedgerShape.Draw(random, pollMax, partyOffsetMax);
        var timing = new TransferTiming(first.Timing, second.Timing, TimeSpan.FromSeconds(random.Between(30, 90)), TimeSpan.FromHours(2));
        int kind = random.Next(100);
        var malices = new Dictionary<TransferRole, Malice>
        {
            [TransferRole.Initiator] = kind < 25 ? random.Pick(Initiators) : Malice.None,
            [TransferRole.Responder] = kind is >= 25 and < 50 ? random.Pick(Responders) : Malice.None,
        };
        (ulong mode, ulong count) = (sim.Seed % 3, sim.Seed / 3);
        (int? Stop, TimeSpan? Pause) one = StopOf(count, timing, random);
        (int? Stop, TimeSpan? Pause) other = StopOf(count / (StopPoints * Pauses), timing, random);
        (int? Stop, TimeSpan? Pause) none = (null, null);
        (one, other) = mode switch
        {
            0 => (one, other),
            1 => count / (StopPoints * Pauses) % 2 == 0 ? (one, none) : (none, one),
            _ => (none, none),
        };
        bool hasWrongClock = random.Percent(8);
        if (hasWrongClock)
        {
            // Beyond what was agreed nothing is promised to whoever stops as well.
            (one, other) = (none, none);
            TimeSpan wrong = first.Timing.ClockSkew + timing.Gap + TimeSpan.FromSeconds(random.Between(1, 600));
            if (random.Percent(50))
            {
                first = first with { ClockOffset = wrong };
            }
            else if (!second.IsInstant)
            {
                second = second with { ClockOffset = random.Percent(50) ? wrong : -wrong };
            }
        }

        return new TransferPlan
        {
            Timing = timing,
            First = first,
            Second = second,
            PollMax = pollMax,
            IsBurn = random.Percent(25),
            LossPercent = random.Pick([0, 20, 60]),
            Malices = malices,
            Stops = new Dictionary<TransferRole, (int?, TimeSpan?)> { [TransferRole.Initiator] = one, [TransferRole.Responder] = other },
            ClockOffsets = new Dictionary<TransferRole, TimeSpan>
            {
                [TransferRole.Initiator] = random.Between(-partyOffsetMax, partyOffsetMax),
                [TransferRole.Responder] = random.Between(-partyOffsetMax, partyOffsetMax),
            },
        };
    }

    private static (int? Stop, TimeSpan? Pause) StopOf(ulong count, TransferTiming timing, SimRandom random)
    {
        TimeSpan brief = random.Between(TimeSpan.Zero, timing.Response / 3);
        TimeSpan any = random.Between(TimeSpan.Zero, 2 * (timing.FirstLockLead + timing.Gap));
        return ((int)(count % StopPoints), (count / StopPoints % Pauses) switch
        {
            0 => null,
            1 => brief,
            _ => any,
        });
    }
}
