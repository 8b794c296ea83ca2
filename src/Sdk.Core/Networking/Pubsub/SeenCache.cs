namespace Sdk.Core.Networking.Pubsub;

/// <summary>Ids of messages whose verdict stands, so that each is judged and delivered once. Bounded in time and number; the oldest go first, and raise their publisher's floor (<see cref="ReplayGuard"/>).</summary>
internal sealed class SeenCache(TimeSpan lifetime, int capacity)
{
    private readonly Dictionary<byte[], bool> _invalid = new(BytesComparer.Instance);
    private readonly Queue<(byte[] Id, TimeSpan Until, Publisher? Publisher, ulong Number)> _order = [];

    public int Count => _invalid.Count;

    /// <summary>Whether the id was seen, and whether its message was rejected.</summary>
    public bool Contains(ReadOnlySpan<byte> id, out bool isInvalid) =>
        _invalid.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(id, out isInvalid);

    public bool Contains(byte[] id) => _invalid.ContainsKey(id);

    /// <param name="id">The message's id.</param>
    /// <param name="isInvalid">Whether it was rejected.</param>
    /// <param name="now">The time.</param>
    /// <param name="publisher">Whose message it is, where that is proven and its numbers are kept.</param>
    /// <param name="number">The publisher's sequence number.</param>
    public void Add(byte[] id, bool isInvalid, TimeSpan now, Publisher? publisher = null, ulong number = 0)
    {
        if (_invalid.TryAdd(id, isInvalid))
        {
            _order.Enqueue((id, now + lifetime, publisher, number));
            while (_order.Count > capacity)
            {
                Forget();
            }
        }
    }

    public void Expire(TimeSpan now)
    {
        while (_order.TryPeek(out var oldest) && oldest.Until <= now)
        {
            Forget();
        }
    }

    private void Forget()
    {
        var (id, _, publisher, number) = _order.Dequeue();
        _invalid.Remove(id);
        publisher?.Raise(number);
    }
}
