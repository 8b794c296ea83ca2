using System.CommandLine;
using Sdk.Core.Addressing;
using Sdk.ReferenceNode.Network;

namespace Sdk.ReferenceNode.Commands;

/// <summary><c>network</c>: many nodes in this process, and how one of them sees the others, finds them and has them keep a record.</summary>
internal static class NetworkCommand
{
    private const int DefaultNodes = 50;
    private const int MinNodes = 2;

    /// <summary>Beyond this, connections of one process begin to be what is shown.</summary>
    private const int MaxNodes = 200;

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
        var target = new Option<string?>("--target")
        {
            Description = "The overlay address to look up: 64 hexadecimal digits. Without it: one at random.",
            HelpName = "ADDRESS",
        };
        target.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !OverlayAddress.TryParse(token.Value, out _))
            {
                result.AddError($"'{token.Value}' is not an overlay address; it has 64 hexadecimal digits.");
            }
        });
        var json = new Option<bool>("--json") { Description = "Print one JSON document to standard output, and everything else to standard error." };
        var command = new Command("network", "Start many nodes in this process, and show the overlay they form: bins, a lookup hop by hop, a record put and got.")
        {
            nodes, target, json,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetValue(nodes),
            parsed.GetValue(target) is { } text ? OverlayAddress.Parse(text) : null,
            parsed.GetValue(json),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(int nodes, OverlayAddress? target, bool json, CancellationToken cancellationToken)
    {
        var report = new NetworkReport { Nodes = nodes };
        try
        {
            var screen = new NetworkScreen(Terminal.Open(json));
            await using var network = new TrialNetwork();
            await screen.StartAsync(nodes, progress => network.StartAsync(nodes, progress, cancellationToken));
            await network.TourAsync(report, target, cancellationToken);
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
