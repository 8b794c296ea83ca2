using Sdk.Core.Payments.Transfers;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Transfer;

/// <summary>One transfer between two ledgers: with stops at every point, cheats, reorganisations, delays and clocks that differ.</summary>
internal sealed class TransferScenario : Scenario
{
    private static readonly IReadOnlyDictionary<string, TransferMutations> ByName = new Dictionary<string, TransferMutations>
    {
        ["no-timing-check"] = TransferMutations.NoTimingCheck,
        ["no-finality"] = TransferMutations.NoFinality,
        ["late-claim"] = TransferMutations.LateClaim,
        ["lock-before-persist"] = TransferMutations.LockBeforePersist,
        ["no-resubmit"] = TransferMutations.NoResubmit,
        ["no-help"] = TransferMutations.NoHelp,
        ["no-terms-check"] = TransferMutations.NoTermsCheck,
        ["take-both"] = TransferMutations.TakeBoth,
        ["late-lock"] = TransferMutations.LateLock,
        ["no-clock-check"] = TransferMutations.NoClockCheck,
    };

    public override string Name => "transfer";

    public override string Description => "hash locks between two ledgers: stops at every point, cheats, reorganisations, clocks that differ; nobody honest loses";

    public override IReadOnlyList<string> Mutations => [.. ByName.Keys];

    public override (int Min, int Max) NodeRange => (2, 2);

    public override void Run(SimWorld world)
    {
        TransferPlan plan = TransferPlan.Draw(world);
        var transfer = new TransferWorld(world, plan, world.Mutation is { } name ? ByName[name] : TransferMutations.None);
        transfer.Start();

        // All deadlines, both sides' patience, and whoever returns late.
        TimeSpan step = TimeSpan.FromSeconds(30);
        TimeSpan end = TimeSpan.FromMinutes(2) + (4 * (plan.Timing.FirstLockLead + plan.Timing.Gap + plan.Timing.Response));
        while (world.Scheduler.Now < end && !transfer.IsOver)
        {
            world.Scheduler.RunFor(step);
            transfer.Checks.Conserved();
        }

        transfer.Checks.AtEnd();
    }
}
