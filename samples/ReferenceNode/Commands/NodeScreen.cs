using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using System.Threading.Channels;
using Sdk.Core;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Identify;
using Sdk.Core.Networking.Mdns;
using Sdk.Core.Networking.Pubsub;
using Sdk.Core.Overlay;

namespace Sdk.ReferenceNode.Commands;

/// <summary>
/// What a node shows of itself while it runs: that it is ready, then one line for each event, for a person or as JSON. The network never
/// waits for the reader of this output: when that one does not keep up, the oldest lines are dropped.
/// </summary>
internal sealed class NodeScreen : IAsyncDisposable
{
    private const int MaxWaitingLines = 4096;

    private readonly TextWriter _output;
    private readonly bool _json;
    private readonly Channel<string> _lines = Channel.CreateBounded<string>(
        new BoundedChannelOptions(MaxWaitingLines) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private readonly ConcurrentDictionary<Connection, bool> _open = new();
    private readonly Task _writing;

    public NodeScreen(TextWriter output, bool json)
    {
        (_output, _json) = (output, json);
        _writing = WriteAsync();
    }

    /// <summary>Shows where the node listens, and from then on its connections: those that are open already, too.</summary>
    /// <param name="node">The node.</param>
    /// <param name="overlay">Its overlay, where it takes part.</param>
    public void Follow(Node node, OverlayNetwork? overlay)
    {
        ShowReady(node, overlay);
        node.Switch.ConnectionOpened += ShowOpened;
        node.Switch.ConnectionClosed += ShowClosed;
        node.Switch.Identify.PeerIdentified += Show;
        foreach (var connection in node.Switch.Connections)
        {
            ShowOpened(connection);
        }

        if (node.Mdns is { } mdns)
        {
            mdns.PeerFound += Show;
            foreach (var peer in mdns.Peers)
            {
                Show(peer);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _lines.Writer.TryComplete();
        await _writing;
    }

    private void ShowReady(Node node, OverlayNetwork? overlay)
    {
        var ready = new NodeReady(
            $"{node.PeerId}",
            [.. node.Addresses.Select(address => $"{address}")],
            $"{node.Account}",
            overlay is null ? null : new OverlayReady($"{overlay.Address}", overlay.ConnectedNodes.Count));
        if (_json)
        {
            Show(ready, NodeJson.Default.NodeReady);
            return;
        }

        _lines.Writer.TryWrite($"peer     {ready.PeerId}");
        _lines.Writer.TryWrite($"account  {ready.Account}");
        foreach (var address in ready.Addresses)
        {
            _lines.Writer.TryWrite($"address  {address}");
        }

        if (ready.Overlay is { } joined)
        {
            _lines.Writer.TryWrite($"overlay  {joined.Address}, connected to {joined.Connected} nodes");
        }

        _lines.Writer.TryWrite("Ctrl-C ends the node.");
    }

    private void ShowOpened(Connection connection)
    {
        if (_open.TryAdd(connection, true))
        {
            Show(
                new NodeEvent { Event = "connect", Peer = $"{connection.RemotePeer}", Address = $"{connection.RemoteAddress}", Dialled = connection.IsDialer },
                $"connected     {connection.RemotePeer} {(connection.IsDialer ? "to" : "from")} {connection.RemoteAddress}");
        }
    }

    private void ShowClosed(Connection connection)
    {
        if (_open.TryRemove(connection, out _))
        {
            Show(
                new NodeEvent { Event = "disconnect", Peer = $"{connection.RemotePeer}", Address = $"{connection.RemoteAddress}" },
                $"disconnected  {connection.RemotePeer} {connection.RemoteAddress}");
        }
    }

    public void Show(PubsubMessage message)
    {
        var text = TextOf(message.Data.Span);
        Show(
            new NodeEvent
            {
                Event = "message",
                Peer = message.From?.ToString(),
                Topic = message.Topic,
                Data = Convert.ToBase64String(message.Data.Span),
                Text = text,
            },
            $"message       {message.From} {message.Topic}: {(text is null ? $"{message.Data.Length} bytes" : Printable(text))}");
    }

    private void Show(PeerIdentity identity) => Show(
        new NodeEvent
        {
            Event = "identify",
            Peer = $"{identity.Peer}",
            Agent = identity.AgentVersion,
            Protocols = identity.Protocols,
            Addresses = [.. identity.Addresses.Select(address => $"{address}")],
            Observed = identity.ObservedAddress?.ToString(),
        },
        $"identified    {identity.Peer} {Printable(identity.AgentVersion)}, {identity.Protocols.Count} protocols");

    private void Show(MdnsPeer peer) => Show(
        new NodeEvent { Event = "found", Peer = $"{peer.Peer}", Addresses = [.. peer.Addresses.Select(address => $"{address}")] },
        $"found         {peer.Peer} {string.Join(' ', peer.Addresses)}");

    private void Show(NodeEvent what, string line)
    {
        if (_json)
        {
            Show(what, NodeJson.Default.NodeEvent);
        }
        else
        {
            _lines.Writer.TryWrite(line);
        }
    }

    private void Show<T>(T what, JsonTypeInfo<T> type) => _lines.Writer.TryWrite(JsonSerializer.Serialize(what, type));

    private static string? TextOf(ReadOnlySpan<byte> data) => Utf8.IsValid(data) ? Encoding.UTF8.GetString(data) : null;

    /// <summary>Strangers choose these characters; they must not move the cursor of a terminal.</summary>
    private static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '\uFFFD' : c));

    private async Task WriteAsync()
    {
        await foreach (var line in _lines.Reader.ReadAllAsync())
        {
            await _output.WriteLineAsync(line);
        }
    }
}
