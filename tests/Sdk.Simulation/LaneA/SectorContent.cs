using Sdk.Simulation.Scheduling;
using Sdk.Storage.Disk;

namespace Sdk.Simulation.LaneA;

/// <summary>
/// What the owner stores in a sector: bytes that follow from slice, sector and version, so that a checker knows what
/// must come back without remembering it. They stand for ciphertext; members have no key and cannot tell.
/// </summary>
internal static class SectorContent
{
    public static void Fill(uint slice, int sector, ulong version, Span<byte> stored) => Generator(slice, sector, version).Fill(stored);

    public static bool Matches(uint slice, int sector, ulong version, ReadOnlySpan<byte> stored)
    {
        Span<byte> expected = stackalloc byte[SliceGeometry.StoredSectorBytes];
        Fill(slice, sector, version, expected);
        return stored.SequenceEqual(expected);
    }

    private static SimRandom Generator(uint slice, int sector, ulong version) =>
        new(SimRandom.Mix(version) ^ SimRandom.Mix(((ulong)slice << 32) | (uint)sector));
}
