
namespace Sdk.Storage.Disk;

/// <summary>
/// What a disk needs of one copy group. Production is <c>SliceSession</c>, a session over the network; the
/// twin in the tests keeps slices in memory, so that the disk can be tested alone.
/// </summary>
internal interface ISliceChannel : IAsyncDisposable
{
    /// <summary>Slices that the disk owns in this group, numbered from 0.</summary>
    uint SliceCount { get; }

    /// <summary>A write version that this session has not used: (session counter &lt;&lt; 32) | n, n rising from 1.</summary>
    ulong NextVersion();

    /// <summary>
    /// Submits one write. The outer task completes when there was room (back-pressure), the inner one when more than
    /// two thirds of the group certified the write, or fails. Writes to one slice take effect in the order of submission.
    /// The channel takes over the payload's reference, also when it throws.
    /// </summary>
    ValueTask<Task<WriteCertificate>> SubmitAsync(SliceWrite write, CancellationToken cancellationToken);

    /// <summary>
    /// Of the slices with a certificate, how many have their newest one held by h members, at index h: 0 to the group's size.
    /// Counts what members acknowledged in this session, those that are gone since included.
    /// </summary>
    int[] CountHolders();

    /// <summary>
    /// Reads sectors, verified against the slice's root. Every certified write is seen; of a write that is submitted
    /// and not certified, a sector is either old or new.
    /// </summary>
    ValueTask<SliceRead> ReadAsync(uint slice, int firstSector, int count, CancellationToken cancellationToken);
}

/// <summary>One write to one slice. The payload holds nonce ‖ tag ‖ ciphertext per data sector, in the order of the extents.</summary>
internal sealed class SliceWrite
{
    public required uint Slice { get; init; }

    public required ulong Version { get; init; }

    /// <summary>Ascending, not overlapping.</summary>
    public required SectorExtent[] Extents { get; init; }

    public required PayloadBuffer Payload { get; init; }
}

/// <summary>More than two thirds of the group hold the write durably and said so under their signatures.</summary>
internal readonly record struct WriteCertificate(uint Slice, EntryKey Key, int Holders, int Members);

/// <summary>Sectors that were read, already verified. Owns its payload until disposed.</summary>
internal sealed class SliceRead(ulong touched, ulong[] versions, PayloadBuffer payload) : IDisposable
{
    /// <summary>Bit i is set when sector first + i holds data; the others read as zeros.</summary>
    public ulong Touched { get; } = touched;

    /// <summary>The write version of sector first + i.</summary>
    public ReadOnlySpan<ulong> Versions => versions;

    /// <summary>nonce ‖ tag ‖ ciphertext of each touched sector, in order.</summary>
    public ReadOnlyMemory<byte> Payload => payload.Memory;

    /// <summary>Sectors that nobody has written.</summary>
    public static SliceRead Untouched(int count) => new(0, new ulong[count], PayloadBuffer.Empty);

    public void Dispose() => payload.Release();
}
