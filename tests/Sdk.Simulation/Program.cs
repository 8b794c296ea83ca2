using Sdk.Simulation;

return SimulationCommand.Create(Console.Out, TimeProvider.System).Parse(args).Invoke();
