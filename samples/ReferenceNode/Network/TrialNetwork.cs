using System.Diagnostics;
using System.Security.Cryptography;
using Sdk.Core;
using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Overlay.Records;

namespace Sdk.ReferenceNode.Network;

/// <summary>Nodes with throw-away keys in this process, on loopback TCP, which find each other through the first of them.</summary>
internal sealed class TrialNetwork : IAsyncDisposable
{
    /// <summary>Nodes that join at the same time: a handshake is work, and all of it is done here.</summary>
    private const int AtOnce = 8;

    private const int RecordBytes = 200;

    /// <summary>How often it is looked whether anybody still connects, and how often in a row nobody must.</summary>
    private static readonly TimeSpan SettleInterval = TimeSpan.FromMilliseconds(150);
    private const int SettleRounds = 3;

    /// <summary>Nodes go on to look for better connections for ever; what is shown then need not be the last word.</summary>
    private static readonly TimeSpan SettleLimit = TimeSpan.FromSeconds(2);

    private readonly List<Node> _nodes = [];
    private readonly Lock _gate = new();
    private TimeSpan _startTime;

    /// <summary>Starts the nodes, waits until all have joined and the connections have settled.</summary>
    public async Task StartAsync(int count, Action<int> progress, CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        var first = await StartNodeAsync(null, cancellationToken);
        progress(1);
        var bootstrap = first.Addresses[0];
        await Parallel.ForAsync(
            1,
            count,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (_, token) =>
            {
                var node = await StartNodeAsync(bootstrap, token);
                await node.Overlay.WhenJoinedAsync(token);
                progress(CountOfNodes());
            });
        await first.Overlay.WhenJoinedAsync(cancellationToken);
        await SettleAsync(cancellationToken);
        _startTime = Stopwatch.GetElapsedTime(begin);
    }

    /// <summary>Looks at the network through one of its nodes.</summary>
    /// <param name="report">Takes what is seen, as far as it gets.</param>
    /// <param name="target">What to look up; null for a random address.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public async Task TourAsync(NetworkReport report, OverlayAddress? target, CancellationToken cancellationToken)
    {
        var viewer = _nodes[^1];
        (report.StartSeconds, report.Connections) = (_startTime.TotalSeconds, _nodes.Sum(node => node.Overlay.ConnectedNodes.Count) / 2);
        report.View = View(viewer);
        report.Lookup = await LookUpAsync(viewer, target ?? OverlayAddress.FromBytes(RandomNumberGenerator.GetBytes(OverlayAddress.LengthBytes)), cancellationToken);
        report.Record = await KeepRecordAsync(_nodes[0], _nodes[_nodes.Count / 2], cancellationToken);
        report.Ok = report.Lookup.IsTrueNearest && report.Record.IsSame;
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));

    private async Task<Node> StartNodeAsync(Multiaddr? bootstrap, CancellationToken cancellationToken)
    {
        var options = NodeOptions.Local();
        if (bootstrap is not null)
        {
            options.Overlay.Bootstrap.Add(bootstrap);
        }

        var node = await Node.StartAsync(options, cancellationToken);
        lock (_gate)
        {
            _nodes.Add(node);
        }

        _ = node.Overlay; // it takes part from the first use on
        return node;
    }

    private int CountOfNodes()
    {
        lock (_gate)
        {
            return _nodes.Count;
        }
    }

    private async Task SettleAsync(CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(SettleInterval);
        for (int quiet = 0, last = -1; quiet < SettleRounds && Stopwatch.GetElapsedTime(begin) < SettleLimit;)
        {
            await timer.WaitForNextTickAsync(cancellationToken);
            var now = _nodes.Sum(node => node.Overlay.ConnectedNodes.Count);
            quiet = now == last ? quiet + 1 : 0;
            last = now;
        }
    }

    private static NodeView View(Node node)
    {
        var overlay = node.Overlay;
        var depth = overlay.Depth;
        return new NodeView(
            $"{overlay.Address}",
            $"{node.PeerId}",
            depth,
            [.. overlay.Bins.Select(bin => new BinView(bin.ProximityOrder, bin.Connected, bin.Known, bin.ProximityOrder >= depth))],
            [
                .. overlay.ConnectedNodes
                    .Select(other => new NeighbourView($"{other.Address}", overlay.Address.Proximity(other.Address)))
                    .Where(other => other.Proximity >= depth)
                    .OrderByDescending(other => other.Proximity),
            ]);
    }

    private async Task<LookupView> LookUpAsync(Node viewer, OverlayAddress target, CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        var result = await viewer.Overlay.LookupAsync(target, cancellationToken: cancellationToken);
        var time = Stopwatch.GetElapsedTime(begin);
        var nearest = result.Nearest[0].Address;
        var trueNearest = ByDistance(target)[0];
        return new LookupView(
            $"{target}",
            $"{viewer.Overlay.Address}",
            [
                .. result.Trace.Select(step => new StepView(
                    $"{step.Node.Address}", step.Path, step.Depth, step.Proximity, step.Named, step.NearestNamed, step.Time?.TotalMilliseconds)),
            ],
            $"{nearest}",
            target.Proximity(nearest),
            $"{trueNearest}",
            nearest == trueNearest,
            result.Hops,
            time.TotalMilliseconds);
    }

    private async Task<RecordView> KeepRecordAsync(Node writer, Node reader, CancellationToken cancellationToken)
    {
        var kind = RecordKinds.PacketHolder;
        using var key = KeyPair.GenerateTestOnly();
        var value = RandomNumberGenerator.GetBytes(RecordBytes);
        var record = OverlayRecord.Create(
            key, writer.NetworkId, kind, kind.KeyOf(key.Address), version: 1, value, writer.TimeProvider.GetUtcNow(), TimeSpan.FromHours(1));

        var begin = Stopwatch.GetTimestamp();
        var put = await writer.Overlay.PutAsync(record, cancellationToken: cancellationToken);
        var putTime = Stopwatch.GetElapsedTime(begin);
        begin = Stopwatch.GetTimestamp();
        var got = await reader.Overlay.GetAsync(kind, record.Key, cancellationToken);
        var getTime = Stopwatch.GetElapsedTime(begin);

        var ranks = ByDistance(record.Key);
        return new RecordView(
            kind.Name,
            $"{record.Key}",
            $"{writer.Overlay.Address}",
            $"{reader.Overlay.Address}",
            put.Asked,
            [
                .. put.Holders
                    .Select(holder => new HolderView($"{holder}", record.Key.Proximity(holder), 1 + ranks.IndexOf(holder)))
                    .OrderBy(holder => holder.Rank),
            ],
            put.IsStored && got.Count == 1 && got[0].Value.Span.SequenceEqual(value),
            putTime.TotalMilliseconds,
            getTime.TotalMilliseconds);
    }

    /// <summary>All nodes, the nearest to the target first.</summary>
    private List<OverlayAddress> ByDistance(OverlayAddress target)
    {
        List<OverlayAddress> addresses = [.. _nodes.Select(node => node.Overlay.Address)];
        addresses.Sort((one, other) => OverlayAddress.CompareDistance(target, one, other));
        return addresses;
    }
}
