using Sdk.Storage.Disk;

namespace Sdk.Simulation.LaneA.Checkers;

/// <summary>
/// I2: whatever the client was told is certified stays. Every later session continues from an entry that descends from
/// it, no matter whether the certificate or the session came first. An open session vouches in the same way for what it
/// adopted, and for whatever of older sessions it shows to a reader.
/// </summary>
internal sealed class NothingCertifiedIsLost(History history) : LaneAChecker("I2")
{
    private readonly Dictionary<uint, List<Commit>> _commits = [];
    private readonly Dictionary<uint, List<HistoryEntry>> _firstOfSession = [];

    /// <summary>The certified entry of a slice with the greatest key that sessions before the given one vouch for, or null.</summary>
    public HistoryEntry? LatestOf(uint slice, SessionId before) =>
        ListOf(_commits, slice).Where(commit => commit.By < before).Select(commit => commit.Entry).MaxBy(entry => entry.Key);

    public override void EntrySigned(HistoryEntry entry)
    {
        if (entry.Parent?.Key.Session == entry.Key.Session)
        {
            return;
        }

        ListOf(_firstOfSession, entry.Slice).Add(entry);
        foreach (Commit commit in ListOf(_commits, entry.Slice))
        {
            RequireKept(commit, entry);
        }
    }

    public override void Certified(HistoryEntry entry) => Add(new Commit(entry, entry.Key.Session));

    public override void Opened(in SessionId session)
    {
        SessionId opened = session;
        foreach (HistoryEntry first in _firstOfSession.Values.SelectMany(firsts => firsts).Where(first => first.Key.Session == opened).ToArray())
        {
            if (first.Parent is not null)
            {
                Add(new Commit(first.Parent, opened));
            }
        }
    }

    public override void ReadDone(ClientRead read, SliceRead result)
    {
        for (int i = 0; i < read.Count; i++)
        {
            if ((result.Touched >> i & 1) != 0 && history.FindVersion(read.Slice, result.Versions[i]) is { } shown && shown.Key.Session < read.Session)
            {
                Add(new Commit(shown, read.Session));
            }
        }
    }

    private void Add(Commit commit)
    {
        List<Commit> commits = ListOf(_commits, commit.Entry.Slice);
        if (commits.Exists(known => known.Entry == commit.Entry && known.By <= commit.By))
        {
            return;
        }

        commits.Add(commit);
        foreach (HistoryEntry first in ListOf(_firstOfSession, commit.Entry.Slice))
        {
            RequireKept(commit, first);
        }
    }

    private void RequireKept(Commit commit, HistoryEntry first) => Require(
        first.Key.Session <= commit.By || first.DescendsFrom(commit.Entry),
        $"session {first.Key.Session} continued slice {first.Slice} from {first.Parent?.Key.ToString() ?? "nothing"}, which does not contain {commit.Entry.Key}, certified by session {commit.By}");

    private static List<T> ListOf<T>(Dictionary<uint, List<T>> lists, uint slice)
    {
        if (!lists.TryGetValue(slice, out List<T>? list))
        {
            lists[slice] = list = [];
        }

        return list;
    }

    /// <summary>An entry and the session that vouches for it: only later ones must keep it.</summary>
    private sealed record Commit(HistoryEntry Entry, SessionId By);
}
