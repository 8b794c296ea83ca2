using System.CommandLine;
using Sdk.ReferenceNode.Demo;

namespace Sdk.ReferenceNode.Commands;

/// <summary><c>demo</c>: a folder goes onto a disk, members die, every byte comes back.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var path = new Argument<string?>("PATH")
        {
            Description = "The folder or file to copy. Without it: the git-tracked files of the repository around the current folder.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        path.Validators.Add(result =>
        {
            // A misspelt option would otherwise be taken for the folder.
            if (result.Tokens is [{ Value: ['-', ..] word }] && !Path.Exists(word))
            {
                result.AddError($"Unrecognized option '{word}'.");
            }
        });
        var nodes = new Option<int>("--nodes")
        {
            Description = $"How many members keep the disk, each a process of its own ({DemoOptions.MinNodes} to {DemoOptions.MaxNodes}).",
            DefaultValueFactory = _ => DemoOptions.DefaultNodes,
        };
        var kill = new Option<int>("--kill")
        {
            Description = "How many members are killed while the copy runs. More than the group can bear ends in a refusal, not in loss.",
            DefaultValueFactory = _ => DemoOptions.DefaultKill,
        };
        var size = CommandTree.SizeOption("--disk-size", "The size of the disk, for example 256MiB. Without it the disk is made to fit.");
        var data = new Option<string?>("--data") { Description = "Keep the members' data in this folder. Without it: a temporary folder, removed at the end." };
        var json = new Option<bool>("--json") { Description = "Print one JSON document to standard output, and everything else to standard error." };
        var command = new Command("demo", "Copy a folder onto an encrypted disk kept by several processes, kill some of them, and read every byte back.")
        {
            path, nodes, kill, size, data, json,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            new DemoOptions
            {
                Path = parsed.GetValue(path),
                Nodes = parsed.GetValue(nodes),
                Kill = parsed.GetValue(kill),
                DiskBytes = parsed.GetValue(size),
                DataDirectory = parsed.GetValue(data),
                Json = parsed.GetValue(json),
            },
            cancellationToken));
        return command;
    }

    public static async Task<int> RunAsync(DemoOptions options, CancellationToken cancellationToken)
    {
        options.Validate();
        var console = Terminal.Open(options.Json);
        var report = new DemoReport { Members = options.Nodes };
        try
        {
            var screen = new DemoScreen(console);
            await using var demonstration = new Demonstration(options, report, screen);
            await screen.RunAsync(() => demonstration.RunAsync(cancellationToken));
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
            if (options.Json)
            {
                Console.Out.WriteLine(report.ToJson());
            }
        }
    }
}
