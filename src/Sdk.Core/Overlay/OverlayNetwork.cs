using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Overlay.Forwarding;
using Sdk.Core.Overlay.Routing;
using Sdk.Core.Persistence;

namespace Sdk.Core.Overlay;

/// <summary>
/// A node's place among all others: every node has an address in one space, knows many of the nodes near it and few far away, and finds
/// whoever is nearest to any address in a few steps (Kademlia). No node is special; the network mends itself when nodes leave. Thread-safe.
/// </summary>
/// <remarks>It takes part from the moment it is made. This is the shell around <see cref="OverlayRouter"/>: streams, dials, files and the clock.</remarks>
public sealed partial class OverlayNetwork : IAsyncDisposable
{
    /// <summary>The most nodes that one lookup can be asked for.</summary>
    public const int MaxLookupCount = 64;

    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);

    private readonly Switch _switch;
    private readonly DeviceIdentity _device;
    private readonly OverlayOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly byte[] _nonce;
    private readonly KnownNodesFile? _file;
    private readonly NodeRecordCache _received = new();
    private readonly Bootstrap _bootstrap;
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationToken _stopped;
    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _ticking;

    // ---- Under the gate ----
    private readonly Lock _gate = new();
    private readonly OverlayRouter _router;
    private readonly Dictionary<OverlayLookup, TaskCompletionSource<LookupResult>> _lookups = [];
    private readonly Dictionary<Connection, Task<OverlayPeer?>> _openings = [];
    private readonly HashSet<Task> _tasks = [];
    private Task? _disposal;

    /// <summary>Takes part in the overlay of a network; <c>node.Overlay</c> does it for a node.</summary>
    /// <param name="switch">The switch, on which the protocol is registered.</param>
    /// <param name="device">The node's device, whose node key is the switch's. The caller owns it and keeps it until this is disposed.</param>
    /// <param name="options">How it is set up.</param>
    /// <param name="directory">Where nonce and known nodes are kept; null to keep nothing.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggerFactory">Where logs go.</param>
    /// <exception cref="ArgumentException">The device is not the switch's, or the nonce has another length.</exception>
    /// <exception cref="InvalidOperationException">The switch takes part already.</exception>
    public OverlayNetwork(
        Switch @switch,
        DeviceIdentity device,
        OverlayOptions? options = null,
        DataDirectory? directory = null,
        TimeProvider? time = null,
        ILoggerFactory? loggerFactory = null)
    {
        ArgumentNullException.ThrowIfNull(@switch);
        ArgumentNullException.ThrowIfNull(device);
        if (PeerId.FromPublicKey(device.NodeKey.PublicKey) != @switch.LocalPeer)
        {
            throw new ArgumentException("The device's node key is not the one that the switch's peer id names.", nameof(device));
        }

        (_switch, _device, _options, _time) = (@switch, device, options ?? new OverlayOptions(), time ?? TimeProvider.System);
        _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger(typeof(OverlayNetwork).FullName!);
        _stopped = _stopping.Token;
        _nonce = OverlayNonce.Open(directory, _options.Nonce);
        _file = directory is null ? null : new KnownNodesFile(directory, _logger);
        var parameters = _options.Parameters with { Records = _options.RecordKinds, RecordStore = _options.RecordStore };
        _router = new OverlayRouter(SignRecord(), parameters, _time, new Random(RandomNumberGenerator.GetInt32(int.MaxValue)));
        _routes = new RouteStreams(_gate, _router, parameters.Forwarding, Begin, Settle, _time, _logger, _stopped);
        _bootstrap = new Bootstrap(@switch, _options, _time, _logger, _stopped);
        _switch.Register(new InboundProtocol(this));
        _switch.Register(new RouteProtocol(this));
        LearnKnownNodes();
        _switch.ConnectionOpened += OnConnectionOpened;
        foreach (var connection in _switch.Connections)
        {
            OnConnectionOpened(connection);
        }

        OverlayLog.Started(_logger, Address);
        _ticking = Task.Run(TickAsync, CancellationToken.None);
    }

    /// <summary>This node's address: made of account, network and nonce.</summary>
    public OverlayAddress Address => _router.Address;

    /// <summary>This node's record, as others get it.</summary>
    public NodeRecord Record
    {
        get
        {
            lock (_gate)
            {
                return _router.Record;
            }
        }
    }

    /// <summary>The bin at which this node's neighbourhood begins: with nodes that share at least so many leading bits it is connected to all.</summary>
    public int Depth
    {
        get
        {
            lock (_gate)
            {
                return _router.Table.Depth;
            }
        }
    }

    /// <summary>The bins of the routing table that hold nodes, the farthest first; a copy.</summary>
    public IReadOnlyList<OverlayBin> Bins
    {
        get
        {
            lock (_gate)
            {
                return _router.Table.Bins;
            }
        }
    }

    /// <summary>The connected nodes that stand in the routing table; a copy.</summary>
    public IReadOnlyList<NodeRecord> ConnectedNodes
    {
        get
        {
            lock (_gate)
            {
                return [.. _router.Linked.Where(peer => peer.Standing == OverlayStanding.Routed).Select(peer => peer.Record)];
            }
        }
    }

    /// <summary>Completes when this node is connected to another and has looked around itself once.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task WhenJoinedAsync(CancellationToken cancellationToken = default) => _joined.Task.WaitAsync(cancellationToken);

    /// <summary>
    /// Finds the nodes nearest to an address, asking over several disjoint paths, so that liars on some of them spoil nothing. Each node of the
    /// result has proven its address and answered.
    /// </summary>
    /// <param name="target">Any address.</param>
    /// <param name="count">How many nodes are wanted, 1 to <see cref="MaxLookupCount"/>.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>What was found; without other nodes, this node alone.</returns>
    public async ValueTask<LookupResult> LookupAsync(OverlayAddress target, int count = 16, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MaxLookupCount);
        var result = new TaskCompletionSource<LookupResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposal is not null, this);
            _lookups.Add(_router.BeginLookup(target, count), result);
            Settle();
        }

        return await result.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Leaves the overlay: keeps what is known, and ends its streams. Connections stay as they are.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            return new ValueTask(_disposal ??= DisposeCoreAsync());
        }
    }

    private async Task DisposeCoreAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        _switch.ConnectionOpened -= OnConnectionOpened;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _ticking.ConfigureAwait(false);
        Task[] tasks;
        TaskCompletionSource<LookupResult>[] lookups;
        lock (_gate)
        {
            tasks = [.. _tasks];
            lookups = [.. _lookups.Values];
            _lookups.Clear();
            AbandonRecords();
            foreach (var peer in _router.Linked)
            {
                OverlaySession.EndAll(peer);
            }

            _routes.Stop();
        }

        foreach (var lookup in lookups)
        {
            lookup.TrySetException(new ObjectDisposedException(nameof(OverlayNetwork)));
        }

        _joined.TrySetCanceled(CancellationToken.None);

        // What a conversation ended with was told to whoever runs it.
        await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _bootstrap.WhenEndedAsync().ConfigureAwait(false);
        Keep();
        _stopping.Dispose();
    }

    [SuppressMessage("Design", "CA1031", Justification = "A failed tick is logged, and the next one comes.")]
    private async Task TickAsync()
    {
        using var timer = new PeriodicTimer(TickInterval, _time);
        var keepAt = _time.GetTimestamp();
        try
        {
            do
            {
                try
                {
                    RenewIfNeeded();
                    lock (_gate)
                    {
                        _router.Tick();
                        Settle();
                        _routes.Tick();
                    }

                    DialBootstrapIfAlone();
                    if (_time.GetElapsedTime(keepAt) >= KnownNodesFile.Interval)
                    {
                        keepAt = _time.GetTimestamp();
                        Keep();
                    }
                }
                catch (Exception error)
                {
                    OverlayLog.Failed(_logger, error);
                }
            }
            while (await timer.WaitForNextTickAsync(_stopped).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    /// <summary>Does what the router wants. Under the gate.</summary>
    private void Settle()
    {
        while (_router.TryTakeEffect(out var effect))
        {
            switch (effect)
            {
                case SendEffect send:
                    OverlaySession.Send(send);
                    break;
                case DialEffect dial:
                    Begin(() => DialAsync(dial));
                    break;
                case CloseEffect close:
                    OverlayLog.LetGo(_logger, close.Peer.Address, close.Reason);
                    OverlaySession.EndAll(close.Peer);
                    _routes.Disconnected(close.Peer);
                    break;
                case LookupEndedEffect ended when _lookups.Remove(ended.Lookup, out var result):
                    result.TrySetResult(ResultOf(ended.Lookup));
                    break;
                case PutEndedEffect ended:
                    Ended(ended);
                    break;
                case GetEndedEffect ended:
                    Ended(ended);
                    break;
                default:
                    break;
            }
        }

        if (_router.HasJoined)
        {
            _joined.TrySetResult();
        }
    }

    private LookupResult ResultOf(OverlayLookup lookup)
    {
        var steps = lookup.Steps;
        List<NodeRecord> nearest = [.. steps.Nearest.Select(contact => contact.Record)];
        var mine = nearest.FindIndex(node => OverlayAddress.CompareDistance(lookup.Target, Address, node.Address) < 0);
        if (!_router.Record.IsLight)
        {
            nearest.Insert(mine < 0 ? nearest.Count : mine, _router.Record);
            nearest.RemoveRange(Math.Min(lookup.Count, nearest.Count), Math.Max(0, nearest.Count - lookup.Count));
        }

        return new LookupResult(
            lookup.Target,
            nearest,
            mine == 0 ? 0 : steps.Hops,
            [
                .. steps.Trace.Select(hop => new LookupStep(
                    hop.Contact.Record,
                    hop.Path,
                    hop.Depth,
                    hop.Proximity,
                    hop.Named,
                    hop.NearestNamed,
                    hop.Named is not null && lookup.Times.TryGetValue(hop.Contact.Record.Address, out var time) ? time : null)),
            ],
            !steps.IsSpent);
    }

    /// <summary>Runs work that disposal waits for. Under the gate.</summary>
    private void Begin(Func<Task> work)
    {
        if (_disposal is null)
        {
            Track(Task.Run(work, CancellationToken.None));
        }
    }

    private void Track(Task task)
    {
        _tasks.Add(task);
        _ = task.ContinueWith(
            static (ended, state) =>
            {
                var overlay = (OverlayNetwork)state!;
                lock (overlay._gate)
                {
                    overlay._tasks.Remove(ended);
                }
            },
            this,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    private sealed class InboundProtocol(OverlayNetwork overlay) : IProtocol
    {
        public string Id => OverlayWire.Protocol;

        public Task HandleAsync(PeerStream stream, CancellationToken cancellationToken) => overlay.ServeAsync(stream, cancellationToken);
    }
}
