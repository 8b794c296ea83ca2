using Microsoft.Extensions.Logging;
using Sdk.Core.Networking;

namespace Sdk.Core.Overlay;

/// <summary>Dials the nodes through which a node without any other finds into the overlay, less often the longer that fails.</summary>
internal sealed class Bootstrap(Switch @switch, OverlayOptions options, TimeProvider time, ILogger logger, CancellationToken stopped)
{
    /// <summary>Nodes found nearby that are tried at a time.</summary>
    private const int MaxNearby = 16;

    private static readonly TimeSpan PauseMin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PauseMax = TimeSpan.FromMinutes(1);

    private readonly List<Multiaddr> _nodes = [.. options.Bootstrap];
    private TimeSpan _pause = PauseMin;
    private long? _lastEnded;
    private Task _round = Task.CompletedTask;

    /// <summary>Another node to begin with.</summary>
    public void Add(Multiaddr node) => _nodes.Add(node);

    /// <summary>Dials all of them, unless that is under way or has just failed. One caller at a time.</summary>
    public void DialIfDue()
    {
        if (!_round.IsCompleted || (_lastEnded is { } ended && time.GetElapsedTime(ended) < _pause))
        {
            return;
        }

        Multiaddr[] nodes = [.. _nodes, .. options.FoundNearby().Take(MaxNearby)];
        if (nodes.Length == 0)
        {
            return;
        }

        _pause = _lastEnded is null ? PauseMin : _pause * 2 < PauseMax ? _pause * 2 : PauseMax;
        _round = DialAllAsync(nodes);
    }

    public Task WhenEndedAsync() => _round;

    private async Task DialAllAsync(Multiaddr[] nodes)
    {
        await Task.WhenAll(nodes.Select(DialAsync)).ConfigureAwait(false);
        _lastEnded = time.GetTimestamp();
    }

    private async Task DialAsync(Multiaddr node)
    {
        try
        {
            await @switch.DialAsync(node, stopped).ConfigureAwait(false);
        }
        catch (Exception error) when (error is SdkException or OperationCanceledException or ObjectDisposedException)
        {
            OverlayLog.BootstrapFailed(logger, node, error.Message);
        }
    }
}
