using Sdk.Simulation.Echo;
using Sdk.Simulation.Gossip;
using Sdk.Simulation.LaneA;
using Sdk.Simulation.LaneA.Directed;
using Sdk.Simulation.Overlay;
using Sdk.Simulation.Payments;
using Sdk.Simulation.Transfer;

namespace Sdk.Simulation;

/// <summary>All scenarios by name. A new scenario is one class and one line here.</summary>
internal static class ScenarioRegistry
{
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new EchoScenario(),
        new LaneAScenario(),
        new LateWriteScenario(),
        new OldHeadScenario(),
        new GossipScenario(),
        new OverlayScenario(),
        new OverlayLightScenario(),
        new PaymentsScenario(),
        new TransferScenario(),
    ];

    public static Scenario? Find(string name) => All.FirstOrDefault(scenario => scenario.Name == name);
}
