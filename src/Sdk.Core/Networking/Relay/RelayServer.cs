using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Sdk.Core.Networking.Identify;

namespace Sdk.Core.Networking.Relay;

/// <summary>
/// Serves as a relay (libp2p <c>specs/relay/circuit-v2</c>, the hop protocol): gives peers a place to be reached at, and joins those who
/// ask for them to them. Sees ciphertext only, since the two ends secure what goes through it. Gives no more than its options say; a
/// node is no relay unless one is started. Thread-safe; serves as long as its switch.
/// </summary>
public sealed class RelayServer : IProtocol
{
    private const string ValueTag = "relay";

    /// <summary>Who has a place needs its connection more than who is merely connected. Not protected: anybody may ask for a place.</summary>
    private const int PlaceValue = 10;

    private readonly Switch _network;
    private readonly RelayServerOptions _options;
    private readonly RelayBook _book;
    private readonly ConnectionLimit? _limit;
    private readonly ILogger _logger;

    private RelayServer(Switch network, RelayServerOptions options)
    {
        _network = network;
        _options = options;
        _book = new RelayBook(options);
        _limit = options.CircuitDuration is null && options.CircuitDataBytes is null
            ? null
            : new ConnectionLimit(options.CircuitDuration, options.CircuitDataBytes);
        _logger = network.LoggerFactory.CreateLogger(typeof(RelayServer).FullName!);
    }

    /// <inheritdoc/>
    public string Id => RelayWire.HopProtocol;

    /// <summary>Peers that have a place now; some may have expired.</summary>
    public int ReservationCount => _book.ReservationCount;

    /// <summary>Circuits now, those being set up included.</summary>
    public int CircuitCount => _book.CircuitCount;

