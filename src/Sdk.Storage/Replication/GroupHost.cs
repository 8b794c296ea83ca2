using Microsoft.Extensions.Logging;
using Sdk.Core;
using Sdk.Core.Networking;
using Sdk.Storage.Disk;

namespace Sdk.Storage.Replication;

/// <summary>
/// The shell around a member's lane A: streams feed it under one lock, one thread syncs its log. While a sync runs,
/// what arrives meanwhile gathers for the next, so that one fsync serves many entries.
/// </summary>
internal sealed class GroupHost : IAsyncDisposable
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(100);

    private readonly GroupPeers _peers;
    private readonly SliceLogMember _member;
    private readonly Switch _switch;
    private readonly ILogger _logger;
    private readonly GrantCache _grants = new();

    private readonly Lock _gate = new();
    private readonly Dictionary<int, SliceStream> _streams = [];
    private readonly HashSet<int> _dialing = [];
    private readonly SemaphoreSlim _syncWanted = new(0, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _syncThread;
    private readonly Task _ticking;
    private TaskCompletionSource _roomMade = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _nextClient;
    private Exception? _failure;

    public GroupHost(GroupPeers peers, SliceLogMember member, Switch @switch, TimeProvider time, ILogger logger)
    {
        (_peers, _member, _switch, _logger) = (peers, member, @switch, logger);
        _nextClient = peers.Group.Members;
        _syncThread = new Thread(SyncLoop) { IsBackground = true, Name = "Log of group " + peers.Group.Id.ToString()[..8] };
        _syncThread.Start();
        _ticking = TickAsync(time);
    }

    /// <summary>Serves a stream of a client, or of another member, until it ends.</summary>
    public async Task ServeAsync(PeerStream peerStream, SliceMessage first, bool isMember, CancellationToken cancellationToken)
    {
        var peer = isMember ? _peers.IndexOf(peerStream.Connection.RemotePeer) : Interlocked.Increment(ref _nextClient);
        if (peer < 0)
        {
            first.Release();
            throw new ProtocolViolationException("A peer that is no member of the group asked as one.");
        }

        await RunStreamAsync(new SliceStream(peerStream, _peers.Group.Id, _grants), peer, first, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            // Streams that are still being served find this instead of files that are closed.
            _failure ??= new ObjectDisposedException(nameof(GroupHost));
            _roomMade.TrySetResult();
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        _syncThread.Join();
        await _ticking.ConfigureAwait(false);
        SliceStream[] streams;
        lock (_gate)
        {
            streams = [.. _streams.Values];
            _streams.Clear();
        }

        foreach (var stream in streams)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }

        _member.Dispose();
        _stop.Dispose();
        _syncWanted.Dispose();
    }

    private async Task RunStreamAsync(SliceStream stream, int peer, SliceMessage? first, CancellationToken cancellationToken)
    {
        await using (stream.ConfigureAwait(false))
        {
            lock (_gate)
            {
                _streams[peer] = stream;
            }

            try
            {
                for (var message = first ?? await stream.ReadAsync(cancellationToken).ConfigureAwait(false);
                    message is not null;
                    message = await stream.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    await ReceiveAsync(peer, message, cancellationToken).ConfigureAwait(false);
                }
            }
            finally
            {
                Forget(peer, stream);
            }
        }
    }

    private void Forget(int peer, SliceStream stream)
    {
        lock (_gate)
        {
            if (_streams.GetValueOrDefault(peer) == stream)
            {
                _streams.Remove(peer);
                _member.Disconnected(peer);
            }
        }
    }

    private async ValueTask ReceiveAsync(int from, SliceMessage message, CancellationToken cancellationToken)
    {
        if (message is WriteBatch batch && IsCurrent(batch.Session))
        {
            // The costly part, hashing the sectors, is done before the lock, and only for the session that may write.
            batch.Leaves = Array.ConvertAll(
                Enumerable.Range(0, batch.Operations.Length).ToArray(),
                i => SliceLogMember.LeavesOf(batch.Operations[i], batch.Payloads[i].Span));
            await WaitForRoomAsync(batch, cancellationToken).ConfigureAwait(false);
        }

        lock (_gate)
        {
            if (_failure is not null)
            {
                RefuseWrites(from, message);
                return;
            }

            Step(() => _member.Receive(from, message));
        }
    }

    private bool IsCurrent(in SessionId session)
    {
        lock (_gate)
        {
            return _member.IsAtFence(session);
        }
    }

    /// <summary>A log that is full stops the reading of this stream, and so its writer, until a checkpoint has freed it.</summary>
    private async ValueTask WaitForRoomAsync(WriteBatch batch, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task roomMade;
            lock (_gate)
            {
                if (_failure is not null || _member.HasRoomFor(batch))
                {
                    return;
                }

                roomMade = _roomMade.Task;
            }

            await roomMade.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void RefuseWrites(int from, SliceMessage message)
    {
        if (message is WriteBatch batch)
        {
            _streams.GetValueOrDefault(from)?.TrySend(new WriteRefused { Session = batch.Session, Reason = WriteRefusal.ReadOnly });
        }

        message.Release();
    }

    /// <summary>One event at the core, then what follows from it. Called under the lock.</summary>
    private void Step(Action handle)
    {
        try
        {
            handle();
        }
        catch (Exception error) when (error is IOException or SdkException)
        {
            Fail(error);
        }

        while (_member.TryTake(out var outgoing))
        {
            if (_streams.TryGetValue(outgoing.To, out var stream))
            {
                stream.TrySend(outgoing.Message);
            }
            else if (outgoing.To < _peers.Group.Members)
            {
                Dial(outgoing.To, outgoing.Message);
            }
            else
            {
                outgoing.Message.Release();
            }
        }

        if (_failure is null && _member.NeedsSync && _syncWanted.CurrentCount == 0)
        {
            _syncWanted.Release();
        }
    }

    /// <summary>A store whose disk failed takes nothing more; a failed sync is never tried again as if it had not happened.</summary>
    private void Fail(Exception error)
    {
        if (_failure is null)
        {
            _failure = error;
            ReplicationLog.GroupFailed(_logger, _peers.Group.Id, error);
            _roomMade.TrySetResult();
        }
    }

    private void Dial(int member, SliceMessage firstMessage)
    {
        if (!_dialing.Add(member))
        {
            firstMessage.Release();
            return;
        }

        _ = DialAsync(member, firstMessage);
    }

    private async Task DialAsync(int member, SliceMessage firstMessage)
    {
        try
        {
            var connection = await _switch.DialAsync(_peers.Addresses[member], _stop.Token).ConfigureAwait(false);
            var peerStream = await connection.OpenStreamAsync(SliceRepairProtocol.ProtocolId, _stop.Token).ConfigureAwait(false);
            var stream = new SliceStream(peerStream, _peers.Group.Id, _grants);
            stream.TrySend(firstMessage);
            await RunStreamAsync(stream, member, first: null, _stop.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is SdkException or OperationCanceledException or ObjectDisposedException)
        {
            // The member is not there now; the fetch that wanted it goes on to another by itself.
            ReplicationLog.MemberUnreachable(_logger, _peers.Addresses[member], error);
        }
        finally
        {
            lock (_gate)
            {
                _dialing.Remove(member);
            }
        }
    }

    private void SyncLoop()
    {
        try
        {
            while (true)
            {
                _syncWanted.Wait(_stop.Token);
                SyncOnce();
            }
        }
        catch (OperationCanceledException)
        {
            // Disposal: what was not synced was not acknowledged.
        }
    }

    private void SyncOnce()
    {
        MemberCheckpoint? checkpoint = null;
        try
        {
            _member.Log.Sync();
            lock (_gate)
            {
                Step(() => _member.Synced(_member.Log.SyncedLsn));
                if (_failure is null && _member.NeedsCheckpoint)
                {
                    checkpoint = _member.PrepareCheckpoint();
                }
            }

            checkpoint?.Complete();
        }
        catch (Exception error) when (error is IOException or SdkException)
        {
            lock (_gate)
            {
                Fail(error);
            }
        }

        if (checkpoint is not null)
        {
            lock (_gate)
            {
                Step(() => _member.Synced(_member.Log.SyncedLsn));
                _roomMade.TrySetResult();
                _roomMade = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }

    private async Task TickAsync(TimeProvider time)
    {
        using var timer = new PeriodicTimer(TickInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
            {
                lock (_gate)
                {
                    if (_failure is not null)
                    {
                        continue;
                    }

                    Step(_member.Tick);
                    if (_failure is null && _member.NeedsCheckpoint && _syncWanted.CurrentCount == 0)
                    {
                        _syncWanted.Release(); // A log that is full takes nothing that would ask for a sync.
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Disposal.
        }
    }
}
