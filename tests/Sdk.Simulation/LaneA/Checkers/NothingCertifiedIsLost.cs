using Sdk.Storage.Replication;

namespace Sdk.Simulation.LaneA.Checkers;

/// <summary>
/// I2: whatever the client was told is certified stays. Every later session continues from an entry that descends from
/// it, no matter whether the certificate or the session came first. An open session vouches in the same way for what it
/// adopted, and for whatever of older sessions it shows to a reader.
/// </summary>
internal sealed class NothingCertifiedIsLost(History history) : LaneAChecker("I2")
{
    private readonly Dictionary<uint, List<HistoryEntry>> _certified = [];
    private readonly Dictionary<uint, List<HistoryEntry>> _firstOfSession = [];

    /// <summary>The certified entry of a slice with the greatest key of sessions before the given one, or null.</summary>
    public HistoryEntry? LatestOf(uint slice, SessionId before) =>
        ListOf(_certified, slice).Where(entry => entry.Key.Session < before).MaxBy(entry => entry.Key);

    public override void EntrySigned(HistoryEntry entry)
    {
        if (entry.Parent?.Key.Session == entry.Key.Session)
        {
            return;
        }

        ListOf(_firstOfSession, entry.Slice).Add(entry);
        foreach (HistoryEntry certified in ListOf(_certified, entry.Slice))
        {
            RequireKept(certified, entry);
        }
    }

    public override void Certified(HistoryEntry entry)
    {
        List<HistoryEntry> certified = ListOf(_certified, entry.Slice);
        if (!certified.Contains(entry))
        {
            certified.Add(entry);
            foreach (HistoryEntry first in ListOf(_firstOfSession, entry.Slice))
            {
                RequireKept(entry, first);
            }
        }
    }

    public override void Opened(in SessionId session)
    {
        foreach (List<HistoryEntry> firsts in _firstOfSession.Values)
        {
            foreach (HistoryEntry first in firsts)
            {
                if (first.Key.Session == session && first.Parent is not null)
                {
                    Certified(first.Parent);
                }
            }
        }
    }

    public override void ReadDone(ClientRead read, SliceRead result)
    {
        for (int i = 0; i < read.Count; i++)
        {
            if ((result.Touched >> i & 1) != 0 && history.FindVersion(read.Slice, result.Versions[i]) is { } shown && shown.Key.Session < read.Session)
            {
                Certified(shown);
            }
        }
    }

    private void RequireKept(HistoryEntry certified, HistoryEntry first) => Require(
        first.Key.Session <= certified.Key.Session || first.DescendsFrom(certified),
        $"session {first.Key.Session} continued slice {first.Slice} from {first.Parent?.Key.ToString() ?? "nothing"}, which does not contain the certified entry {certified.Key}");

    private static List<HistoryEntry> ListOf(Dictionary<uint, List<HistoryEntry>> lists, uint slice)
    {
        if (!lists.TryGetValue(slice, out List<HistoryEntry>? list))
        {
            lists[slice] = list = [];
        }

        return list;
    }
}
