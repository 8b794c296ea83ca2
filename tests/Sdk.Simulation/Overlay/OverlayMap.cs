using Sdk.Core.Addressing;
using Sdk.Core.Overlay.Lookups;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Overlay;

/// <summary>Addresses in order, and who is truly nearest to any: what the nodes have to find out, the checkers look up here.</summary>
internal sealed class OverlayMap
{
    private readonly OverlayAddress[] _addresses;

    // The first half of an address: no two share it.
    private readonly UInt128[] _keys;

    /// <summary>Sorts the addresses; from then on each is known by its place.</summary>
    public OverlayMap(IEnumerable<OverlayAddress> addresses)
    {
        _addresses = [.. addresses.Order()];
        _keys = [.. _addresses.Select(Key)];
    }

    public int Count => _addresses.Length;

    public OverlayAddress this[int place] => _addresses[place];

    public static UInt128 Key(OverlayAddress address) => XorDistance.Between(default, address).High;

    public static OverlayAddress RandomAddress(SimRandom random)
    {
        Span<byte> bytes = stackalloc byte[OverlayAddress.LengthBytes];
        random.Fill(bytes);
        return OverlayAddress.FromBytes(bytes);
    }

    public UInt128 KeyAt(int place) => _keys[place];

    public int PlaceOf(OverlayAddress address) => Array.BinarySearch(_addresses, address);

    /// <summary>Where, in [<paramref name="low"/>, <paramref name="high"/>) of addresses that share the bits before it, the bit turns to one.</summary>
    public int Split(int low, int high, int bit)
    {
        while (low < high)
        {
            int middle = (low + high) / 2;
            bool isOne = ((_keys[middle] >> (127 - bit)) & 1) != 0;
            (low, high) = isOne ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    /// <summary>The places of the nearest to a target that count, nearest first.</summary>
    public int[] Nearest(OverlayAddress target, int count, Func<int, bool> counts)
    {
        UInt128 key = Key(target);
        List<int> found = [];
        Collect(key, 0, Count, bit: 0, count, counts, found);
        return [.. found.Order(Comparer<int>.Create((one, other) => (_keys[one] ^ key).CompareTo(_keys[other] ^ key))).Take(count)];
    }

    /// <summary>Goes to the nearer half first, and to the other only if that has not enough.</summary>
    private void Collect(UInt128 key, int low, int high, int bit, int count, Func<int, bool> counts, List<int> found)
    {
        if (high - low <= count || bit == 127)
        {
            for (int place = low; place < high; place++)
            {
                if (counts(place))
                {
                    found.Add(place);
                }
            }

            return;
        }

        int split = Split(low, high, bit);
        bool isOne = ((key >> (127 - bit)) & 1) != 0;
        (int nearLow, int nearHigh) = isOne ? (split, high) : (low, split);
        (int farLow, int farHigh) = isOne ? (low, split) : (split, high);
        Collect(key, nearLow, nearHigh, bit + 1, count, counts, found);
        if (found.Count < count)
        {
            Collect(key, farLow, farHigh, bit + 1, count, counts, found);
        }
    }
}
