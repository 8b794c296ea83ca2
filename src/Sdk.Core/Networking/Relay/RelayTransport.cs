using System.Collections.Concurrent;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Sdk.Core.Networking.Relay;

/// <summary>
/// Connections through a relay (libp2p <c>specs/relay/circuit-v2</c>): dials <c>…/p2p/RELAY/p2p-circuit/p2p/TARGET</c>, and listens on
/// <c>…/p2p/RELAY/p2p-circuit</c> by keeping a place on that relay. The relay joins two streams; on what it joined the two ends agree on
/// security and muxer as on any connection, so that it learns who talks to whom, when and how much, and nothing else. Thread-safe.
/// Belongs to one switch.
/// </summary>
public sealed class RelayTransport : ISwitchTransport
{
    /// <summary>The place goes with the connection, so the connection is not to go for want of room.</summary>
    private const string ProtectionTag = "relay";

    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<PeerId, RelayListener> _listeners = new();
    private Switch? _network;

    /// <summary>A transport for one switch.</summary>
    /// <param name="timeProvider">The clock, of reservations; the system's where none is given.</param>
    /// <param name="loggerFactory">Where logs go; nowhere where none is given.</param>
    public RelayTransport(TimeProvider? timeProvider = null, ILoggerFactory? loggerFactory = null)
    {
        _time = timeProvider ?? TimeProvider.System;
        _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger(typeof(RelayTransport).FullName!);
    }

    private Switch Network => _network ?? throw new InvalidOperationException("The transport belongs to no switch yet.");

    /// <inheritdoc/>
    public void Attach(Switch network)
    {
        ArgumentNullException.ThrowIfNull(network);
        if (Interlocked.CompareExchange(ref _network, network, null) is not null)
        {
            throw new InvalidOperationException("The transport belongs to another switch already.");
        }

        network.Register(new StopProtocol(this));
    }

    /// <inheritdoc/>
    public bool CanDial(Multiaddr address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.TryGetCircuit(out _);
    }

    /// <summary>Takes a place on the relay that the address names, and keeps it until the listener is disposed: renews it in time, and takes it again after the relay was away.</summary>
    /// <exception cref="DialException">The address leads to no relay, the relay refused, or this node listens on it already.</exception>
    public async ValueTask<ITransportListener> ListenAsync(Multiaddr address, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!address.TryGetCircuit(out var relay))
        {
            throw new DialException($"{address} is not an address at a relay.");
        }

        var first = await ReserveAsync(relay, cancellationToken).ConfigureAwait(false);
        var listener = new RelayListener(
            relay,
            first,
            token => ReserveAsync(relay, token),
            () => Network.Identify.Change(),
            Leave,
            _time,
            _logger);
        if (!_listeners.TryAdd(listener.Relay, listener))
        {
            await listener.DisposeAsync().ConfigureAwait(false);
            throw new DialException($"This node listens on the relay {relay} already.");
        }

