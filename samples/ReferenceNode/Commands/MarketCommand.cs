using System.CommandLine;
using Sdk.ReferenceNode.Market;

namespace Sdk.ReferenceNode.Commands;

/// <summary><c>market</c>: nodes in this process that announce services, find them, negotiate and agree.</summary>
internal static class MarketCommand
{
    private const int DefaultNodes = 12;
    private const int MinNodes = 3;
    private const int MaxNodes = 60;

    public static Command Create()
    {
        var nodes = new Option<int>("--nodes")
        {
            Description = $"How many nodes to start ({MinNodes} to {MaxNodes}).",
            DefaultValueFactory = _ => DefaultNodes,
        };
        nodes.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && (!int.TryParse(token.Value, out var count) || count is < MinNodes or > MaxNodes))
            {
                result.AddError($"--nodes takes {MinNodes} to {MaxNodes}.");
            }
        });
        var json = new Option<bool>("--json") { Description = "Print one JSON document to standard output, and everything else to standard error." };
        var command = new Command("market", "Start nodes in this process that sell a service over the overlay, and buy from them.") { nodes, json };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(nodes), parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(int nodes, bool json, CancellationToken cancellationToken)
    {
        var report = new MarketReport { Nodes = nodes };
        try
        {
            var screen = new MarketScreen(Terminal.Open(json));
            screen.Begin(nodes);
            await using var market = new TrialMarket();
            await market.StartAsync(nodes, cancellationToken);
            await market.TradeAsync(report, cancellationToken);
            screen.Show(report);
            return report.Ok ? ExitCodes.Success : ExitCodes.Failure;
        }
        catch (Exception e)
        {
            report.Error = e is OperationCanceledException ? "interrupted" : e.Message.ReplaceLineEndings(" ");
            throw; // Program prints the one line and chooses the exit code
        }
        finally
        {
            if (json)
            {
                Console.Out.WriteLine(report.ToJson());
            }
        }
    }
}
