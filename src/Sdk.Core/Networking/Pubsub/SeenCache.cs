namespace Sdk.Core.Networking.Pubsub;

/// <summary>Ids of messages whose verdict stands, so that each is judged and delivered once. Bounded in time and number; the oldest go first.</summary>
internal sealed class SeenCache(TimeSpan lifetime, int capacity)
{
    private readonly Dictionary<byte[], bool> _invalid = new(BytesComparer.Instance);
    private readonly Queue<(byte[] Id, TimeSpan Until)> _order = [];

    public int Count => _invalid.Count;

    /// <summary>Whether the id was seen, and whether its message was rejected.</summary>
    public bool Contains(ReadOnlySpan<byte> id, out bool isInvalid) =>
        _invalid.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(id, out isInvalid);

    public bool Contains(byte[] id) => _invalid.ContainsKey(id);

    public void Add(byte[] id, bool isInvalid, TimeSpan now)
    {
        if (_invalid.TryAdd(id, isInvalid))
        {
            _order.Enqueue((id, now + lifetime));
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

    private void Forget() => _invalid.Remove(_order.Dequeue().Id);
}
