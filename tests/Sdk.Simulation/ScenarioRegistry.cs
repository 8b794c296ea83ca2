using Sdk.Simulation.Echo;

namespace Sdk.Simulation;

/// <summary>All scenarios by name. A new scenario is one class and one line here.</summary>
internal static class ScenarioRegistry
{
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new EchoScenario(),
    ];

    public static Scenario? Find(string name) => All.FirstOrDefault(scenario => scenario.Name == name);
}
