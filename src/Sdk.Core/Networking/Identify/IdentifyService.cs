using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Sdk.Core.Networking.Identify.Wire;
using Sdk.Core.Networking.Muxing;

namespace Sdk.Core.Networking.Identify;

/// <summary>
/// Peers introduce themselves (libp2p <c>specs/identify</c>, <c>/ipfs/id/1.0.0</c> and <c>/ipfs/id/push/1.0.0</c>): both sides of a new
/// connection ask the other who it is, which protocols it answers, and where it listens; whoever changes tells the others. Part of every
/// <see cref="Switch"/>. Thread-safe.
/// </summary>
public sealed class IdentifyService
{
    internal const string Protocol = "/ipfs/id/1.0.0";
    internal const string PushProtocol = "/ipfs/id/push/1.0.0";

    /// <summary>What an introduction may have, in all its messages. Other implementations hold to the same.</summary>
    internal const int MaxMessageBytes = 8 * 1024;

    /// <summary>Some peers send the signed record in a message of its own; more than this is noise.</summary>
    private const int MaxMessages = 10;

    /// <summary>For one question and its answer.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>Changes come in bursts, a package's protocols after another's: peers are told once.</summary>
    private static readonly TimeSpan GatherTime = TimeSpan.FromMilliseconds(200);

    private readonly Switch _switch;
    private readonly SwitchOptions _options;
    private readonly ILogger _logger;
    private readonly Signal _changed = new();
    private readonly Task _pushing;
    private readonly Lock _gate = new();
    private long _revision = 1;
    private Introduction? _introduction;

    internal IdentifyService(Switch of, SwitchOptions options, ILogger logger, CancellationToken stopping)
    {
        (_switch, _options, _logger) = (of, options, logger);
        of.Register(new Answerer(this));
        of.Register(new Listener(this));
        of.ConnectionOpened += connection => _ = AskAsync(connection);
        _pushing = PushLoopAsync(stopping);
        stopping.UnsafeRegister(static state => ((Signal)state!).Set(), _changed);
    }

    /// <summary>
    /// Raised when a peer has identified itself, and again when it told of a change; see <see cref="Connection.Identity"/> too. Not raised
    /// for peers that do not say who they are. A handler is quick; what it throws is logged.
    /// </summary>
    public event Action<PeerIdentity>? PeerIdentified;

    /// <summary>
    /// Where the peers that are connected now see this node: the best witnessed first. Reports that cannot be true (a private address
    /// seen from the public network) are left out.
    /// </summary>
    public IReadOnlyList<ObservedAddress> ObservedAddresses =>
    [
        .. _switch.Connections
            .Where(connection => connection.Identity?.ObservedAddress is { IsRelayed: false } seen
                && !connection.RemoteAddress.IsRelayed && seen.Reach == connection.RemoteAddress.Reach)
            .GroupBy(connection => connection.Identity!.ObservedAddress!.WithoutPeer())
            .Select(reports => new ObservedAddress(
                reports.Key,
                reports.Select(connection => NetworkOf(connection.RemoteAddress)).Distinct().Count(),
                reports.Any(connection => !connection.IsDialer)))
            .OrderByDescending(observed => observed.NetworkCount)
            .ThenByDescending(observed => observed.IsListening)
            .ThenBy(observed => observed.Address.ToString(), StringComparer.Ordinal),
    ];

    /// <summary>Something that peers are told has changed: protocols or listen addresses.</summary>
    internal void Change()
    {
        Interlocked.Increment(ref _revision);
        _changed.Set();
    }

    /// <summary>Completes when no peer is being told anything any more, after the switch's token was cancelled.</summary>
    internal Task WhenStoppedAsync() => _pushing;

    private Introduction Introduce()
    {
        lock (_gate)
        {
            var revision = Interlocked.Read(ref _revision);
            if (_introduction is null || _introduction.Revision < revision)
            {
                _introduction = Introduction.Make(revision, _switch, _options, _logger, _introduction);
            }

            return _introduction;
        }
    }

    // ---- The question, on every connection that opens ----
    [SuppressMessage("Design", "CA1031", Justification = "Whatever an answer causes is told to those who wait for it, and logged; nobody else is concerned.")]
    private async Task AskAsync(Connection connection)
    {
        try
        {
            using var timeout = new CancellationTokenSource(Timeout, _options.TimeProvider);
            PeerStream stream;
            try
            {
                stream = await connection.OpenStreamAsync(Protocol, timeout.Token).ConfigureAwait(false);
                await stream.CloseWriteAsync().ConfigureAwait(false);
                var identity = await ReceiveAsync(stream, timeout.Token).ConfigureAwait(false);
                connection.IdentifyState.Answered.TrySetResult(identity);
                TellIfBehind(connection);
            }
            catch (OperationCanceledException error)
            {
                throw new ProtocolViolationException("The peer did not say in time who it is.", error);
            }
        }
        catch (Exception error)
        {
            IdentifyLog.NotIdentified(_logger, connection.RemotePeer, error.Message);
            connection.IdentifyState.Answered.TrySetException(error);

            // Nobody may be waiting.
            _ = connection.IdentifyState.Answered.Task.Exception;
        }
    }

