using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Sdk.Core.Networking.Identify;

namespace Sdk.Core.Networking.Pubsub;

/// <summary>Streams: each side opens one for what it sends, and opens another when it breaks.</summary>
public sealed partial class Gossipsub
{
    private const string Meshsub12 = "/meshsub/1.2.0";
    private const string Meshsub11 = "/meshsub/1.1.0";
    private const string Floodsub = "/floodsub/1.0.0";

    /// <summary>A stream that breaks this often in turn is not opened again over the same connections.</summary>
    private const int MaxReopens = 4;

    private static readonly TimeSpan ReopenPause = TimeSpan.FromMilliseconds(100);

    /// <summary>A stream that lived this long makes up for those that broke before it.</summary>
    private static readonly TimeSpan GoodLife = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan OpenTimeout = TimeSpan.FromSeconds(10);

    /// <summary>A peer that has not said by then what it speaks is tried.</summary>
    private static readonly TimeSpan IdentifyTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The newest first.</summary>
    private static readonly string[] Protocols = [Meshsub12, Meshsub11, Floodsub];

    private static GossipVersion VersionOf(string protocol) => protocol switch
    {
        Meshsub12 => GossipVersion.Meshsub12,
        Meshsub11 => GossipVersion.Meshsub11,
        _ => GossipVersion.Floodsub,
    };

    /// <summary>
    /// What peers of one machine share: the address, of IPv6 the network of 64 bits that one customer gets. Loopback is one's own machine, where
    /// many nodes are no attack.
    /// </summary>
    private static string? IpGroupOf(Multiaddr address)
    {
        if (!address.TryGetTcp(out var endPoint) || endPoint is not IPEndPoint { Address: var ip } || IPAddress.IsLoopback(ip))
        {
            return null;
        }

        return ip.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexString(ip.GetAddressBytes().AsSpan(0, 8)) : ip.ToString();
    }

    private void OnConnectionOpened(Connection connection)
    {
        lock (_gate)
        {
            LinkTo(connection);
        }
    }

    /// <summary>A peer may begin to speak pubsub long after it connected.</summary>
    private void OnPeerIdentified(PeerIdentity identity)
    {
        lock (_gate)
        {
            if (_links.TryGetValue(identity.Peer, out var link) && !link.IsRunning && link.Connections.Contains(identity.Connection)
                && identity.Protocols.Any(Protocols.Contains))
            {
                LinkTo(identity.Connection);
            }
        }
    }

    private void OnConnectionClosed(Connection connection)
    {
        lock (_gate)
        {
            if (!_links.TryGetValue(connection.RemotePeer, out var link) || !link.Connections.Remove(connection) || link.Connections.Count > 0)
            {
                return;
            }

            _links.Remove(connection.RemotePeer);
            Depart(link);
            link.Work.Set();
        }
    }

    /// <summary>
    /// The link that the connection belongs to, with a loop that tries to send over it. Null after disposal, and for a connection that is not
    /// to be used. Under the gate.
    /// </summary>
    private PeerLink? LinkTo(Connection connection)
    {
        if (_disposal is not null || (connection.Limit is not null && !_options.UsesLimitedConnections))
        {
            return null;
        }

        if (!_links.TryGetValue(connection.RemotePeer, out var link))
        {
            _links.Add(connection.RemotePeer, link = new PeerLink());
        }

        if (!link.Connections.Contains(connection))
        {
            link.Connections.Add(connection);
        }

        link.IsAsked = true;
        if (!link.IsRunning)
        {
            link.IsRunning = true;
            link.Run = Task.Run(() => RunAsync(link, connection.RemotePeer), CancellationToken.None);
        }

        return link;
    }

    private void Depart(PeerLink link)
    {
        if (link.Peer is { } peer)
        {
            link.Peer = null;
            _router.Disconnected(peer);
            Settle();
            WakePublishers();
        }
    }

