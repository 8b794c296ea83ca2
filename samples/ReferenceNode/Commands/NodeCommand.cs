using System.CommandLine;
using System.Text.Json;
using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Storage;

namespace Sdk.ReferenceNode.Commands;

/// <summary><c>node</c>: one storage member, until it is told to stop.</summary>
internal static class NodeCommand
{
    private const long DefaultCapacityBytes = 256 * ByteSize.MiB;

    private sealed record Settings(
        string Data, string Listen, long CapacityBytes, string? Keystore, FileInfo? PasswordFile, bool Json, bool UntilInputCloses);

    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "The folder that holds everything of this node; made when missing.", Required = true };
        var listen = new Option<string>("--listen")
        {
            Description = "Where to listen, as a multiaddress.",
            DefaultValueFactory = _ => "/ip4/127.0.0.1/tcp/0",
        };
        var capacity = CommandTree.SizeOption("--capacity", $"How much of other people's disks this node holds (default {ByteSize.Format(DefaultCapacityBytes)}).");
        var keystore = new Option<string?>("--keystore") { Description = "The account that this node acts for. Without it: a test-only one, kept in the folder." };
        var passwordFile = new Option<FileInfo?>("--password-file") { Description = "A file with the keystore's password; otherwise it is asked for." };
        var json = new Option<bool>("--json") { Description = "Say that the node is ready with one line of JSON." };
        var untilInputCloses = new Option<bool>("--until-input-closes") { Hidden = true };
        var command = new Command("node", "Run one storage member until SIGTERM or Ctrl-C.")
        {
            data, listen, capacity, keystore, passwordFile, json, untilInputCloses,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            new Settings(
                parsed.GetRequiredValue(data),
                parsed.GetRequiredValue(listen),
                parsed.GetValue(capacity) ?? DefaultCapacityBytes,
                parsed.GetValue(keystore),
                parsed.GetValue(passwordFile),
                parsed.GetValue(json),
                parsed.GetValue(untilInputCloses)),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Settings settings, CancellationToken cancellationToken)
    {
        if (!Multiaddr.TryParse(settings.Listen, out var listen))
        {
            throw new CommandException($"{settings.Listen} is not a multiaddress; write for example /ip4/127.0.0.1/tcp/4001.");
        }

        Directory.CreateDirectory(settings.Data);
        using var account = settings.Keystore is { } keystore
            ? await Keystore.ReadAsync(keystore, Password.Read("Password", settings.PasswordFile), cancellationToken: cancellationToken)
            : await TrialAccount.OpenOrCreateAsync(settings.Data, cancellationToken);
        await using var node = await Node.StartAsync(NodeOptions.Provider(account, settings.Data, listen), cancellationToken);
        await using var storage = await StorageNode.StartAsync(node, new StorageNodeOptions { CapacityBytes = settings.CapacityBytes }, cancellationToken);
        SayReady(node, settings.Json);
        await EndAsync(settings.UntilInputCloses, cancellationToken);
        return ExitCodes.Success;
    }

    private static void SayReady(Node node, bool json)
    {
        var ready = new NodeReady(node.PeerId.ToString(), [.. node.Addresses.Select(address => address.ToString())], node.Account.ToString());
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(ready, NodeReadyJson.Default.NodeReady));
            return;
        }

        Console.Out.WriteLine($"peer     {ready.PeerId}");
        Console.Out.WriteLine($"account  {ready.Account}");
        foreach (var address in ready.Addresses)
        {
            Console.Out.WriteLine($"address  {address}");
        }

        Console.Out.WriteLine("Ctrl-C ends the node.");
    }

    /// <summary>Waits for a signal, or, for a child, until the process that holds the other end of its input is gone.</summary>
    private static async Task EndAsync(bool untilInputCloses, CancellationToken cancellationToken)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var signal = cancellationToken.Register(() => ended.TrySetResult());
        if (untilInputCloses)
        {
            // On a thread of its own: reading a console cannot be cancelled, and must not keep the process alive either.
            new Thread(() =>
            {
                while (Console.In.ReadLine() is not null)
                {
                }

                ended.TrySetResult();
            })
            { IsBackground = true }.Start();
        }

        await ended.Task;
    }
}
