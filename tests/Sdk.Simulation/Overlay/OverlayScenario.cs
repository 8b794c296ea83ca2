using System.Globalization;
using Sdk.Core.Overlay.Routing;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Overlay;

/// <summary>
/// A network of nodes with the shipping router: they join through a few that are known, come and go, lose a fifth of them at once, are cut in
/// two and made whole again, are besieged by ground addresses, and have a fifth of liars among them. Between all this the nearest node to
/// any address must be found.
/// </summary>
internal sealed class OverlayScenario : Scenario
{
    public const string NoVerification = "no-verification";
    public const string NoLiveness = "no-liveness";
    public const string NoUpkeep = "no-upkeep";

    private const int NodesByDefault = 80;
    private const int NodesPerBootstrap = 1_000;
    private const int LookupsMin = 200;
    private const int ManyNodes = 1_000;

    public override string Name => "overlay";

    public override string Description => "nodes join, come and go, vanish, are cut in two, besieged and lied to; the nearest to any address is found";

    public override IReadOnlyList<string> Mutations => [NoVerification, NoLiveness, NoUpkeep];

    public override (int Min, int Max) NodeRange => (50, 20_000);

    public override void Run(SimWorld world)
    {
        int nodes = world.Nodes ?? NodesByDefault;
        if (nodes >= ManyNodes)
        {
            world.Trace.Stride = 64;
            world.Scheduler.EventsMax = long.MaxValue;
        }

        OverlayWorld overlay = new(world, new OverlayParameters { Mutations = MutationOf(world.Mutation) });
        OverlayPhases phases = new(overlay, nodes, Math.Max(LookupsMin, nodes / 5));
        phases.Join(bootstraps: 1 + (nodes / NodesPerBootstrap));
        phases.Calm();
        phases.Churn();
        phases.Vanish();
        phases.CutInTwo();
        phases.Besiege(isOneGroup: true);
        phases.Besiege(isOneGroup: false);
        phases.Lie();
        world.Figures.Add(string.Create(CultureInfo.InvariantCulture, $"{overlay.Network.Messages} messages in {world.Scheduler.Now.TotalSeconds:F0} s"));
    }

    private static OverlayMutations MutationOf(string? name) => name switch
    {
        NoVerification => OverlayMutations.NoVerification,
        NoLiveness => OverlayMutations.NoLiveness,
        NoUpkeep => OverlayMutations.NoUpkeep,
        _ => OverlayMutations.None,
    };
}
