using System.Globalization;
using Sdk.Core.Overlay.Lookups;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Overlay;

/// <summary>
/// Lookups among very many nodes whose tables are whole: then with a fifth of them gone and nothing mended, then with a fifth of
/// liars. How tables come to be whole, and are mended, is the other scenario's.
/// </summary>
internal sealed class OverlayLightScenario : Scenario
{
    public const string OnePath = "one-path";
    public const string NoVerification = "no-verification";

    private const int NodesByDefault = 2_000;
    private const int LookupsMin = 500;
    private const double LoadSpreadMax = 20;

    public override string Name => "overlay-light";

    public override string Description => "lookups among up to 200 000 nodes with whole tables: calm, a fifth gone, a fifth of liars";

    public override IReadOnlyList<string> Mutations => [OnePath, NoVerification];

    public override (int Min, int Max) NodeRange => (100, 200_000);

    public override void Run(SimWorld world)
    {
        int nodes = world.Nodes ?? NodesByDefault;
        int lookups = Math.Max(LookupsMin, nodes / 10);
        LookupParameters parameters = new();
        if (world.Mutation == OnePath)
        {
            parameters = parameters with { Paths = 1, Parallel = 3, PathWidth = parameters.Count };
        }

        LightOverlay overlay = new(world, nodes, parameters, verifies: world.Mutation != NoVerification);
        LookupFigures calm = overlay.Run("calm", lookups).Require(OverlayInvariants.Finds, OverlayInvariants.FindsAtLeast);
        OverlayInvariants.RequireHops(calm.MedianHops, nodes);
        RequireLoad(world, overlay.TakeLoadSpread());
        overlay.Kill(percent: 20);
        overlay.Run("a fifth gone", lookups).Require(OverlayInvariants.Vanished, OverlayInvariants.FindsAtLeast);
        foreach (LieKind lie in Enum.GetValues<LieKind>())
        {
            overlay.Heal();
            overlay.MakeLiars(percent: 20);
            overlay.Lie = lie;
            overlay.Run($"a fifth names {lie.ToString().ToLowerInvariant()}", lookups)
                .Require(OverlayInvariants.Liars, OverlayInvariants.FindsAmongLiarsAtLeast);
        }

        overlay.Heal();
        overlay.MakeLiars(percent: 15);
        overlay.Besiege(Math.Max(1, nodes / (20 * LightOverlay.Besiegers)));
        overlay.Lie = LieKind.Colluders;
        overlay.Run("a fifth colludes, most of them around the addresses wanted", lookups)
            .Require(OverlayInvariants.Liars, OverlayInvariants.FindsAmongLiarsAtLeast);
    }

    private static void RequireLoad(SimWorld world, double spread)
    {
        world.Figures.Add(string.Create(CultureInfo.InvariantCulture, $"calm: the busiest node was asked {spread:F1} times as often as the median"));
        if (spread > LoadSpreadMax)
        {
            throw new InvariantViolationException(OverlayInvariants.Load, $"the busiest node was asked {spread:F1} times as often as the median");
        }
    }
}
