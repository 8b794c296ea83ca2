using Microsoft.Extensions.Logging;

namespace Sdk.Core.Networking;

/// <summary>
/// The books of a <see cref="Switch"/>: which connections live, how many there may be, and which go first when there are too many.
/// Past the high-water mark connections are closed until the low-water mark is reached: of the peers with the least value first; among
/// those redundant ones before others, idle ones before used ones, accepted ones before dialled ones, young ones before old ones.
/// Protected peers and connections that have just opened stay. Thread-safe.
/// </summary>
public sealed class ConnectionManager
{
    private readonly SwitchOptions _options;
    private readonly ILogger _logger;

    // ---- Under the gate ----
    private readonly Lock _gate = new();
    private readonly Dictionary<PeerId, List<Connection>> _connections = [];
    private readonly Dictionary<PeerId, Dictionary<string, int>> _values = [];
    private readonly Dictionary<PeerId, HashSet<string>> _protections = [];
    private int _count;
    private bool _isTrimming;
    private bool _isClosed;

    internal ConnectionManager(SwitchOptions options, ILogger logger) => (_options, _logger) = (options, logger);

    /// <summary>Keeps a peer's connections when others are closed for want of room, until every tag is taken off again.</summary>
    /// <param name="peer">The peer, connected or not.</param>
    /// <param name="tag">Who protects it: each user of a peer has its own.</param>
    public void Protect(PeerId peer, string tag)
    {
        ArgumentNullException.ThrowIfNull(peer);
        ArgumentException.ThrowIfNullOrEmpty(tag);
        lock (_gate)
        {
            if (!_protections.TryGetValue(peer, out var tags))
            {
                _protections[peer] = tags = [];
            }

            tags.Add(tag);
        }
    }

    /// <summary>Takes a protection off; nothing happens where there is none.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="tag">Who protected it.</param>
    public void Unprotect(PeerId peer, string tag)
    {
        ArgumentNullException.ThrowIfNull(peer);
        lock (_gate)
        {
            if (_protections.TryGetValue(peer, out var tags) && tags.Remove(tag) && tags.Count == 0)
            {
                _protections.Remove(peer);
            }
        }
    }

    /// <summary>Whether anybody protects the peer.</summary>
    public bool IsProtected(PeerId peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        lock (_gate)
        {
            return _protections.ContainsKey(peer);
        }
    }

    /// <summary>Says what a peer is worth to somebody: the sum over all tags decides who stays. 0 takes the tag off.</summary>
    /// <param name="peer">The peer, connected or not.</param>
    /// <param name="tag">To whom.</param>
    /// <param name="value">How much; below 0 for one who would better go.</param>
    public void SetValue(PeerId peer, string tag, int value)
    {
        ArgumentNullException.ThrowIfNull(peer);
        ArgumentException.ThrowIfNullOrEmpty(tag);
        lock (_gate)
        {
            var values = _values.GetValueOrDefault(peer) ?? [];
            values.Remove(tag);
            if (value != 0)
            {
                values[tag] = value;
            }

            if (values.Count > 0)
            {
                _values[peer] = values;
            }
            else
            {
                _values.Remove(peer);
            }
        }
    }

    /// <summary>The live connections.</summary>
    internal IReadOnlyList<Connection> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _connections.Values.SelectMany(of => of)];
            }
        }
    }

    /// <summary>The connections to a peer on which streams can be opened.</summary>
    internal IReadOnlyList<Connection> OpenTo(PeerId peer)
    {
        lock (_gate)
        {
            return _connections.TryGetValue(peer, out var known) ? [.. known.Where(connection => connection.IsOpen)] : [];
        }
    }

    /// <summary>An open connection to the peer, a direct one if there is any.</summary>
    internal Connection? FindOpen(PeerId peer)
    {
        var open = OpenTo(peer);
        return open.FirstOrDefault(connection => !connection.IsRelayed) ?? (open.Count > 0 ? open[0] : null);
    }

    /// <summary>Enters a connection.</summary>
    /// <exception cref="PeerRefusedException">A limit is reached, or the switch is closing.</exception>
    internal void Enter(Connection connection)
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                throw new PeerRefusedException("The node is shutting down.");
            }

            var known = _connections.GetValueOrDefault(connection.RemotePeer) ?? [];
            if (_count >= _options.MaxConnections || (!connection.IsDialer && known.Count >= _options.MaxConnectionsPerPeer))
            {
                throw new PeerRefusedException("The node has all the connections it may have.");
            }

            known.Add(connection);
            _connections[connection.RemotePeer] = known;
            _count++;
        }
    }

    internal void Leave(Connection connection)
    {
        lock (_gate)
        {
            var known = _connections[connection.RemotePeer];
            known.Remove(connection);
            _count--;
            if (known.Count == 0)
            {
                _connections.Remove(connection.RemotePeer);
            }
        }
    }

    /// <summary>Enters nothing any more.</summary>
    internal void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
        }
    }

    /// <summary>Closes what is too much, if the high-water mark is passed. Called when a connection opens, and now and then.</summary>
    internal void Trim()
    {
        List<Connection> excess;
        lock (_gate)
        {
            if (_isTrimming || _isClosed || _count <= _options.ConnectionsHighWater)
            {
                return;
            }

            excess = ChooseExcess();
            _isTrimming = excess.Count > 0;
        }

        if (excess.Count > 0)
        {
            ConnectionLog.Trimming(_logger, excess.Count);
            _ = CloseAsync(excess);
        }
    }

    /// <summary>Closing takes a while where a peer does not take its last data; nothing more is chosen meanwhile.</summary>
    private async Task CloseAsync(List<Connection> excess)
    {
        await Task.WhenAll(excess.Select(connection => connection.CloseAsync(CloseReason.Trimmed).AsTask())).ConfigureAwait(false);
        lock (_gate)
        {
            _isTrimming = false;
        }
    }

    // Under the gate.
    private List<Connection> ChooseExcess()
    {
        // Those that have closed and not left yet are neither too many nor to be closed.
        var open = _connections.Values.Sum(of => of.Count(connection => connection.IsOpen));
        if (open <= _options.ConnectionsHighWater)
        {
            return [];
        }

        var now = _options.TimeProvider.GetTimestamp();
        var candidates =
            from of in _connections
            where !_protections.ContainsKey(of.Key)
            let value = _values.TryGetValue(of.Key, out var values) ? values.Values.Sum(each => (long)each) : 0
            from connection in of.Value
            where connection.IsOpen && _options.TimeProvider.GetElapsedTime(connection.OpenedTimestamp, now) >= _options.TrimGrace
            orderby value, of.Value[0] == connection, connection.StreamCount > 0, connection.IsDialer, connection.OpenedTimestamp descending
            select connection;
        return [.. candidates.Take(open - _options.ConnectionsLowWater)];
    }
}
