using Sdk.Core.Payments;
using Sdk.Simulation.Network;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Payments;

/// <summary>
/// Traders that serve and pay each other over a bad network, crash with and without their power, and meet cheats of seven kinds. First with
/// all faults; then healed, when any two honest ones must come to trade again; then everything is cashed.
/// </summary>
/// <remarks>
/// P1 nobody honest loses more than its threshold to any one other · P2 tokens are conserved · P3 bounces are on the ledger, and in the books of
/// whom they hit · P4 nobody honest pays twice, or forgets a cheque that left · P5 no cheque is lost after its acknowledgement · P6 honest
/// pairs trade again · P7 a cheque of an honest issuer never bounces ·
/// P8 no cheque is taken that the ledger does not cover.
/// </remarks>
internal sealed class PaymentsScenario : Scenario
{
    private const int FiguresFrom = 100;

    private static readonly TimeSpan CheckEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan HealTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan TradeTime = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan CashTime = TimeSpan.FromSeconds(20);

    private static readonly Dictionary<string, AccountingMutations> ByName = new()
    {
        ["no-journal"] = AccountingMutations.NoJournal,
        ["ack-before-sync"] = AccountingMutations.AcknowledgeBeforeSync,
        ["no-solvency-check"] = AccountingMutations.NoSolvencyCheck,
        ["no-shadow-balance"] = AccountingMutations.NoShadowBalance,
        ["no-exposure"] = AccountingMutations.NoExposure,
        ["trust-invoices"] = AccountingMutations.TrustInvoices,
        ["take-replays"] = AccountingMutations.TakeReplays,
        ["no-reservations"] = AccountingMutations.NoReservations,
        ["pay-unlimited"] = AccountingMutations.PayUnlimited,
    };

    public override string Name => "payments";

    public override string Description => "accounting and cheques: honest traders and cheats, lost messages, crashes and torn disks; nobody loses more than its threshold to any one other";

    public override IReadOnlyList<string> Mutations => [.. ByName.Keys];

    public override (int Min, int Max) NodeRange => (4, 400);

    public override void Run(SimWorld world)
    {
        SimRandom random = world.Random("shape");
        int nodes = world.Nodes ?? random.Between(6, 24);
        int cheats = Math.Max(1, nodes * random.Between(5, 40) / 100);
        var payments = new PaymentsWorld(world, nodes - cheats, cheats, world.Mutation is null ? AccountingMutations.None : ByName[world.Mutation])
        {
            Network = { Faults = NetworkFaults.Draw(world.Random("faults")) },
        };
        payments.Start();
        RunWithFaults(payments, random);
        RunHealed(payments);
        RunToEnd(payments);
        if (nodes >= FiguresFrom)
        {
            payments.Report();
        }
    }

    private static void RunWithFaults(PaymentsWorld payments, SimRandom random)
    {
        SimScheduler scheduler = payments.Sim.Scheduler;
        int crashPercent = random.Percent(20) ? 0 : random.Between(5, 60);
        TimeSpan end = random.Between(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(60));
        while (scheduler.Now < end)
        {
            Check(payments, CheckEvery);
            for (int i = payments.Traders.Count / 10; i >= 0; i--)
            {
                if (random.Percent(crashPercent))
                {
                    random.Pick(payments.Traders).Crash();
                }
            }
        }

        payments.Network.Faults = NetworkFaults.None;
        payments.Sim.Trace.Record("heal");
    }

    private static void RunHealed(PaymentsWorld payments)
    {
        Check(payments, HealTime);
        payments.Truth.ForgetServices();
        Check(payments, TradeTime);
        foreach (SimTrader trader in payments.Traders)
        {
            foreach (int partner in trader.Partners.Where(payments.IsHonest))
            {
                if (payments.Truth.Services(trader.Index, partner) == 0)
                {
                    throw new InvariantViolationException("P6", $"{partner} did not serve {trader.Index} for {TradeTime} after all was well again");
                }
            }
        }
    }

    private static void RunToEnd(PaymentsWorld payments)
    {
        payments.StopCheats();
        foreach (SimTrader trader in payments.Traders)
        {
            trader.IsTrading = false;
            trader.CashCosts = 0;
        }

        Check(payments, CashTime);
        payments.Truth.CheckEnd();
    }

    private static void Check(PaymentsWorld payments, TimeSpan duration)
    {
        TimeSpan end = payments.Sim.Scheduler.Now + duration;
        while (payments.Sim.Scheduler.Now < end)
        {
            payments.Sim.Scheduler.RunFor(CheckEvery);
            payments.Truth.Check();
        }
    }
}
