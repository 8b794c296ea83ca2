namespace Sdk.Simulation.Scheduling;

/// <summary>Code that should run inside the simulation ran outside it, so the run does not follow from its seed.</summary>
internal sealed class SimulationEscapeException(string message) : Exception(message);
