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

    // The first few may be gone already: they are taken out many at once, so that a reader finds its place without walking.
    private readonly List<LedgerEvent> _events;
    private readonly int _kept;
    private int _gone;
    private long _dropped;
    private ulong _head;

    // The first block of which all events are kept.
    private ulong _completeFrom;
    private TaskCompletionSource _grown = NewSignal();

    /// <param name="kept">How many are kept.</param>
    /// <param name="head">The newest block.</param>
    /// <param name="events">Those that were kept so far.</param>
    /// <param name="completeFrom">The first block of which they are all.</param>
    public EventHistory(int kept, ulong head, IEnumerable<LedgerEvent> events, ulong completeFrom)
    {
        (_kept, _head, _events, _completeFrom) = (kept, head, [.. events], completeFrom);
        Trim();
    }

    /// <summary>The first block of which all events are kept.</summary>
    public ulong CompleteFrom
    {
        get
        {
            lock (_lock)
            {
                return _completeFrom;
            }
        }
    }

    public IReadOnlyList<LedgerEvent> Kept
    {
        get
        {
            lock (_lock)
            {
                return _events[_gone..];
            }
        }
    }

    public void Add(ulong block, IReadOnlyList<LedgerEvent> events)
    {
        TaskCompletionSource grown;
        lock (_lock)
        {
            _events.AddRange(events);
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

                page.AddRange(_events.Skip((int)(next - _dropped) + _gone).Take(PageEvents));
                next += page.Count;
                (grown, head, isMore) = (_grown.Task, _head, next < _dropped + _events.Count - _gone);
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

    private long First(ulong block) => block >= _completeFrom ? _dropped + _events.Skip(_gone).TakeWhile(told => told.BlockNumber < block).Count() : throw Gone();

    private void Trim()
    {
        for (; _events.Count - _gone > _kept; _gone++, _dropped++)
        {
            _completeFrom = _events[_gone].BlockNumber + 1;
        }

        if (_gone > _kept)
        {
            _events.RemoveRange(0, _gone);
            _gone = 0;
        }
    }
}
