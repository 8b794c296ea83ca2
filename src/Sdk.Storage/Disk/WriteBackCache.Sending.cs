using System.Numerics;

namespace Sdk.Storage.Disk;

/// <content>From dirty to certified: which slices are due, what a submission takes along, and what its end sets free.</content>
internal sealed partial class WriteBackCache
{
    /// <summary>Sends all that is dirty; the barrier completes when everything that was written before is certified.</summary>
    /// <exception cref="WriteNotCertifiedException">The cache has stopped.</exception>
    public FlushBarrier BeginFlush()
    {
        var barrier = new FlushBarrier();
        lock (_gate)
        {
            ThrowIfStopped();
            foreach (CachedSlice cached in _slices.Values)
            {
                if (cached.Dirty != 0)
                {
                    cached.Barriers.Add(barrier);
                    barrier.Pending++;
                    Queue(cached);
                }

                foreach (SliceSubmission submission in cached.Submissions)
                {
                    if (!submission.IsCertified)
                    {
                        submission.Barriers.Add(barrier);
                        barrier.Pending++;
                    }
                }
            }

            if (barrier.Pending == 0)
            {
                barrier.Complete();
            }
            else
            {
                _barriers.Add(barrier);
            }
        }

        return barrier;
    }

    /// <summary>Takes the dirty sectors of a queued slice along; null if nothing is to be sent any more.</summary>
    public SliceSubmission? TakeDirty(CachedSlice cached)
    {
        lock (_gate)
        {
            cached.IsQueued = false;
            _underway--;
            if (_failure is not null || cached.Dirty == 0)
            {
                return null;
            }

            var submission = new SliceSubmission(cached, cached.Dirty & ~cached.Trimmed, cached.Dirty & cached.Trimmed);
            for (ulong rest = cached.Dirty; rest != 0; rest &= rest - 1)
            {
                int sector = BitOperations.TrailingZeroCount(rest);
                submission.Plaintexts[sector] = cached.Plaintexts[sector];
                cached.Owners[sector] = submission;
            }

            _underway++;
            cached.Dirty = 0;
            cached.Submissions.Add(submission);
            submission.Barriers.AddRange(cached.Barriers);
            cached.Barriers.Clear();
            return submission;
        }
    }

    /// <summary>The group certified a submission: reads may go to it from now on.</summary>
    public void Complete(SliceSubmission submission, in WriteCertificate certificate)
    {
        lock (_gate)
        {
            if (_cleared)
            {
                return;
            }

            _underway--;
            _tally.Add(certificate.Holders);
            submission.IsCertified = true;
            if (submission.Slice.Pins == 0)
            {
                Release(submission);
                DropIfEmpty(submission.Slice);
            }

            foreach (FlushBarrier barrier in submission.Barriers)
            {
                if (--barrier.Pending == 0 && _barriers.Remove(barrier))
                {
                    barrier.Complete();
                }
            }

            SendWhatIsDue();
        }
    }

    /// <summary>Stops the cache: flushes and writers that wait fail, nothing is sent any more. What is cached stays readable.</summary>
    public void Stop(WriteNotCertifiedException failure)
    {
        lock (_gate)
        {
            if (_failure is not null)
            {
                return;
            }

            _failure = failure;
            _room.Fail(failure);
            foreach (FlushBarrier barrier in _barriers)
            {
                barrier.Fail(failure);
            }

            _barriers.Clear();
        }
    }

    /// <summary>Zeroes and forgets everything. Senders have ended: nobody seals any more.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _cleared = true;
            foreach (CachedSlice cached in _slices.Values)
            {
                cached.Submissions.ForEach(submission => Array.ForEach(submission.Plaintexts, Zero));
                Array.ForEach(cached.Plaintexts, Zero);
            }

            _slices.Clear();
            _spareSectors.Clear();
        }
    }

    /// <summary>The certificates since this was last asked for.</summary>
    public FlushReceipt TakeReceipt()
    {
        lock (_gate)
        {
            return _tally.Take();
        }
    }

    /// <summary>Sends everything when half of the room is dirty, or when somebody waits for room and nothing is underway to make it.</summary>
    private void SendWhatIsDue()
    {
        if (_unsentUnits < _room.CapacityUnits / 2 && (_underway > 0 || !_room.HasWaiters))
        {
            return;
        }

        foreach (CachedSlice cached in _slices.Values)
        {
            Queue(cached);
        }
    }

    private void Queue(CachedSlice cached)
    {
        if (!cached.IsQueued && cached.Dirty != 0 && _failure is null)
        {
            CountUnsent(cached, -1 - BitOperations.PopCount(cached.Dirty & ~cached.Trimmed));
            cached.IsQueued = true;
            _underway++;
            send(cached);
        }
    }

    private void CountUnsent(CachedSlice cached, int units) => _unsentUnits += cached.IsQueued ? 0 : units;

    private void Release(SliceSubmission submission)
    {
        CachedSlice cached = submission.Slice;
        for (ulong rest = submission.Data | submission.Trimmed; rest != 0; rest &= rest - 1)
        {
            int sector = BitOperations.TrailingZeroCount(rest);
            if (cached.Owners[sector] == submission)
            {
                cached.Owners[sector] = null;
                cached.Plaintexts[sector] = null;
                cached.Cached &= ~(1UL << sector);
                cached.Trimmed &= ~(1UL << sector);
            }

            if (submission.Plaintexts[sector] is { } plaintext)
            {
                GiveBack(plaintext);
            }
        }

        cached.Submissions.Remove(submission);
    }

    private void DropIfEmpty(CachedSlice cached)
    {
        if (cached.IsDroppable && _slices.Remove(cached.Slice))
        {
            _room.Release(1);
        }
    }
}
