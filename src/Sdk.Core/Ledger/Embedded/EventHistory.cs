namespace Sdk.Core.Ledger.Embedded;

/// <summary>
/// The last events of an embedded ledger. Whoever follows them reads at its own pace; the only bound is how many are kept, and whoever
/// falls behind that is told so.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class EventHistory
{
    private const int PageEvents = 256;

    private readonly Lock _lock = new();
    private readonly Queue<LedgerEvent> _events;
    private readonly int _kept;
    private long _dropped;
    private ulong _head;

    // The first block of which all events are kept.
    private ulong _completeFrom;
    private TaskCompletionSource _grown = NewSignal();

    public EventHistory(int kept, ulong head, IReadOnlyCollection<LedgerEvent> events)
    {
        (_kept, _head, _events) = (kept, head, new Queue<LedgerEvent>(events));

        // A full store may have let go of earlier ones of its first block.
        _completeFrom = events.Count < kept ? 0 : events.First().BlockNumber + 1;
        Trim();
    }

    public IReadOnlyList<LedgerEvent> Kept
    {
        get
        {
            lock (_lock)
            {
                return [.. _events];
            }
        }
    }

    public void Add(ulong block, IReadOnlyList<LedgerEvent> events)
    {
        TaskCompletionSource grown;
        lock (_lock)
        {
            foreach (var told in events)
            {
                _events.Enqueue(told);
            }

            _head = block;
            Trim();
            (grown, _grown) = (_grown, NewSignal());
        }

        grown.TrySetResult();
    }

    /// <summary>Ends all that follow.</summary>
    public void Fail(Exception reason)
    {
        lock (_lock)
        {
            _grown.TrySetException(reason);

            // Nobody may be waiting.
            _ = _grown.Task.Exception;
        }
    }

    public async IAsyncEnumerable<LedgerEvent> FollowAsync(LedgerEventFilter filter, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var next = -1L;
        var page = new List<LedgerEvent>(PageEvents);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Task grown;
            ulong head;
            bool isMore;
            page.Clear();
            lock (_lock)
            {
                next = next < 0 ? First(filter.FromBlock) : next;
                if (next < _dropped)
                {
                    throw Gone();
                }

                page.AddRange(_events.Skip((int)(next - _dropped)).Take(PageEvents));
                next += page.Count;
                (grown, head, isMore) = (_grown.Task, _head, next < _dropped + _events.Count);
            }

            foreach (var told in page.Where(filter.Takes))
            {
                yield return told;
            }

            if (!isMore)
            {
                if (filter.ToBlock is { } last && head >= last)
                {
                    yield break;
                }

                await grown.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private LedgerException Gone() => new(LedgerFailure.HistoryGone, $"Events before block {_completeFrom} are not kept.");

    private long First(ulong block) => block >= _completeFrom ? _dropped + _events.TakeWhile(told => told.BlockNumber < block).Count() : throw Gone();

    private void Trim()
    {
        while (_events.Count > _kept)
        {
            _completeFrom = _events.Dequeue().BlockNumber + 1;
            _dropped++;
        }
    }
}
