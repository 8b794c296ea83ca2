namespace Sdk.Core.Overlay.Forwarding;

/// <summary>
/// Remembers which packets were here, against duplicates and loops: two generations of ids, of which the older goes when the younger is full
/// or old. An id is remembered for at least one lifetime, or until as many others came as one generation holds.
/// </summary>
internal sealed class PacketGuard(int capacity, TimeSpan lifetime)
{
    private HashSet<UInt128> _young = [];
    private HashSet<UInt128> _old = [];
    private TimeSpan _since;

    /// <summary>How many ids are remembered.</summary>
    public int Count => _young.Count + _old.Count;

    /// <summary>Whether the packet was here.</summary>
    public bool Contains(UInt128 id) => _young.Contains(id) || _old.Contains(id);

    /// <summary>Remembers a packet.</summary>
    public void Add(UInt128 id, TimeSpan now)
    {
        if (_young.Count >= capacity || now - _since >= lifetime)
        {
            (_young, _old) = (_old, _young);
            _young.Clear();
            _since = now;
        }

        _young.Add(id);
    }
}