    /// <summary>Enters the peer into the router, or tells it that a new stream stands in place of an old one. Under the gate.</summary>
    private void Arrive(PeerLink link, PeerStream stream, bool isOutbound)
    {
        var version = VersionOf(stream.Protocol);
        if (link.Peer is null)
        {
            link.Peer = _router.Connected(stream.Connection.RemotePeer, version, stream.Connection.IsDialer, IpGroupOf(stream.Connection.RemoteAddress));
            PubsubLog.Joined(_logger, stream.Connection.RemotePeer, stream.Protocol);
        }
        else if (isOutbound)
        {
            link.Peer.Version = version;
            if (link.HasSent)
            {
                _router.Reopened(link.Peer);
            }
        }

        link.HasSent |= isOutbound;
        Settle();
    }

    /// <summary>Sends to a peer, over one stream after the other, until its connections end or its streams break too often.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "An error with one peer ends that peer's part and is logged.")]
    private async Task RunAsync(PeerLink link, PeerId peer)
    {
        try
        {
            while (TryBeginRun(link))
            {
                await SendOverStreamsAsync(link, peer).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
            // Disposed.
        }
        catch (Exception error)
        {
            PubsubLog.PeerFailed(_logger, error, peer);
            lock (_gate)
            {
                EndRun(link);
            }
        }
    }

    /// <summary>Whether there is a reason to try, or to try again: a connection or a stream of the peer came. Otherwise the loop ends, and the next reason starts one.</summary>
    private bool TryBeginRun(PeerLink link)
    {
        lock (_gate)
        {
            var begins = link.IsAsked && link.Connections.Count > 0 && !_stopped.IsCancellationRequested;
            link.IsAsked = false;
            if (!begins)
            {
                EndRun(link);
            }

            return begins;
        }
    }

    private void EndRun(PeerLink link)
    {
        link.IsRunning = false;
        link.HasSent = false;
        Depart(link);
    }

    private async ValueTask SendOverStreamsAsync(PeerLink link, PeerId peer)
    {
        for (var broken = 0; broken <= MaxReopens && !_stopped.IsCancellationRequested;)
        {
            Connection? connection;
            lock (_gate)
            {
                connection = link.Connections.FindLast(candidate => candidate.IsOpen);
            }

            if (connection is null)
            {
                return;
            }

            var openedAt = _options.TimeProvider.GetTimestamp();
            try
            {
                if (!await TrySendAsync(link, connection).ConfigureAwait(false))
                {
                    PubsubLog.NotSpoken(_logger, peer);
                    return;
                }
            }
            catch (Exception error) when (error is SdkException || (error is OperationCanceledException && !_stopped.IsCancellationRequested))
            {
                broken = _options.TimeProvider.GetElapsedTime(openedAt) >= GoodLife ? 1 : broken + 1;
                PubsubLog.StreamBroke(_logger, peer, broken, MaxReopens, error.Message);
                await Task.Delay(ReopenPause * (1 << broken), _options.TimeProvider, _stopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>False where the peer speaks no protocol of ours.</summary>
    private async ValueTask<bool> TrySendAsync(PeerLink link, Connection connection)
    {
        if (await OpenAsync(link, connection).ConfigureAwait(false) is not { } stream)
        {
            return false;
        }

        link.IsBroken = false;
        var watching = WatchAsync(link, stream);
        try
        {
            lock (_gate)
            {
                link.Outbound = stream;
                Arrive(link, stream, isOutbound: true);
            }

            await SendAsync(link, stream).ConfigureAwait(false);
            return true;
        }
        finally
        {
            lock (_gate)
            {
                link.Outbound = null;
            }

            stream.Reset();
            await watching.ConfigureAwait(false);
        }
    }

    private async ValueTask<PeerStream?> OpenAsync(PeerLink link, Connection connection)
    {
        var spoken = await ProtocolsOfAsync(connection).ConfigureAwait(false);
        using var timeout = new CancellationTokenSource(OpenTimeout, _options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stopped);
        foreach (var protocol in Protocols)
        {
            // A peer that opened a stream of its own speaks one of them, whatever it told earlier.
            if (spoken?.Contains(protocol) == false && link.Inbound is null)
            {
                continue;
            }

            try
            {
                return await connection.OpenStreamAsync(protocol, either.Token).ConfigureAwait(false);
            }
            catch (PeerRefusedException)
            {
                // An older one, perhaps.
            }
        }

        return null;
    }

    /// <summary>What the peer says that it speaks; null where it does not say.</summary>
    private async ValueTask<IReadOnlyList<string>?> ProtocolsOfAsync(Connection connection)
    {
        using var timeout = new CancellationTokenSource(IdentifyTimeout, _options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stopped);
        try
        {
            return (connection.Identity ?? await connection.WhenIdentifiedAsync(either.Token).ConfigureAwait(false)).Protocols;
        }
        catch (Exception error) when (error is SdkException or OperationCanceledException)
        {
            _stopped.ThrowIfCancellationRequested();
            return null;
        }
    }

    private async ValueTask SendAsync(PeerLink link, PeerStream stream)
    {
        while (true)
        {
            bool isMore;
            lock (_gate)
            {
                if (link.IsBroken)
                {
                    throw new StreamResetException("The peer reset the stream.");
                }

                if (link.Peer is not { } peer || _stopped.IsCancellationRequested)
                {
                    return;
                }

                isMore = _router.TryTakeFrame(peer, stream.Output);
                WakePublishers();
            }

            if (isMore)
            {
                await stream.Output.FlushAsync(_stopped).ConfigureAwait(false);
            }
            else
            {
                await link.Work.WaitAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Nothing comes back on the stream that we send on, but for its end: without this a reset would be noticed only when something is sent.</summary>
    private static async Task WatchAsync(PeerLink link, PeerStream stream)
    {
        try
        {
            while (true)
            {
                var result = await stream.Input.ReadAsync().ConfigureAwait(false);
                stream.Input.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    return;
                }
            }
        }
        catch (StreamResetException)
        {
            link.IsBroken = true;
            link.Work.Set();
        }
    }

    /// <summary>Reads what a peer sends, until it ends its stream or opens another.</summary>
    private async Task ReceiveAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        PeerLink? link;
        PeerStream? former = null;
        lock (_gate)
        {
            link = LinkTo(stream.Connection);
            if (link is not null)
            {
                (former, link.Inbound) = (link.Inbound, stream);
                Arrive(link, stream, isOutbound: false);
            }
        }

        if (link is null)
        {
            throw new PeerRefusedException("Pubsub has ended, or does not use connections that a relay limits.");
        }

        former?.Reset();
        if (stream.Connection.Closed.IsCompleted)
        {
            // The switch may have said so before the link was made.
            OnConnectionClosed(stream.Connection);
        }

        try
        {
            await ReadFramesAsync(link, stream, cancellationToken).ConfigureAwait(false);
        }
        catch (ProtocolViolationException)
        {
            lock (_gate)
            {
                if (link.Peer is { } peer)
                {
                    _router.ReceivedGarbage(peer);
                    Settle();
                }
            }

            throw;
        }
        finally
        {
            lock (_gate)
            {
                link.Inbound = link.Inbound == stream ? null : link.Inbound;
            }
        }
    }

    private async ValueTask ReadFramesAsync(PeerLink link, PeerStream stream, CancellationToken cancellationToken)
    {
        var validations = new Queue<PubsubMessage>();
        while (true)
        {
            var result = await stream.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
            var buffer = result.Buffer;
            while (ProtobufFrame.TryFindBody(buffer, _options.MaxRpcBytes, out var body))
            {
                Receive(link, body, validations);
                buffer = buffer.Slice(body.End);
            }

            stream.Input.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted)
            {
                return;
            }
        }
    }

    private void Receive(PeerLink link, ReadOnlySequence<byte> body, Queue<PubsubMessage> validations)
    {
        byte[]? rented = null;
        try
        {
            var rpc = body.FirstSpan;
            if (!body.IsSingleSegment)
            {
                rented = ArrayPool<byte>.Shared.Rent((int)body.Length);
                body.CopyTo(rented);
                rpc = rented.AsSpan(0, (int)body.Length);
            }

            RpcLimits.Check(rpc);
            lock (_gate)
            {
                if (link.Peer is { } peer)
                {
                    _router.Receive(peer, rpc);
                    Settle(validations);
                }
            }
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }

        Validate(validations);
    }

    private sealed class InboundProtocol(Gossipsub pubsub, string id) : IProtocol
    {
        public string Id => id;

        public Task HandleAsync(PeerStream stream, CancellationToken cancellationToken) => pubsub.ReceiveAsync(stream, cancellationToken);
    }
}
