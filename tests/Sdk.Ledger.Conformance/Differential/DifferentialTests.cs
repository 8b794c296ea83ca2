using Sdk.Interop.Ethereum;
using Xunit.Abstractions;

namespace Sdk.Ledger.Conformance.Differential;

/// <summary>
/// Random operations, applied to the embedded ledger's machine and to anvil at once: results, events, errors and state are compared byte by
/// byte. A run goes on until every function and every error of every contract was met often enough; what was met is printed.
/// </summary>
public sealed class DifferentialTests(ITestOutputHelper output)
{
    private const int TimesMin = 100;
    private const int OperationsMax = 100_000;

    // A chain ends after so many, and another begins: anvil works out the hash of all that it holds for every block, which grows.
    private const int OperationsOfChain = 10_000;

    // The whole state is compared after so many operations.
    private const int StateEvery = 1_000;

    // So many operations of one module follow each other: what they build on must not be ended by another's letting days pass.
    private const int TurnLength = 20;

    // One in so many operations is spoiled: cut short, changed in a byte, sent with coins.
    private const int SpoiledOneIn = 12;

    [EthereumFact]
    public Task Modules_and_contracts_agree_on_random_operations() => RunAsync(withAnvil: true, seed: 1);

    [Fact]
    public Task Modules_alone_meet_every_function_and_error() => RunAsync(withAnvil: false, seed: 2);

    private async Task RunAsync(bool withAnvil, int seed)
    {
        var random = new Random(seed);
        Coverage? coverage = null;
        List<string> wanted = [];
        List<string> unreachable = [];
        var count = 0;
        while (count < OperationsMax && (coverage is null || wanted.Any(name => coverage[name] < TimesMin)))
        {
            await using var twins = await TwinLedgers.CreateAsync(withAnvil);
            var modules = ModuleSuites.Operations(twins, random);
            coverage ??= new Coverage(modules.Select(module => module.Module));
            unreachable = [.. modules.SelectMany(module => module.Unreachable.Keys.Select(name => Coverage.Name(module.Module, name)))];
            wanted = [.. coverage.Counts.Keys.Except(unreachable)];
            count += await RunChainAsync(twins, modules, coverage, wanted, random);
        }

        output.WriteLine($"{count} operations on {(withAnvil ? "the embedded ledger and anvil" : "the embedded ledger")}, seed {seed}:\n{coverage!.Print()}");
        Assert.Equal("", string.Join(", ", wanted.Where(name => coverage[name] < TimesMin)));
        Assert.All(unreachable, name => Assert.Equal(0, coverage[name]));
    }

    private static async Task<int> RunChainAsync(TwinLedgers twins, List<ModuleOperations> modules, Coverage coverage, List<string> wanted, Random random)
    {
        foreach (var operation in modules.SelectMany(module => module.Preparation))
        {
            Assert.True((await twins.RunAsync(operation)).IsDone);
        }

        var turn = modules[0];
        var count = 0;
        while (count < OperationsOfChain && wanted.Any(name => coverage[name] < TimesMin))
        {
            if (count % TurnLength == 0)
            {
                turn = Choose(modules, module => module.Moves.Sum(move => Want(move, coverage)), random);
            }

            var operation = Choose(turn.Moves, move => Want(move, coverage), random).Make();
            operation = random.Next(SpoiledOneIn) == 0 ? Spoil(operation, random) : operation;
            coverage.Add(turn.Module, operation.Call, await twins.RunAsync(operation));
            count++;
            if (count % StateEvery == 0)
            {
                await CompareStateAsync(twins, modules);
            }
        }

        await CompareStateAsync(twins, modules);
        return count;
    }

    // The rarer an aim was met, the likelier it is aimed at.
    private static double Want(Move move, Coverage coverage) => 1.0 / (1 + coverage[move.Aim]);

    private static T Choose<T>(IReadOnlyList<T> from, Func<T, double> weight, Random random)
    {
        var weights = from.Select(weight).ToList();
        var point = random.NextDouble() * weights.Sum();
        var index = 0;
        while (index < weights.Count - 1 && (point -= weights[index]) > 0)
        {
            index++;
        }

        return from[index];
    }

    private static Operation Spoil(Operation operation, Random random)
    {
        var data = operation.Call.Data.ToArray();
        switch (random.Next(4))
        {
            case 0:
                data = data[..random.Next(data.Length + 1)];
                break;
            case 1 when data.Length > 0:
                data[random.Next(data.Length)] ^= (byte)(1 << random.Next(8));
                break;
            case 2:
                data = [.. data, .. new byte[random.Next(1, 70)]];
                break;
            default:
                return operation with { Call = operation.Call with { Value = operation.Call.Value + (ulong)random.Next(1, 1_000) } };
        }

        return operation with { Call = operation.Call with { Data = data } };
    }

    private static async Task CompareStateAsync(TwinLedgers twins, IReadOnlyList<ModuleOperations> modules)
    {
        if (!twins.AreTwo)
        {
            return;
        }

        foreach (var module in modules)
        {
            foreach (var view in module.Views())
            {
                Assert.True((await twins.AskAsync(default, view)).IsDone);
            }

            await twins.CompareCoinsAsync(module.PaidInCoins);
        }
    }
}
