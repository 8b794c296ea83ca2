using System.Numerics;
using System.Threading.Channels;

namespace Sdk.Storage.Disk;

/// <summary>
/// One loop per copy group: takes the dirty sectors of the next slice in line, seals them straight into the payload and submits
/// them. One loop, so that writes to a slice are submitted in order; it waits for room, never for certificates, so that
/// many writes are on their way.
/// </summary>
internal sealed class SliceSender(ISliceChannel group, SliceMap map, SectorCodec codec, WriteBackCache cache, Action<BatchCertified> certified)
{
    // Not bounded here: every slice stands in it once at most, and the cache bounds the slices.
    private readonly Channel<CachedSlice> _line = Channel.CreateUnbounded<CachedSlice>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Puts a slice in line. Never blocks.</summary>
    public void Enqueue(CachedSlice slice) => _line.Writer.TryWrite(slice);

    /// <summary>Runs until stopped; what goes wrong stops the cache.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            await foreach (CachedSlice slice in _line.Reader.ReadAllAsync(stopping).ConfigureAwait(false))
            {
                if (cache.TakeDirty(slice) is { } submission)
                {
                    Task<WriteCertificate> certificate = await group.SubmitAsync(Seal(submission), stopping).ConfigureAwait(false);
                    _ = CompleteAsync(submission, certificate);
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The disk was disposed or aborted, which has already stopped the cache.
        }
        catch (Exception failure)
        {
            Stop(failure);
        }
    }

    private SliceWrite Seal(SliceSubmission submission)
    {
        SlicePlace place = map[submission.Slice.Slice];
        ulong version = group.NextVersion();
        PayloadBuffer payload = PayloadBuffer.Rent(BitOperations.PopCount(submission.Data) * SliceGeometry.StoredSectorBytes);
        try
        {
            codec.Seal(place.Origin, version, submission.Data, submission.Plaintexts, payload.Span);
        }
        catch
        {
            payload.Release();
            throw;
        }

        return new SliceWrite
        {
            Slice = place.GroupSlice,
            Version = version,
            Extents = SectorExtents.Of(submission.Data, submission.Trimmed),
            Payload = payload,
        };
    }

    private async Task CompleteAsync(SliceSubmission submission, Task<WriteCertificate> pending)
    {
        try
        {
            WriteCertificate certificate = await pending.ConfigureAwait(false);
            long offsetBytes = (long)submission.Slice.Slice * SliceGeometry.SliceBytes;
            certified(new BatchCertified(offsetBytes, submission.SectorCount, certificate.Holders, certificate.Members));
            cache.Complete(submission, in certificate);
        }
        catch (Exception failure)
        {
            Stop(failure);
        }
    }

    private void Stop(Exception failure) => cache.Stop(new WriteNotCertifiedException(
        "A write could not be certified by its copy group, so the disk takes no more writes.", failure));
}
