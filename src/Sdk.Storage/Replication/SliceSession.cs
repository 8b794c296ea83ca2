using System.Security.Cryptography;
using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Storage.Disk;

namespace Sdk.Storage.Replication;

/// <summary>
/// The shell around a writer's lane A: a stream to every member, kept up as long as the session lives, and tasks for
/// those who wait. Opening tries again with a higher counter while other sessions hold the fence.
/// </summary>
internal sealed class SliceSession : ISliceChannel
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RedialAfter = TimeSpan.FromMilliseconds(500);

    /// <summary>What slower members may take to get the last batches when the session ends.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Sessions that may win the fence while this one tries to.</summary>
    private const int MaxOpenAttempts = 16;

    private readonly SessionContext _context;
    private readonly SliceLogWriter _writer;
    private readonly SigningKey _sessionKey;
    private readonly ulong _counter;

    private readonly Lock _gate = new();
    private readonly SliceStream?[] _streams;
    private readonly Dictionary<ulong, TaskCompletionSource<WriteCertificate>> _writes = [];
    private readonly Dictionary<ulong, TaskCompletionSource<SliceRead>> _reads = [];
    private readonly TaskCompletionSource<WriterEffect.Ended?> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _loops;
    private TaskCompletionSource _roomMade = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Exception? _failure;
    private uint _versions;
    private long _progress;
    private long _progressAt;

    private SliceSession(SessionContext context, ulong counter, IReadOnlySet<Hash256> suspects)
    {
        (_context, _counter) = (context, counter);
        _sessionKey = SigningKey.Generate();
        var credential = context.Device.Credential;
        var delegation = SessionDelegation.Create(
            context.Device, _sessionKey, counter, KeyScopes.OpenDisk | KeyScopes.WriteDisk, credential.Expires);
        Span<byte> nonce = stackalloc byte[32];
        RandomNumberGenerator.Fill(nonce);
        _writer = new SliceLogWriter(
            context.Peers.Group, context.Lease, new SessionGrant(credential, delegation), _sessionKey, Hash256.FromBytes(nonce), context.Time, suspects);
        _streams = new SliceStream?[context.Peers.Group.Members];
        _progressAt = context.Time.GetTimestamp();
        _loops = [.. Enumerable.Range(0, _streams.Length).Select(ConnectLoopAsync), TickLoopAsync()];
    }

    public uint SliceCount => _context.Lease.SliceCount;

    public int[] CountHolders()
    {
        lock (_gate)
        {
            return _writer.CountHolders();
        }
    }

    /// <summary>Opens a session: after every other that the group has seen.</summary>
    /// <exception cref="QuorumUnreachableException">Too few members answer, or too many refuse.</exception>
    /// <exception cref="SessionFencedException">Other sessions of the owner keep taking the disk.</exception>
    public static async ValueTask<SliceSession> OpenAsync(SessionContext context, CancellationToken cancellationToken)
    {
        var counter = 1UL;
        var suspects = new HashSet<Hash256>();
        for (var attempt = 0; attempt < MaxOpenAttempts; attempt++)
        {
            var session = new SliceSession(context, counter, suspects);
            WriterEffect.Ended? ended = null;
            try
            {
                ended = await session._opened.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
                if (ended is null)
                {
                    return session;
                }
            }
            finally
            {
                if (!session._opened.Task.IsCompletedSuccessfully || ended is not null)
                {
                    await session.DisposeAsync().ConfigureAwait(false);
                }
            }

            switch (ended.Reason)
            {
                case WriterEnd.Fenced:
                    counter = ended.By.Counter + 1;
                    await BackOffAsync(attempt, context.Time, cancellationToken).ConfigureAwait(false);
                    break;
                case WriterEnd.AdoptionStalled:
                    suspects.UnionWith(ended.Suspects!);
                    counter++;
                    break;
                default:
                    throw session.FailureOf(ended);
            }
        }

        throw new SessionFencedException("Other sessions of the owner took the disk each time this one tried to open it.");
    }

    public ulong NextVersion() => (_counter << 32) | Interlocked.Increment(ref _versions);

    public async ValueTask<Task<WriteCertificate>> SubmitAsync(SliceWrite write, CancellationToken cancellationToken)
    {
        var isTaken = false;
        try
        {
            while (true)
            {
                Task roomMade;
                lock (_gate)
                {
                    ThrowIfFailed();
                    if (_writer.UncertifiedBytes + write.Payload.Length <= SliceLogWriter.MaxUncertifiedBytes)
                    {
                        isTaken = true;
                        return Submit(write);
                    }

                    roomMade = _roomMade.Task;
                }

                await roomMade.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            if (!isTaken)
            {
                write.Payload.Release();
            }
        }
    }

    public async ValueTask<SliceRead> ReadAsync(uint slice, int firstSector, int count, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource<SliceRead>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            ThrowIfFailed();
            _reads.Add(_writer.Read(_context.Lease.FirstSlice + slice, firstSector, count), done);
            Drain();
        }

        try
        {
            return await done.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The answer may still come; nobody else will give its payload back.
            _ = done.Task.ContinueWith(
                static late => late.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        SliceStream[] toDrain;
        lock (_gate)
        {
            toDrain = _failure is null && _writer.IsOpen ? [.. _streams.OfType<SliceStream>()] : [];
            Fail(new ObjectDisposedException(nameof(SliceSession)));
        }

        await Task.WhenAll(toDrain.Select(stream => stream.DrainAsync(DrainTimeout, _context.Time))).ConfigureAwait(false);
        await _stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_loops).ConfigureAwait(false);
        _stop.Dispose();
        _sessionKey.Dispose();
    }

    private Task<WriteCertificate> Submit(SliceWrite write)
    {
        var done = new TaskCompletionSource<WriteCertificate>(TaskCreationOptions.RunContinuationsAsynchronously);
        var operation = _writer.Submit(_context.Lease.FirstSlice == 0 ? write : new SliceWrite
        {
            Slice = _context.Lease.FirstSlice + write.Slice,
            Version = write.Version,
            Extents = write.Extents,
            Payload = write.Payload,
        });
        _writes.Add(operation, done);
        Drain();
        return done.Task;
    }

    private void ThrowIfFailed()
    {
        if (_failure is not null)
        {
            throw _failure;
        }
    }

    /// <summary>What follows from the last event. Called under the lock.</summary>
    private void Drain()
    {
        while (_writer.TryTake(out var effect))
        {
            switch (effect)
            {
                case WriterEffect.Send send when _streams[send.Member] is { } stream:
                    stream.TrySend(send.Message);
                    break;
                case WriterEffect.Send send:
                    send.Message.Release();
                    break;
                case WriterEffect.Certified certified:
                    Complete(certified);
                    break;
                case WriterEffect.ReadDone read when _reads.Remove(read.Id, out var done):
                    done.SetResult(read.Read);
                    break;
                case WriterEffect.ReadFailed read when _reads.Remove(read.Id, out var done):
                    done.SetException(new SliceUnreadableException("No member gave the sectors with a proof that the disk's root accepts."));
                    break;
                case WriterEffect.Opened:
                    _opened.TrySetResult(null);
                    break;
                case WriterEffect.Ended ended:
                    _opened.TrySetResult(ended);
                    Fail(FailureOf(ended));
                    break;
            }
        }
    }

    private void Complete(WriterEffect.Certified certified)
    {
        if (_writes.Remove(certified.Operation, out var done))
        {
            done.SetResult(certified.Certificate);
        }

        _roomMade.TrySetResult();
        _roomMade = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private SdkException FailureOf(WriterEffect.Ended ended) => ended.Reason switch
    {
        WriterEnd.Fenced => new SessionFencedException($"Session {ended.By.Counter} of the owner took the disk over."),
        WriterEnd.SliceUnreadable => new SliceUnreadableException("No member gave the state of a slice that the disk's root accepts."),
        _ => new QuorumUnreachableException(
            $"{ended.Reason}: fewer than {_context.Peers.Group.Quorum} of {_context.Peers.Group.Members} members serve the disk."),
    };

    /// <summary>Ends everything that waits. Called under the lock.</summary>
    private void Fail(Exception failure)
    {
        if (_failure is not null)
        {
            return;
        }

        _failure = failure;
        _opened.TrySetException(failure);
        foreach (var write in _writes.Values)
        {
            write.SetException(failure);
        }

        foreach (var read in _reads.Values)
        {
            read.SetException(failure);
        }

        _writes.Clear();
        _reads.Clear();
        _roomMade.TrySetResult();
    }

    private async Task ConnectLoopAsync(int member)
    {
        var address = _context.Peers.Addresses[member];
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                try
                {
                    await RunStreamAsync(member, address).ConfigureAwait(false);
                }
                catch (SdkException error)
                {
                    ReplicationLog.StreamEnded(_context.Logger, address, error);
                }

                await Task.Delay(RedialAfter, _context.Time, _stop.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The session is over.
        }
    }

    private async Task RunStreamAsync(int member, Multiaddr address)
    {
        var connection = await _context.Switch.DialAsync(address, _stop.Token).ConfigureAwait(false);
        var peerStream = await connection.OpenStreamAsync(SliceLogProtocol.ProtocolId, _stop.Token).ConfigureAwait(false);
        var stream = new SliceStream(peerStream, _context.Peers.Group.Id, _context.Grants);
        await using (stream.ConfigureAwait(false))
        {
            Step(() =>
            {
                _streams[member] = stream;
                _writer.Connected(member);
            });
            try
            {
                while (await stream.ReadAsync(_stop.Token).ConfigureAwait(false) is { } message)
                {
                    Step(() => _writer.Receive(member, message));
                }
            }
            finally
            {
                Step(() =>
                {
                    _streams[member] = null;
                    _writer.Disconnected(member);
                });
            }
        }
    }

    private void Step(Action handle)
    {
        lock (_gate)
        {
            handle();
            Drain();
        }
    }

    private async Task TickLoopAsync()
    {
        using var timer = new PeriodicTimer(TickInterval, _context.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
            {
                Step(Tick);
            }
        }
        catch (OperationCanceledException)
        {
            // The session is over.
        }
    }

    private void Tick()
    {
        for (var member = 0; member < _streams.Length; member++)
        {
            _writer.SetCongested(member, _streams[member]?.IsCongested ?? false);
        }

        _writer.Tick();
        FailIfStalled();
    }

    /// <summary>
    /// A write that a quorum does not certify is not acknowledged: after a time without progress the session says so and ends.
    /// The time is short when too few members are even connected.
    /// </summary>
    private void FailIfStalled()
    {
        var isWaiting = !_writer.IsOpen || _writer.UncertifiedBytes > 0 || _writes.Count > 0;
        if (!isWaiting || _progress != _writer.CertifiedEntries)
        {
            (_progress, _progressAt) = (_writer.CertifiedEntries, _context.Time.GetTimestamp());
            return;
        }

        var granted = _writer.GrantedMembers;
        var quorum = _context.Peers.Group.Quorum;
        var limit = granted < quorum ? _context.Options.QuorumTimeout : _context.Options.StallTimeout;
        if (_context.Time.GetElapsedTime(_progressAt) >= limit)
        {
            Fail(new QuorumUnreachableException(granted < quorum
                ? $"Writes are not acknowledged: {granted} of {_context.Peers.Group.Members} members answer, and {quorum} must hold every write."
                : $"Writes are not acknowledged: no quorum of {quorum} members confirmed one within {limit.TotalSeconds:0} s."));
        }
    }

    private static Task BackOffAsync(int attempt, TimeProvider time, CancellationToken cancellationToken)
    {
        if (attempt == 0)
        {
            return Task.CompletedTask; // The first fence seen is that of the last session, usually long gone.
        }

        // Two racing sessions that back off equally long would race for ever.
        var limitMs = 20 << Math.Min(attempt, 6);
        return Task.Delay(TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32(limitMs)), time, cancellationToken);
    }
}