    /// <summary>Serves as a relay from now on.</summary>
    /// <exception cref="InvalidOperationException">The switch has a relay already.</exception>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public static RelayServer Start(Switch network, RelayServerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        options ??= new RelayServerOptions();
        options.Validate();
        var server = new RelayServer(network, options);
        network.Register(server);
        network.ConnectionClosed += server.OnConnectionClosed;
        return server;
    }

    /// <inheritdoc/>
    public async Task HandleAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stream);
        HopMessage? request;
        try
        {
            using var timeout = new CancellationTokenSource(RelayWire.MessageTimeout, _options.TimeProvider);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            request = await ProtobufFrame.ReadAsync(stream.Input, HopMessage.Parser, RelayWire.MaxMessageBytes, either.Token).ConfigureAwait(false);
        }
        catch (ProtocolViolationException)
        {
            await RefuseAsync(stream, "something malformed", CircuitStatus.MalformedMessage, cancellationToken).ConfigureAwait(false);
            return;
        }

        switch (request)
        {
            case null:
                break;
            case { HasType: true, Type: HopMessage.Types.Type.Reserve }:
                await ReserveAsync(stream, cancellationToken).ConfigureAwait(false);
                break;
            case { HasType: true, Type: HopMessage.Types.Type.Connect }:
                await ConnectAsync(stream, request.Peer, cancellationToken).ConfigureAwait(false);
                break;
            default:
                var status = request.HasType ? CircuitStatus.UnexpectedMessage : CircuitStatus.MalformedMessage;
                await RefuseAsync(stream, "something unexpected", status, cancellationToken).ConfigureAwait(false);
                break;
        }
    }

    private async Task ReserveAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        var connection = stream.Connection;
        var peer = connection.RemotePeer;

        // A place reached through another relay would make chains of relays.
        if (connection.IsRelayed)
        {
            await RefuseAsync(stream, "a place", CircuitStatus.PermissionDenied, cancellationToken).ConfigureAwait(false);
            return;
        }

        connection.RemoteAddress.TryGetIp(out var address);
        if (!_book.TryReserve(peer, address, out var expires))
        {
            await RefuseAsync(stream, "a place", CircuitStatus.ReservationRefused, cancellationToken).ConfigureAwait(false);
            return;
        }

        _network.ConnectionManager.SetValue(peer, ValueTag, PlaceValue);

        // A connection that closed meanwhile was not told of by any later event.
        OnConnectionClosed(connection);
        RelayLog.ReservationGranted(_logger, peer, expires);
        await RelayWire.SendAsync(stream, Grant(peer, expires), cancellationToken).ConfigureAwait(false);
    }

    private HopMessage Grant(PeerId peer, DateTimeOffset expires)
    {
        var reservation = new CircuitReservation
        {
            Expire = (ulong)expires.ToUnixTimeSeconds(),
            Voucher = UnsafeByteOperations.UnsafeWrap(ReservationVoucher.Seal(_network.NodeKey, peer, expires)),
        };
        var addresses = _options.Addresses.Count > 0 ? _options.Addresses : LocalAddresses.Expand(_network.ListenAddresses.Select(address => address.WithoutPeer()));
        reservation.Addrs.AddRange(addresses
            .Where(address => !address.IsRelayed)
            .OrderByDescending(address => address.Reach)
            .Take(RelayWire.MaxAddresses)
            .Select(address => ByteString.CopyFrom(address.WithPeer(_network.LocalPeer).Bytes.Span)));
        return new HopMessage
        {
            Type = HopMessage.Types.Type.Status,
            Status = CircuitStatus.Ok,
            Reservation = reservation,
            Limit = RelayWire.ToWire(_limit),
        };
    }

    private async Task ConnectAsync(PeerStream hop, CircuitPeer? peer, CancellationToken cancellationToken)
    {
        var source = hop.Connection.RemotePeer;
        if (peer is null || !PeerId.TryFromBytes(peer.Id.Span, out var target))
        {
            await RefuseAsync(hop, "a circuit", CircuitStatus.MalformedMessage, cancellationToken).ConfigureAwait(false);
            return;
        }

        var status = hop.Connection.IsRelayed ? CircuitStatus.PermissionDenied
            : !_book.HasReservation(target) ? CircuitStatus.NoReservation
            : !_book.TryBeginCircuit(source, target) ? CircuitStatus.ResourceLimitExceeded
            : CircuitStatus.Ok;
        if (status != CircuitStatus.Ok)
        {
            await RefuseAsync(hop, "a circuit", status, cancellationToken).ConfigureAwait(false);
            return;
        }

        try
        {
            await JoinAsync(hop, source, target, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _book.EndCircuit(source, target);
        }
    }

    private async Task JoinAsync(PeerStream hop, PeerId source, PeerId target, CancellationToken cancellationToken)
    {
        var stop = await TryOpenStopAsync(source, target, cancellationToken).ConfigureAwait(false);
        if (stop is null)
        {
            await RefuseAsync(hop, "a circuit", CircuitStatus.ConnectionFailed, cancellationToken).ConfigureAwait(false);
            return;
        }

        try
        {
            var granted = new HopMessage { Type = HopMessage.Types.Type.Status, Status = CircuitStatus.Ok, Limit = RelayWire.ToWire(_limit) };
            await RelayWire.SendAsync(hop, granted, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            stop.Reset();
            throw;
        }

        var end = await new Circuit(hop, stop, _limit, _options.TimeProvider).RunAsync(cancellationToken).ConfigureAwait(false);
        RelayLog.CircuitEnded(_logger, source, target, end);
    }

    /// <summary>A stream on which the target has agreed to a circuit; null where it has not.</summary>
    private async Task<PeerStream?> TryOpenStopAsync(PeerId source, PeerId target, CancellationToken cancellationToken)
    {
        PeerStream? stream = null;
        using var timeout = new CancellationTokenSource(RelayWire.MessageTimeout, _options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            var connection = _network.DirectConnectionsTo(target) is [.., var latest] ? latest : throw new PeerRefusedException("It has no direct connection.");
            stream = await connection.OpenStreamAsync(RelayWire.StopProtocol, either.Token).ConfigureAwait(false);
            var connect = new StopMessage
            {
                Type = StopMessage.Types.Type.Connect,
                Peer = new CircuitPeer { Id = ByteString.CopyFrom(source.Bytes.Span) },
                Limit = RelayWire.ToWire(_limit),
            };
            await RelayWire.SendAsync(stream, connect, either.Token).ConfigureAwait(false);
            var answer = await ProtobufFrame.ReadAsync(stream.Input, StopMessage.Parser, RelayWire.MaxMessageBytes, either.Token).ConfigureAwait(false);
            if (answer is { HasType: true, Type: StopMessage.Types.Type.Status, Status: CircuitStatus.Ok })
            {
                return stream;
            }

            throw new PeerRefusedException($"It answered {answer?.Status}.");
        }
        catch (Exception error) when (error is SdkException or OperationCanceledException)
        {
            stream?.Reset(error);
            cancellationToken.ThrowIfCancellationRequested();
            RelayLog.CircuitFailed(_logger, target, error.Message);
            return null;
        }
    }

    private async Task RefuseAsync(PeerStream stream, string request, CircuitStatus status, CancellationToken cancellationToken)
    {
        RelayTelemetry.Refusals.Add(1, new KeyValuePair<string, object?>("status", status));
        RelayLog.RelayRefused(_logger, stream.Connection.RemotePeer, request, status);
        var refusal = new HopMessage { Type = HopMessage.Types.Type.Status, Status = status };
        await RelayWire.SendAsync(stream, refusal, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A place holds only while its peer is connected.</summary>
    private void OnConnectionClosed(Connection connection)
    {
        if (_network.DirectConnectionsTo(connection.RemotePeer).Count == 0)
        {
            _book.Release(connection.RemotePeer);
            _network.ConnectionManager.SetValue(connection.RemotePeer, ValueTag, 0);
        }
    }
}
