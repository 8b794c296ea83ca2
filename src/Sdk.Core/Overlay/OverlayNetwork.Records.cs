using Sdk.Core.Addressing;
using Sdk.Core.Overlay.Records;
using Sdk.Core.Overlay.Routing;

namespace Sdk.Core.Overlay;

/// <summary>Records that the network keeps.</summary>
public sealed partial class OverlayNetwork
{
    private readonly Dictionary<OverlayPut, TaskCompletionSource<RecordPutResult>> _puts = [];
    private readonly Dictionary<OverlayGet, TaskCompletionSource<IReadOnlyList<OverlayRecord>>> _gets = [];

    /// <summary>The kinds of records that this node keeps and reads.</summary>
    public RecordKinds RecordKinds => _options.RecordKinds;

    /// <summary>
    /// Stores a record at the sixteen nodes whose addresses are nearest to its key. A newer version of the writer takes its place, an older one
    /// is refused.
    /// </summary>
    /// <param name="record">A record of this network, of one of <see cref="RecordKinds"/>.</param>
    /// <param name="republish">Whether this node stores it again every hour until it expires, so that it stays at the nearest while nodes come and go.</param>
    /// <param name="cancellationToken">Stops waiting; what was begun goes on.</param>
    /// <returns>As soon as a majority of the nearest has it, or it cannot be had any more: <see cref="RecordPutResult.IsStored"/> says which.</returns>
    /// <exception cref="ArgumentException">Other nodes would refuse the record: its signature, times, key or value are not good, or its kind is not known here.</exception>
    /// <exception cref="InvalidOperationException">This node republishes a newer version already, or as many records as it can.</exception>
    /// <exception cref="ObjectDisposedException">The node has left the overlay.</exception>
    public async ValueTask<RecordPutResult> PutAsync(OverlayRecord record, bool republish = true, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(record);
        var result = new TaskCompletionSource<RecordPutResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposal is not null, this);
            if (_router.Records.Fault(record, _time.GetUtcNow()) is { } fault)
            {
                throw new ArgumentException($"Nobody would keep the record: {fault}.", nameof(record));
            }

            var put = _router.BeginPut(record, republish)
                ?? throw new InvalidOperationException("This node republishes a newer version of the record already, or as many records as it can.");
            _puts.Add(put, result);
            Settle();
        }

        return await result.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Reads what stands under a key, from so many of the nearest nodes that at least one of them has whatever was put. Signatures, times and
    /// values have been checked; of each writer it is the newest that any of them has.
    /// </summary>
    /// <param name="kind">The kind, one of <see cref="RecordKinds"/>.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>One record per writer, in no order; none where nothing was found, or all was deleted.</returns>
    /// <exception cref="ArgumentException">The kind is not known here.</exception>
    /// <exception cref="ObjectDisposedException">The node has left the overlay.</exception>
    public async ValueTask<IReadOnlyList<OverlayRecord>> GetAsync(RecordKind kind, OverlayAddress key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(kind);
        if (!RecordKinds.TryGet(kind.Id, out var known))
        {
            throw new ArgumentException($"The kind {kind.Name} is not among those of this node.", nameof(kind));
        }

        var result = new TaskCompletionSource<IReadOnlyList<OverlayRecord>>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposal is not null, this);
            _gets.Add(_router.BeginGet(known, key), result);
            Settle();
        }

        return await result.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether this node keeps the record for the network.</summary>
    internal bool HoldsRecord(OverlayRecord record)
    {
        lock (_gate)
        {
            return _router.Records.Holds(record.Digest);
        }
    }

    /// <summary>This node keeps the record, and tells nobody: for tests.</summary>
    internal RecordOutcome KeepRecord(OverlayRecord record)
    {
        lock (_gate)
        {
            return _router.Records.Put(record, Address, _time.GetUtcNow());
        }
    }

    private void Ended(PutEndedEffect ended)
    {
        if (_puts.Remove(ended.Put, out var result))
        {
            result.TrySetResult(ended.Put.Steps!.Result);
        }
    }

    private void Ended(GetEndedEffect ended)
    {
        if (_gets.Remove(ended.Get, out var result))
        {
            result.TrySetResult([.. ended.Get.Steps!.Newest.Where(record => !record.IsDeletion)]);
        }
    }

    /// <summary>Nobody waits for what will not come any more.</summary>
    private void AbandonRecords()
    {
        var disposed = new ObjectDisposedException(nameof(OverlayNetwork));
        foreach (var put in _puts.Values)
        {
            put.TrySetException(disposed);
        }

        foreach (var get in _gets.Values)
        {
            get.TrySetException(disposed);
        }

        _puts.Clear();
        _gets.Clear();
    }
}
