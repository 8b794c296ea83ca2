using Sdk.Storage.Disk;

namespace Sdk.Simulation.LaneA.Checkers;

/// <summary>
/// I3: within a session a sector never falls back: a read shows what was certified before it began, and nothing older
/// than what an earlier read showed; of writes that are under way it may show any. A new session starts from what it
/// adopted, which holds everything certified before its Open.
/// </summary>
internal sealed class ReadsAreMonotone(History history, NothingCertifiedIsLost certified) : LaneAChecker("I3")
{
    private readonly Dictionary<(SessionId Session, uint Slice), View> _views = [];

    public override void EntrySigned(HistoryEntry entry)
    {
        View view = ViewOf(entry.Key.Session, entry.Slice);
        if (!view.HasSigned)
        {
            (view.HasSigned, view.Base) = (true, entry.Parent);
        }
    }

    public override void Submitted(in SessionId session, SliceWrite write) => ViewOf(session, write.Slice).Submit(write);

    public override void Certified(HistoryEntry entry) => ViewOf(entry.Key.Session, entry.Slice).Certify(entry.Operation.Version);

    public override void ReadStarted(ClientRead read)
    {
        View view = ViewOf(read.Session, read.Slice);
        read.CertifiedAtStart = view.CertifiedWrites;
        read.SeenAtStart = view.Seen.AsSpan(read.First, read.Count).ToArray();
    }

    public override void ReadDone(ClientRead read, SliceRead result)
    {
        View view = ViewOf(read.Session, read.Slice);
        if (!view.HasSigned)
        {
            RequireSomeBase(read, result);
            return;
        }

        for (int i = 0; i < read.Count; i++)
        {
            int sector = read.First + i;
            ulong version = (result.Touched >> i & 1) == 0 ? 0 : result.Versions[i];
            int oldest = Math.Max(read.CertifiedAtStart, read.SeenAtStart[i]);
            int? shown = view.FindFrom(oldest, sector, version);
            Require(shown is not null,
                $"session {read.Session} read version {version} of sector {sector} of slice {read.Slice}, but at least {oldest} of its {view.SubmittedWrites} writes were to be seen");
            view.Seen[sector] = Math.Max(view.Seen[sector], shown!.Value);
        }
    }

    /// <summary>Before a session signs anything on a slice nobody knows what it adopted: some state that holds what is certified must fit.</summary>
    private void RequireSomeBase(ClientRead read, SliceRead result)
    {
        HistoryEntry? latest = certified.LatestOf(read.Slice, before: read.Session);
        bool Fits(ReadOnlySpan<ulong> versions)
        {
            for (int i = 0; i < read.Count; i++)
            {
                ulong version = (result.Touched >> i & 1) == 0 ? 0 : result.Versions[i];
                if ((versions.IsEmpty ? 0 : versions[read.First + i]) != version)
                {
                    return false;
                }
            }

            return true;
        }

        bool found = (latest is null && Fits([])) || history.EntriesOf(read.Slice).Any(
            entry => entry.Key.Session < read.Session && (latest is null || entry.DescendsFrom(latest)) && Fits(entry.Versions));
        Require(found, $"session {read.Session} shows of slice {read.Slice} what stood before the certified entry {latest?.Key.ToString() ?? "(none)"}");
    }

    private View ViewOf(in SessionId session, uint slice)
    {
        if (!_views.TryGetValue((session, slice), out View? view))
        {
            _views[(session, slice)] = view = new View();
        }

        return view;
    }

    /// <summary>A slice as one session may see it: what it adopted, and after that each of its writes.</summary>
    private sealed class View
    {
        private readonly List<SliceWrite> _writes = [];

        /// <summary>True once an entry of the session showed what it adopted.</summary>
        public bool HasSigned { get; set; }

        public HistoryEntry? Base { get; set; }

        /// <summary>For each sector the number of writes after which the value stood that a read showed.</summary>
        public int[] Seen { get; } = new int[SliceGeometry.SectorsPerSlice];

        public int SubmittedWrites => _writes.Count;

        public int CertifiedWrites { get; private set; }

        public void Submit(SliceWrite write) => _writes.Add(write);

        public void Certify(ulong version) =>
            CertifiedWrites = Math.Max(CertifiedWrites, 1 + _writes.FindIndex(write => write.Version == version));

        /// <summary>The smallest number of writes, at least <paramref name="oldest"/>, after which the sector has this version.</summary>
        public int? FindFrom(int oldest, int sector, ulong version)
        {
            ulong there = Base?.Versions[sector] ?? 0;
            for (int writes = 0; writes <= _writes.Count; writes++)
            {
                there = writes == 0 ? there : VersionAfter(_writes[writes - 1], sector, there);
                if (writes >= oldest && there == version)
                {
                    return writes;
                }
            }

            return null;
        }

        private static ulong VersionAfter(SliceWrite write, int sector, ulong before)
        {
            foreach (SectorExtent extent in write.Extents)
            {
                if (sector >= extent.First && sector < extent.End)
                {
                    return extent.IsTrim ? 0 : write.Version;
                }
            }

            return before;
        }
    }
}
