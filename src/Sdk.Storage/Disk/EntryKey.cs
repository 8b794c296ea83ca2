using Sdk.Core.Cryptography;

namespace Sdk.Storage.Disk;

/// <summary>A writing session of one device: sessions are ordered by counter first, then by device, so that two devices never tie.</summary>
internal readonly record struct SessionId(ulong Counter, DeviceId Device) : IComparable<SessionId>
{
    public int CompareTo(SessionId other)
    {
        var byCounter = Counter.CompareTo(other.Counter);
        return byCounter != 0 ? byCounter : Device.CompareTo(other.Device);
    }

    public static bool operator <(SessionId left, SessionId right) => left.CompareTo(right) < 0;

    public static bool operator >(SessionId left, SessionId right) => left.CompareTo(right) > 0;

    public static bool operator <=(SessionId left, SessionId right) => left.CompareTo(right) <= 0;

    public static bool operator >=(SessionId left, SessionId right) => left.CompareTo(right) >= 0;

    public override string ToString() => $"{Counter}@{Device}";
}

/// <summary>
/// The place of an entry in a slice's log: epoch, then session, then sequence within that slice and session (from 1).
/// The default value stands before every entry: "never written".
/// </summary>
internal readonly record struct EntryKey(uint Epoch, SessionId Session, uint Sequence) : IComparable<EntryKey>
{
    public int CompareTo(EntryKey other)
    {
        var order = Epoch.CompareTo(other.Epoch);
        if (order == 0)
        {
            order = Session.CompareTo(other.Session);
        }

        return order != 0 ? order : Sequence.CompareTo(other.Sequence);
    }

    public static bool operator <(EntryKey left, EntryKey right) => left.CompareTo(right) < 0;

    public static bool operator >(EntryKey left, EntryKey right) => left.CompareTo(right) > 0;

    public static bool operator <=(EntryKey left, EntryKey right) => left.CompareTo(right) <= 0;

    public static bool operator >=(EntryKey left, EntryKey right) => left.CompareTo(right) >= 0;

    public override string ToString() => $"{Epoch}/{Session}/{Sequence}";
}
