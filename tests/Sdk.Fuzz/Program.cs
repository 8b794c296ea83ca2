using Sdk.Fuzz;

return FuzzCommand.Create(Console.Out).Parse(args).Invoke();
