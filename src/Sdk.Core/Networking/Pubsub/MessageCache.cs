namespace Sdk.Core.Networking.Pubsub;

/// <summary>Messages of the last heartbeats, one window each (gossipsub's mcache): what IHAVE tells of and IWANT gets.</summary>
internal sealed class MessageCache
{
    private readonly int _maxBytes;
    private readonly Queue<Entry>[] _windows;
    private readonly Dictionary<byte[], Entry> _entries = new(BytesComparer.Instance);

    public MessageCache(int windows, int maxBytes)
    {
        _maxBytes = maxBytes;
        _windows = new Queue<Entry>[windows];
        for (var i = 0; i < windows; i++)
        {
            _windows[i] = [];
        }
    }

    public int Count => _entries.Count;

    public int Bytes { get; private set; }

    public void Add(PubsubMessage message)
    {
        var entry = new Entry(message);
        if (!_entries.TryAdd(message.Id, entry))
        {
            return;
        }

        _windows[0].Enqueue(entry);
        Bytes += message.EncodedBytes;
        for (var oldest = _windows.Length - 1; Bytes > _maxBytes && oldest >= 0;)
        {
            if (!TryForget(_windows[oldest]))
            {
                oldest--;
            }
        }
    }

    /// <summary>The message, for one of the few times that a peer gets it; null where it is not here or the peer had it often enough.</summary>
    public PubsubMessage? Take(ReadOnlySpan<byte> id, GossipPeer peer, int maxTimes)
    {
        if (!_entries.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(id, out var entry))
        {
            return null;
        }

        entry.Given ??= [];
        var times = entry.Given.GetValueOrDefault(peer.Id);
        if (times >= maxTimes)
        {
            return null;
        }

        entry.Given[peer.Id] = times + 1;
        return entry.Message;
    }

    /// <summary>Messages of the newest windows.</summary>
    public IEnumerable<PubsubMessage> Newest(int windows) => _windows.Take(windows).SelectMany(window => window).Select(entry => entry.Message);

    /// <summary>A heartbeat passed.</summary>
    public void Shift()
    {
        var oldest = _windows[^1];
        while (TryForget(oldest))
        {
            // Until it is empty.
        }

        Array.Copy(_windows, 0, _windows, 1, _windows.Length - 1);
        _windows[0] = oldest;
    }

    private bool TryForget(Queue<Entry> window)
    {
        if (!window.TryDequeue(out var entry))
        {
            return false;
        }

        _entries.Remove(entry.Message.Id);
        Bytes -= entry.Message.EncodedBytes;
        return true;
    }

    private sealed class Entry(PubsubMessage message)
    {
        public PubsubMessage Message { get; } = message;

        public Dictionary<PeerId, int>? Given { get; set; }
    }
}
