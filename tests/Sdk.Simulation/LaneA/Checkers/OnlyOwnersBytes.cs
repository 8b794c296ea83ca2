using System.Numerics;
using Sdk.Storage.Disk;

namespace Sdk.Simulation.LaneA.Checkers;

/// <summary>I4: every byte that a client is given was written by the owner, to that sector, in that version.</summary>
internal sealed class OnlyOwnersBytes() : LaneAChecker("I4")
{
    private readonly HashSet<(uint Slice, int Sector, ulong Version)> _written = [];

    public override void Submitted(in SessionId session, SliceWrite write)
    {
        foreach (SectorExtent extent in write.Extents)
        {
            for (int sector = extent.First; sector < extent.End && !extent.IsTrim; sector++)
            {
                _written.Add((write.Slice, sector, write.Version));
            }
        }
    }

    public override void ReadDone(ClientRead read, SliceRead result)
    {
        ReadOnlySpan<byte> payload = result.Payload.Span;
        Require(result.Versions.Length == read.Count && payload.Length == BitOperations.PopCount(result.Touched) * SliceGeometry.StoredSectorBytes,
            $"a read of {read.Count} sectors of slice {read.Slice} has the wrong shape");
        for (int i = 0; i < read.Count; i++)
        {
            if ((result.Touched >> i & 1) == 0)
            {
                continue;
            }

            int sector = read.First + i;
            ulong version = result.Versions[i];
            Require(_written.Contains((read.Slice, sector, version)),
                $"the owner never wrote version {version} of sector {sector} of slice {read.Slice}");
            Require(SectorContent.Matches(read.Slice, sector, version, payload[..SliceGeometry.StoredSectorBytes]),
                $"sector {sector} of slice {read.Slice} came back with other bytes than version {version} has");
            payload = payload[SliceGeometry.StoredSectorBytes..];
        }
    }
}
