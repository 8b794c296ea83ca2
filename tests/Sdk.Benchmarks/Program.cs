using BenchmarkDotNet.Running;
using Sdk.Benchmarks.Comparison;

return args switch
{
    [JsComparison.Argument, .. var options] => await JsComparison.RunAsync(options),
    [ViemComparison.Argument, .. var options] => await ViemComparison.RunAsync(options),
    [TwinProcess.Argument, .. var options] => await Twin.RunAsync(options),
    _ => BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args).Any() ? 0 : 1,
};
