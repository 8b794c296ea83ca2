using System.Diagnostics.CodeAnalysis;
using Sdk.Core.Addressing;
using Sdk.Core.Networking;
using Sdk.Core.Overlay.Routing;
using Sdk.Core.Overlay.Wire;

namespace Sdk.Core.Overlay;

/// <summary>Streams with peers: whoever dialled opens one, each side shows its record, and then both ask and answer on it.</summary>
public sealed partial class OverlayNetwork
{
    private const string Tag = "overlay";

    /// <summary>What a peer of the table is worth to this node, and one of its neighbourhood.</summary>
    private const int PeerValue = 20;
    private const int NeighbourValue = 50;

    private static readonly TimeSpan HelloTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Addresses out of a record are used at once.</summary>
    private static readonly TimeSpan DialledLifetime = TimeSpan.FromMinutes(2);

    private void OnConnectionOpened(Connection connection)
    {
        if (connection.IsDialer)
        {
            lock (_gate)
            {
                OpenSession(connection);
            }
        }
    }

    /// <summary>The session over a connection that this side opens, or has opened; the task gives the peer, or null where it is in no overlay of ours. Under the gate.</summary>
    private Task<OverlayPeer?> OpenSession(Connection connection)
    {
        if (_openings.TryGetValue(connection, out var opening))
        {
            return opening;
        }

        if (_disposal is not null)
        {
            return Task.FromResult<OverlayPeer?>(null);
        }

        var linked = new TaskCompletionSource<OverlayPeer?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _openings.Add(connection, linked.Task);
        Begin(() => RunOpenedAsync(connection, linked));
        return linked.Task;
    }

    [SuppressMessage("Design", "CA1031", Justification = "An error with one peer ends that peer's part and is logged.")]
    private async Task RunOpenedAsync(Connection connection, TaskCompletionSource<OverlayPeer?> linked)
    {
        PeerStream? stream = null;
        try
        {
            stream = await OpenStreamAsync(connection).ConfigureAwait(false);
            await ConverseAsync(stream, linked, _stopped).ConfigureAwait(false);
            await stream.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (error is SdkException or OperationCanceledException or ObjectDisposedException)
        {
            OverlayLog.NotSpoken(_logger, connection.RemotePeer, error.Message);
            stream?.Reset();
        }
        catch (Exception error)
        {
            OverlayLog.Failed(_logger, error);
            stream?.Reset();
        }
        finally
        {
            lock (_gate)
            {
                _openings.Remove(connection);
            }

            linked.TrySetResult(null);
        }
    }

    private async Task<PeerStream> OpenStreamAsync(Connection connection)
    {
        using var timeout = new CancellationTokenSource(HelloTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stopped);
        return await connection.OpenStreamAsync(OverlayWire.Protocol, either.Token).ConfigureAwait(false);
    }

    private Task ServeAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        var serving = ConverseLinkedAsync(stream, cancellationToken);
        lock (_gate)
        {
            Track(serving);
        }

        return serving;
    }

