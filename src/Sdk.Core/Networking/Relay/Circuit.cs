using System.IO.Pipelines;

namespace Sdk.Core.Networking.Relay;

/// <summary>Why a circuit ended.</summary>
internal enum CircuitEnd
{
    /// <summary>Both sides had ended their direction.</summary>
    Closed = 1,

    /// <summary>A side broke off, or its connection did.</summary>
    Broken = 2,

    /// <summary>It had carried what it may.</summary>
    DataLimit = 3,

    /// <summary>It had lasted as long as it may.</summary>
    DurationLimit = 4,
}

/// <summary>
/// Two streams joined by a relay. Bytes are copied piece by piece, and the next is not taken before the last was: whoever does not read
/// holds up who writes, and the relay keeps a stream's window at most. An end of one direction is passed on; anything else ends both
/// streams with a reset.
/// </summary>
internal sealed class Circuit(PeerStream source, PeerStream target, ConnectionLimit? limit, TimeProvider time)
{
    /// <summary>What is copied at once: one frame of the muxer.</summary>
    private const int PieceBytes = 64 * 1024;

    private bool _isDataLimitReached;

    public async Task<CircuitEnd> RunAsync(CancellationToken cancellationToken)
    {
        using var expiry = new CancellationTokenSource(limit?.Duration ?? Timeout.InfiniteTimeSpan, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(expiry.Token, cancellationToken);
        try
        {
            await Task.WhenAll(
                PassAsync(source.Input, target.Output, either),
                PassAsync(target.Input, source.Output, either)).ConfigureAwait(false);
            await target.DisposeAsync().ConfigureAwait(false);
            return CircuitEnd.Closed;
        }
        catch (Exception error)
        {
            source.Reset();
            target.Reset();
            if (error is not (StreamResetException or OperationCanceledException))
            {
                throw;
            }

            return _isDataLimitReached ? CircuitEnd.DataLimit : expiry.IsCancellationRequested ? CircuitEnd.DurationLimit : CircuitEnd.Broken;
        }
    }

    private async Task PassAsync(PipeReader from, PipeWriter to, CancellationTokenSource both)
    {
        try
        {
            await CopyAsync(from, to, both.Token).ConfigureAwait(false);
            await to.CompleteAsync().ConfigureAwait(false);
        }
        catch
        {
            await both.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task CopyAsync(PipeReader from, PipeWriter to, CancellationToken cancellationToken)
    {
        var left = limit?.DataBytes ?? long.MaxValue;
        while (true)
        {
            var result = await from.ReadAsync(cancellationToken).ConfigureAwait(false);
            var piece = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, PieceBytes));
            if (piece.Length > left)
            {
                from.AdvanceTo(piece.Start);
                _isDataLimitReached = true;
                throw new OperationCanceledException("The circuit has carried what it may.");
            }

            foreach (var segment in piece)
            {
                await to.WriteAsync(segment, cancellationToken).ConfigureAwait(false);
            }

            left -= piece.Length;
            RelayTelemetry.Bytes.Add(piece.Length);
            var isEnd = result.IsCompleted && piece.Length == result.Buffer.Length;
            from.AdvanceTo(piece.End);
            if (isEnd)
            {
                return;
            }
        }
    }
}