        Network.ConnectionManager.Protect(listener.Relay, ProtectionTag);
        listener.Start();
        return listener;
    }

    /// <inheritdoc/>
    public async ValueTask<TransportConnection> DialAsync(Multiaddr address, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!address.TryGetCircuit(out var relay) || address.Peer is not { } target || target == relay.Peer)
        {
            throw new DialException($"{address} is not an address through a relay.");
        }

        var request = new HopMessage
        {
            Type = HopMessage.Types.Type.Connect,
            Peer = new CircuitPeer { Id = ByteString.CopyFrom(target.Bytes.Span) },
        };
        var (stream, answer) = await AskAsync(relay, request, cancellationToken).ConfigureAwait(false);
        if (answer.Status != CircuitStatus.Ok)
        {
            stream.Reset();
            throw new DialException($"The relay {relay} does not connect to {target}: {Describe(answer.Status)}.");
        }

        var place = relay.WithCircuit();
        return new TransportConnection(new CircuitStream(stream), place, place) { Limit = RelayWire.FromWire(answer.Limit) };
    }

    /// <summary>Leaves every relay.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var listener in _listeners.Values)
        {
            await listener.DisposeAsync().ConfigureAwait(false);
        }
    }

    private void Leave(RelayListener listener)
    {
        if (_listeners.TryRemove(new(listener.Relay, listener)))
        {
            Network.ConnectionManager.Unprotect(listener.Relay, ProtectionTag);
        }
    }

    /// <summary>Takes or renews the place on a relay.</summary>
    private async Task<Reservation> ReserveAsync(Multiaddr relay, CancellationToken cancellationToken)
    {
        var (stream, answer) = await AskAsync(relay, new HopMessage { Type = HopMessage.Types.Type.Reserve }, cancellationToken).ConfigureAwait(false);
        await stream.DisposeAsync().ConfigureAwait(false);
        if (answer.Status != CircuitStatus.Ok)
        {
            throw new DialException($"The relay {relay} gives no place: {Describe(answer.Status)}.");
        }

        return Reservation.TryRead(answer.Reservation, relay, Network.LocalPeer, stream.Connection, _time.GetUtcNow(), out var reservation, out var fault)
            ? reservation
            : throw new DialException($"The relay {relay} gave a place that is none: {fault}.");
    }

    /// <summary>Asks a relay, over the connection to it that all share, and returns its status with the stream.</summary>
    private async Task<(PeerStream Stream, HopMessage Answer)> AskAsync(Multiaddr relay, HopMessage request, CancellationToken cancellationToken)
    {
        PeerStream? stream = null;
        using var timeout = new CancellationTokenSource(RelayWire.MessageTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            var connection = await Network.DialAsync(relay, either.Token).ConfigureAwait(false);
            if (connection.IsRelayed)
            {
                throw new DialException($"The relay {relay} is itself reached through a relay.");
            }

            stream = await connection.OpenStreamAsync(RelayWire.HopProtocol, either.Token).ConfigureAwait(false);
            await RelayWire.SendAsync(stream, request, either.Token).ConfigureAwait(false);
            var answer = await ProtobufFrame.ReadAsync(stream.Input, HopMessage.Parser, RelayWire.MaxMessageBytes, either.Token).ConfigureAwait(false);
            return answer is { HasType: true, Type: HopMessage.Types.Type.Status, HasStatus: true }
                ? (stream, answer)
                : throw new ProtocolViolationException("It answered without a status.");
        }
        catch (Exception error)
        {
            stream?.Reset(error);
            cancellationToken.ThrowIfCancellationRequested();
            throw error switch
            {
                OperationCanceledException => new DialException($"The relay {relay} did not answer in time.", error),
                PeerRefusedException or StreamResetException or ProtocolViolationException => new DialException($"The relay {relay} is of no use: {error.Message}", error),
                _ => error,
            };
        }
    }

    private static string Describe(CircuitStatus status) => status switch
    {
        CircuitStatus.ReservationRefused => "it has none left (RESERVATION_REFUSED)",
        CircuitStatus.ResourceLimitExceeded => "it carries as many circuits as it may (RESOURCE_LIMIT_EXCEEDED)",
        CircuitStatus.PermissionDenied => "it does not permit it (PERMISSION_DENIED)",
        CircuitStatus.ConnectionFailed => "the peer did not take the circuit (CONNECTION_FAILED)",
        CircuitStatus.NoReservation => "the peer has no place on it (NO_RESERVATION)",
        CircuitStatus.MalformedMessage => "it could not read the request (MALFORMED_MESSAGE)",
        CircuitStatus.UnexpectedMessage => "it did not expect the request (UNEXPECTED_MESSAGE)",
        _ => $"it answered with the status {(int)status}",
    };

    /// <summary>Takes circuits that a relay offers, from those relays only on which this node listens.</summary>
    private sealed class StopProtocol(RelayTransport transport) : IProtocol
    {
        public string Id => RelayWire.StopProtocol;

        public async Task HandleAsync(PeerStream stream, CancellationToken cancellationToken)
        {
            StopMessage? request;
            try
            {
                using var timeout = new CancellationTokenSource(RelayWire.MessageTimeout, transport._time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
                request = await ProtobufFrame.ReadAsync(stream.Input, StopMessage.Parser, RelayWire.MaxMessageBytes, either.Token).ConfigureAwait(false);
            }
            catch (ProtocolViolationException)
            {
                await AnswerAsync(stream, CircuitStatus.MalformedMessage, cancellationToken).ConfigureAwait(false);
                return;
            }

            switch (request)
            {
                case null:
                    break;
                case { HasType: true, Type: StopMessage.Types.Type.Connect }:
                    await ConnectAsync(stream, request, cancellationToken).ConfigureAwait(false);
                    break;
                default:
                    var status = request.HasType ? CircuitStatus.UnexpectedMessage : CircuitStatus.MalformedMessage;
                    await AnswerAsync(stream, status, cancellationToken).ConfigureAwait(false);
                    break;
            }
        }

        private async Task ConnectAsync(PeerStream stream, StopMessage request, CancellationToken cancellationToken)
        {
            if (request.Peer is null || !PeerId.TryFromBytes(request.Peer.Id.Span, out var source))
            {
                await AnswerAsync(stream, CircuitStatus.MalformedMessage, cancellationToken).ConfigureAwait(false);
                return;
            }

            if (stream.Connection.IsRelayed || !transport._listeners.TryGetValue(stream.Connection.RemotePeer, out var listener))
            {
                await AnswerAsync(stream, CircuitStatus.PermissionDenied, cancellationToken).ConfigureAwait(false);
                return;
            }

            if (!listener.TryBegin())
            {
                await AnswerAsync(stream, CircuitStatus.ResourceLimitExceeded, cancellationToken).ConfigureAwait(false);
                return;
            }

            try
            {
                await AnswerAsync(stream, CircuitStatus.Ok, cancellationToken).ConfigureAwait(false);
                var circuit = new CircuitStream(stream);
                listener.Offer(new TransportConnection(circuit, listener.Address, listener.Address)
                {
                    ExpectedPeer = source,
                    Limit = RelayWire.FromWire(request.Limit),
                });

                // The stream lives as long as its handler.
                await circuit.Closed.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                listener.End();
            }
        }

        private static ValueTask AnswerAsync(PeerStream stream, CircuitStatus status, CancellationToken cancellationToken) =>
            RelayWire.SendAsync(stream, new StopMessage { Type = StopMessage.Types.Type.Status, Status = status }, cancellationToken);
    }
}