    private async Task ConverseLinkedAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopped);
        await ConverseAsync(stream, linked: null, either.Token).ConfigureAwait(false);
    }

    private async Task ConverseAsync(PeerStream stream, TaskCompletionSource<OverlayPeer?>? linked, CancellationToken cancellationToken)
    {
        var record = await ExchangeHelloAsync(stream, cancellationToken).ConfigureAwait(false);
        var session = new OverlaySession(stream);
        var peer = Link(session, record);
        try
        {
            linked?.TrySetResult(peer);
            var sending = session.SendAllAsync(cancellationToken);
            try
            {
                await ReceiveAsync(session, peer, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                session.End();
                await sending.ConfigureAwait(false);
            }
        }
        finally
        {
            Unlink(session, peer);
        }
    }

    private async Task<NodeRecord> ExchangeHelloAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        ProtobufFrame.Write(stream.Output, OverlayWire.Hello(Record));
        await stream.Output.FlushAsync(cancellationToken).ConfigureAwait(false);
        using var timeout = new CancellationTokenSource(HelloTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        OverlayFrame? frame;
        try
        {
            frame = await ProtobufFrame.ReadAsync(stream.Input, OverlayFrame.Parser, OverlayWire.MaxFrameBytes, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ProtocolViolationException("The peer did not show its node record in time.", error);
        }

        var record = OverlayWire.ReadHello(frame ?? throw new StreamResetException("The peer ended the stream before it showed its node record."), _received);
        if (record.Peer != stream.Connection.RemotePeer)
        {
            OverlayTelemetry.RecordRefused("peer");
            throw new PeerRefusedException("The peer shows the record of another node.");
        }

        // Its signatures are verified here, so that nobody waits for that under the gate.
        record.Check(_router.Record.NetworkId, _time.GetUtcNow());
        return record;
    }

    private OverlayPeer Link(OverlaySession session, NodeRecord record)
    {
        var connection = session.Connection;
        var floor = connection.IsRelayed ? AddressReach.World : connection.RemoteAddress.Reach;

        // Of a relayed connection it is the relay's network: whoever comes through one relay counts together.
        var group = connection.RemoteAddress.TryGetIp(out var ip) ? NetworkGroup.Of(ip) : NetworkGroup.None;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposal is not null, this);
            var peer = _router.Connected(record, floor, group);
            if (!session.TryAttach(peer))
            {
                throw new PeerRefusedException("The peer has as many overlay streams as it may.");
            }

            if (peer.Standing == OverlayStanding.Routed)
            {
                _switch.ConnectionManager.SetValue(connection.RemotePeer, Tag, peer.ProximityOrder >= _router.Table.Depth ? NeighbourValue : PeerValue);
            }

            _routes.Linked(peer);
            OverlayLog.Joined(_logger, connection.RemotePeer, peer.Address, peer.Standing);
            Settle();
            return peer;
        }
    }

    private void Unlink(OverlaySession session, OverlayPeer peer)
    {
        lock (_gate)
        {
            if (session.Detach(peer))
            {
                _router.Disconnected(peer);
            }

            if (!peer.IsLinked)
            {
                _routes.Disconnected(peer);
                _switch.ConnectionManager.SetValue(session.Connection.RemotePeer, Tag, 0);
            }

            Settle();
        }
    }

    private async Task ReceiveAsync(OverlaySession session, OverlayPeer peer, CancellationToken cancellationToken)
    {
        try
        {
            while (await ProtobufFrame.ReadAsync(session.Input, OverlayFrame.Parser, OverlayWire.MaxFrameBytes, cancellationToken).ConfigureAwait(false) is { } frame)
            {
                var message = OverlayWire.Read(frame, _received);
                lock (_gate)
                {
                    _router.Receive(peer, frame.Request, frame.Answer, message);
                    Settle();
                }
            }
        }
        catch (ProtocolViolationException)
        {
            lock (_gate)
            {
                _router.ReceivedGarbage(peer);
                Settle();
            }

            throw;
        }
        catch (OperationCanceledException) when (session.HasEnded)
        {
            // Let go by this side.
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever a dial ends with, the router must hear that it ended; it is logged.")]
    private async Task DialAsync(DialEffect dial)
    {
        var address = dial.Record.Address;
        try
        {
            var peerId = dial.Record.Peer ?? throw new DialException("The node's record holds no key.");
            foreach (var place in dial.Addresses)
            {
                _switch.AddressBook.Add(place.WithPeer(peerId), DialledLifetime);
            }

            var connection = await _switch.DialAsync(peerId, _stopped).ConfigureAwait(false);
            Task<OverlayPeer?> opening;
            lock (_gate)
            {
                opening = OpenSession(connection);
            }

            if (await opening.ConfigureAwait(false) is { } peer && peer.Address == address)
            {
                return;
            }

            OverlayLog.DialFailed(_logger, address, "it is in no overlay of ours, or has another address now");
        }
        catch (Exception error)
        {
            OverlayLog.DialFailed(_logger, address, error.Message);
        }

        lock (_gate)
        {
            _router.DialFailed(address);
            Settle();
        }
    }
}
