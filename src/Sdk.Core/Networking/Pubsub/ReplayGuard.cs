namespace Sdk.Core.Networking.Pubsub;

/// <summary>
/// What keeps old messages from coming back. <see cref="SeenCache"/> knows each id for a while; when it forgets one, the publisher's floor
/// rises to that message's sequence number, and nothing at or below a floor is news. Where numbers rise, as <c>specs/pubsub</c> asks, whatever
/// was seen once is known for ever, and yet a message that another overtook is still taken within the cache's time, which a mere "highest
/// number" would refuse. Bounded in publishers; who was silent for longest goes first.
/// </summary>
internal sealed class ReplayGuard(TimeSpan lifetime, int capacity)
{
    private readonly Dictionary<byte[], LinkedListNode<Publisher>> _publishers = new(BytesComparer.Instance);

    /// <summary>Who was silent for longest comes first.</summary>
    private readonly LinkedList<Publisher> _order = [];

    public int Count => _publishers.Count;

    /// <summary>Whether a message of that number was seen, or is older than one that was seen and forgotten.</summary>
    public bool IsReplay(ReadOnlySpan<byte> publisher, ulong number) =>
        _publishers.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(publisher, out var known) && number <= known.Value.Floor;

    /// <summary>A message proven to be the publisher's was seen.</summary>
    public Publisher Heard(ReadOnlySpan<byte> publisher, TimeSpan now)
    {
        if (_publishers.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(publisher, out var node))
        {
            _order.Remove(node);
        }
        else
        {
            if (_publishers.Count >= capacity)
            {
                ForgetOldest();
            }

            node = new LinkedListNode<Publisher>(new Publisher(publisher.ToArray()));
            _publishers.Add(node.Value.Id, node);
        }

        node.Value.HeardAt = now;
        _order.AddLast(node);
        return node.Value;
    }

    /// <summary>Forgets publishers that were silent for the lifetime.</summary>
    public void Expire(TimeSpan now)
    {
        while (_order.First is { } oldest && now - oldest.Value.HeardAt >= lifetime)
        {
            ForgetOldest();
        }
    }

    private void ForgetOldest()
    {
        _publishers.Remove(_order.First!.Value.Id);
        _order.RemoveFirst();
    }
}

/// <summary>A publisher, and how far what it said is past.</summary>
internal sealed class Publisher(byte[] id)
{
    public byte[] Id { get; } = id;

    public TimeSpan HeardAt { get; set; }

    /// <summary>The highest number that the seen cache has forgotten; null before it forgot any.</summary>
    public ulong? Floor { get; private set; }

    public void Raise(ulong number) => Floor = Floor > number ? Floor : number;
}