    /// <summary>Reads an introduction to the end of the stream, which is reset if it is at fault.</summary>
    private async ValueTask<PeerIdentity> ReceiveAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        try
        {
            var message = await ReadAsync(stream, cancellationToken).ConfigureAwait(false);
            var connection = stream.Connection;
            var identity = connection.IdentifyState.Update(earlier => PeerIdentity.From(connection, message, earlier));
            await stream.DisposeAsync().ConfigureAwait(false);
            IdentifyLog.Identified(
                _logger, identity.Peer, identity.AgentVersion, identity.Protocols.Count, identity.Addresses.Count, identity.AreAddressesCertified);
            Raise(identity);
            return identity;
        }
        catch (Exception error)
        {
            stream.Reset(error);
            throw;
        }
    }

    private static async ValueTask<Identification> ReadAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        Identification? whole = null;
        var room = MaxMessageBytes;
        for (var i = 0; i < MaxMessages; i++)
        {
            var message = await ProtobufFrame.ReadAsync(stream.Input, Identification.Parser, room, cancellationToken).ConfigureAwait(false);
            if (message is null)
            {
                return whole ?? throw new ProtocolViolationException("The peer said nothing about itself.");
            }

            room -= Math.Min(room, message.CalculateSize());
            if (whole is null)
            {
                whole = message;
            }
            else
            {
                whole.MergeFrom(message);
            }
        }

        throw new ProtocolViolationException("The peer introduces itself without end.");
    }

    // ---- Telling of changes ----
    private async Task PushLoopAsync(CancellationToken stopping)
    {
        while (true)
        {
            await _changed.WaitAsync().ConfigureAwait(false);
            await Task.Delay(GatherTime, _options.TimeProvider, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stopping.IsCancellationRequested)
            {
                return;
            }

            await Task.WhenAll(_switch.Connections.Where(IsBehind).Select(connection => PushAsync(connection, stopping))).ConfigureAwait(false);
        }
    }

    private void TellIfBehind(Connection connection)
    {
        if (IsBehind(connection))
        {
            _changed.Set();
        }
    }

    /// <summary>Whether the peer wants to be told, and was told less. Who has not asked yet will hear the newest when it does.</summary>
    private bool IsBehind(Connection connection) =>
        connection.IdentifyState.ToldRevision is var told and > 0 && told < Interlocked.Read(ref _revision)
        && connection.Identity?.Protocols.Contains(PushProtocol) == true;

    [SuppressMessage("Design", "CA1031", Justification = "A peer that cannot be told is its own loss: it is logged, and the others are told.")]
    private async Task PushAsync(Connection connection, CancellationToken stopping)
    {
        try
        {
            using var timeout = new CancellationTokenSource(Timeout, _options.TimeProvider);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stopping);
            var stream = await connection.OpenStreamAsync(PushProtocol, either.Token).ConfigureAwait(false);
            await TellAsync(stream, either.Token).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            IdentifyLog.NotTold(_logger, connection.RemotePeer, error.Message);
        }
    }

    private async Task TellAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        try
        {
            var introduction = Introduce();
            stream.Connection.IdentifyState.Told(introduction.Revision);
            ProtobufFrame.Write(stream.Output, introduction.For(stream.Connection));
            await stream.Output.FlushAsync(cancellationToken).ConfigureAwait(false);
            await stream.DisposeAsync().ConfigureAwait(false);
        }
        catch
        {
            stream.Reset();
            throw;
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "A listener's error is its own: it is logged, and the others hear of the peer.")]
    private void Raise(PeerIdentity identity)
    {
        foreach (var listener in Delegate.EnumerateInvocationList(PeerIdentified))
        {
            try
            {
                listener(identity);
            }
            catch (Exception error)
            {
                IdentifyLog.ListenerFailed(_logger, error, identity.Peer);
            }
        }
    }

    /// <summary>The network that an address belongs to: who has one address there can have many.</summary>
    private static string NetworkOf(Multiaddr address)
    {
        if (!address.TryGetIp(out var ip))
        {
            return address.ToString();
        }

        var bytes = ip.GetAddressBytes();
        return Convert.ToHexString(bytes.AsSpan(0, bytes.Length == 4 ? 2 : 6));
    }

    /// <summary>Answers the question.</summary>
    private sealed class Answerer(IdentifyService service) : IProtocol
    {
        public string Id => Protocol;

        public Task HandleAsync(PeerStream stream, CancellationToken cancellationToken) => service.TellAsync(stream, cancellationToken);
    }

    /// <summary>Hears of changes.</summary>
    private sealed class Listener(IdentifyService service) : IProtocol
    {
        public string Id => PushProtocol;

        public async Task HandleAsync(PeerStream stream, CancellationToken cancellationToken)
        {
            if (!stream.Connection.IdentifyState.TryTakePush(service._options.TimeProvider))
            {
                throw new ProtocolViolationException("The peer tells of changes too often.");
            }

            using var timeout = new CancellationTokenSource(Timeout, service._options.TimeProvider);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            await service.ReceiveAsync(stream, either.Token).ConfigureAwait(false);
        }
    }
}
