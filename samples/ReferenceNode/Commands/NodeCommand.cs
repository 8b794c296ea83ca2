using System.CommandLine;
using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Diagnostics;
using Sdk.Core.Networking.Mdns;
using Sdk.Core.Overlay;
using Sdk.Storage;

namespace Sdk.ReferenceNode.Commands;

/// <summary><c>node</c>: one node, and with a data folder a storage member, until it is told to stop.</summary>
internal static class NodeCommand
{
    private const long DefaultCapacityBytes = 256 * ByteSize.MiB;

    /// <summary>How long a node that is to join the overlay waits before it says that it is ready.</summary>
    private static readonly TimeSpan JoinPatience = TimeSpan.FromSeconds(10);

    private sealed record Settings(
        string? Data, string Listen, string[] Dial, string[] Bootstrap, bool Overlay, bool Mdns, string Security, string[] Subscribe, long? CapacityBytes, string? Keystore, FileInfo? PasswordFile, bool Json, bool UntilInputCloses);

    public static Command Create()
    {
        var data = new Option<string?>("--data")
        {
            Description = "The folder that holds everything of this node; made when missing. Without it the node keeps nothing: its keys are thrown away, it stores for nobody.",
        };
        var listen = new Option<string>("--listen")
        {
            Description = "Where to listen, as a multiaddress.",
            DefaultValueFactory = _ => "/ip4/127.0.0.1/tcp/0",
        };
        var dial = new Option<string[]>("--dial") { Description = "Connect to this peer at the start: a multiaddress that ends in /p2p/ID. May be repeated." };
        var bootstrap = new Option<string[]>("--bootstrap") { Description = "Join the overlay through this node: a multiaddress that ends in /p2p/ID. May be repeated." };
        var overlay = new Option<bool>("--overlay") { Description = "Take part in the overlay, also without --bootstrap: others find it through this node." };
        var mdns = new Option<bool>("--mdns") { Description = "Look for peers on the local networks (multicast DNS), and show this node there." };
        var security = new Option<string>("--security") { Description = "What secures connections; tls is proposed first.", DefaultValueFactory = _ => "both" };
        security.AcceptOnlyFromAmong("tls", "noise", "both");
        var subscribe = new Option<string[]>("--subscribe") { Description = "Show what is published to this topic (gossipsub). May be repeated." };
        var capacity = CommandTree.SizeOption("--capacity", $"How much of other people's disks this node holds (default {ByteSize.Format(DefaultCapacityBytes)}).");
        var keystore = new Option<string?>("--keystore") { Description = "The account that this node acts for. Without it: a test-only one, kept in the folder." };
        var passwordFile = new Option<FileInfo?>("--password-file") { Description = "A file with the keystore's password; otherwise it is asked for." };
        var json = new Option<bool>("--json") { Description = "Print JSON: one line when the node is ready, then one for each event." };
        var untilInputCloses = new Option<bool>("--until-input-closes") { Hidden = true };
        var command = new Command("node", "Run one node until SIGTERM or Ctrl-C; with --data, a storage member.")
        {
            data, listen, dial, bootstrap, overlay, mdns, security, subscribe, capacity, keystore, passwordFile, json, untilInputCloses,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            new Settings(
                parsed.GetValue(data),
                parsed.GetRequiredValue(listen),
                parsed.GetValue(dial) ?? [],
                parsed.GetValue(bootstrap) ?? [],
                parsed.GetValue(overlay),
                parsed.GetValue(mdns),
                parsed.GetRequiredValue(security),
                parsed.GetValue(subscribe) ?? [],
                parsed.GetValue(capacity),
                parsed.GetValue(keystore),
                parsed.GetValue(passwordFile),
                parsed.GetValue(json),
                parsed.GetValue(untilInputCloses)),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Settings settings, CancellationToken cancellationToken)
    {
        if (settings is { Data: null, CapacityBytes: not null })
        {
            throw new CommandException("A node without a folder stores nothing: --capacity needs --data.");
        }

        var listen = ParseAddress(settings.Listen);
        var peers = settings.Dial.Select(ParsePeerAddress).ToList();
        var bootstrap = settings.Bootstrap.Select(ParsePeerAddress).ToList();
        using var account = await OpenAccountAsync(settings, cancellationToken);
        await using var node = await Node.StartAsync(OptionsOf(settings, account, listen, bootstrap), cancellationToken);
        node.Switch.Register(new PerfProtocol());
        await using var storage = settings.Data is null
            ? null
            : await StorageNode.StartAsync(node, new StorageNodeOptions { CapacityBytes = settings.CapacityBytes ?? DefaultCapacityBytes }, cancellationToken);
        await using var screen = new NodeScreen(Console.Out, settings.Json);
        await using var topics = new NodeTopics(node.Pubsub, settings.Subscribe, screen);
        screen.Follow(node, settings.Overlay || bootstrap.Count > 0 ? await JoinAsync(node.Overlay, mayBeFirst: bootstrap.Count == 0, cancellationToken) : null);
        foreach (var peer in peers)
        {
            await node.Switch.DialAsync(peer, cancellationToken);
        }

        await EndAsync(settings.UntilInputCloses, cancellationToken);
        return ExitCodes.Success;
    }

    /// <summary>Takes part in the overlay, and waits a while for others.</summary>
    private static async Task<OverlayNetwork> JoinAsync(OverlayNetwork overlay, bool mayBeFirst, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(mayBeFirst ? TimeSpan.Zero : JoinPatience);
        try
        {
            await overlay.WhenJoinedAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Its bootstrap nodes are away. It goes on trying, and serves meanwhile.
        }

        return overlay;
    }

    private static Multiaddr ParseAddress(string text) => Multiaddr.TryParse(text, out var address)
        ? address
        : throw new CommandException($"{text} is not a multiaddress; write for example /ip4/127.0.0.1/tcp/4001.");

    private static Multiaddr ParsePeerAddress(string text) => ParseAddress(text) is { Peer: not null } address
        ? address
        : throw new CommandException($"{text} does not say who answers there; it must end in /p2p/ID.");

    private static async Task<KeyPair> OpenAccountAsync(Settings settings, CancellationToken cancellationToken)
    {
        if (settings.Data is not null)
        {
            Directory.CreateDirectory(settings.Data);
        }

        if (settings.Keystore is { } keystore)
        {
            return await Keystore.ReadAsync(keystore, Password.Read("Password", settings.PasswordFile), cancellationToken: cancellationToken);
        }

        return settings.Data is { } folder ? await TrialAccount.OpenOrCreateAsync(folder, cancellationToken) : KeyPair.GenerateTestOnly();
    }

    private static NodeOptions OptionsOf(Settings settings, KeyPair account, Multiaddr listen, List<Multiaddr> bootstrap)
    {
        var options = settings.Data is { } folder
            ? NodeOptions.Provider(account, folder, listen)
            : new NodeOptions { Account = account, Listen = { listen } };
        bootstrap.ForEach(options.Overlay.Bootstrap.Add);
        options.Mdns = settings.Mdns ? new MdnsOptions() : null;
        options.Securities = settings.Security switch
        {
            "tls" => [SecurityProtocol.Tls],
            "noise" => [SecurityProtocol.Noise],
            _ => options.Securities,
        };
        return options;
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
