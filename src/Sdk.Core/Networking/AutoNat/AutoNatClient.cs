using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Cryptography;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Sdk.Core.Networking.AutoNat.Wire;
using Sdk.Core.Networking.Identify;

namespace Sdk.Core.Networking.AutoNat;

/// <summary>
/// Finds out whether strangers can connect to this node, by asking peers to try (libp2p <c>specs/autonat/autonat-v1</c>): those it is
/// connected to that serve the protocol, a few at a time, again and again. It believes three that agree. Thread-safe.
/// </summary>
public sealed class AutoNatClient : IAsyncDisposable
{
    /// <summary>Peers asked in one round: enough for a conclusion even if one of them does not answer.</summary>
    private const int PeersPerRound = ReachabilityEvidence.Confidence + 1;

    /// <summary>A peer may try for 15 seconds, and its answer travels.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(30);

    private readonly Switch _network;
    private readonly AutoNatOptions _options;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _round = new(1);
    private readonly ReachabilityEvidence _evidence;
    private readonly Task _loop;
    private HashSet<Multiaddr> _lastOwn = [];
    private volatile Conclusion _conclusion = new(Reachability.Unknown, null);
    private int _isDisposed;

    private AutoNatClient(Switch network, AutoNatOptions options)
    {
        (_network, _options) = (network, options);
        _logger = network.LoggerFactory.CreateLogger(typeof(AutoNatClient).FullName!);
        _evidence = new ReachabilityEvidence(options.TimeProvider);
        _loop = Task.Run(LoopAsync);
    }

    /// <summary>Raised after <see cref="Reachability"/> changed, with the new one. A handler is quick; what it throws is logged.</summary>
    public event Action<Reachability>? Changed;

    /// <summary>What is known now.</summary>
    public Reachability Reachability => _conclusion.Reachability;

    /// <summary>The address at which peers say that they reached this node, with its peer id; null unless it is <see cref="Reachability.Public"/>.</summary>
    public Multiaddr? PublicAddress => _conclusion.Address;

    /// <summary>Asks from now on, until disposed. Dispose it before its switch.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public static AutoNatClient Start(Switch network, AutoNatOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        options ??= new AutoNatOptions();
        options.Validate();
        return new AutoNatClient(network, options);
    }

    /// <summary>Asks a round of peers now, without waiting for the next one to be due.</summary>
    /// <returns>What is known afterwards.</returns>
    /// <exception cref="ObjectDisposedException">The client is disposed.</exception>
    public async Task<Reachability> CheckAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        await _round.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await AskRoundAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _round.Release();
        }

        return Reachability;
    }

    /// <summary>Stops asking.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    [SuppressMessage("Design", "CA1031", Justification = "A round that failed is logged, and the next one is tried: the machine's interfaces may be in motion.")]
    private async Task LoopAsync()
    {
        var pause = _options.FirstDelay;
        while (true)
        {
            await Task.Delay(pause, _options.TimeProvider, _stopping.Token).ConfigureAwait(false);
            try
            {
                await CheckAsync(_stopping.Token).ConfigureAwait(false);
            }
            catch (Exception error) when (!_stopping.IsCancellationRequested)
            {
                AutoNatLog.RoundFailed(_logger, error);
            }

            pause = Reachability == Reachability.Unknown ? _options.RetryInterval : _options.RefreshInterval;
        }
    }

    private async Task AskRoundAsync(CancellationToken cancellationToken)
    {
        var own = LocalAddresses.Expand(_network.ListenAddresses.Where(address => !address.IsRelayed).Select(address => address.WithoutPeer()));
        if (!_lastOwn.SetEquals(own))
        {
            // What was found before was about other addresses.
            _lastOwn = [.. own];
            _evidence.Clear();
        }

        if (own.Count == 0)
        {
            _evidence.ConcludePrivate();
        }
        else
        {
            var addresses = AddressesToAsk(own);
            if (addresses.Count > 0)
            {
                var answers = await Task.WhenAll(PeersToAsk().Select(connection => AskAsync(connection, addresses, cancellationToken))).ConfigureAwait(false);
                foreach (var (peer, isPublic, reached) in answers.OfType<AutoNatAnswer>())
                {
                    _evidence.Add(peer, isPublic, reached);
                }
            }

            _evidence.Conclude();
        }

        Publish();
    }

    private void Publish()
    {
        var before = _conclusion.Reachability;
        var now = _evidence.Conclusion;
        _conclusion = new Conclusion(now, now == Reachability.Public ? _evidence.Address?.WithPeer(_network.LocalPeer) : null);
        if (now != before)
        {
            AutoNatLog.ReachabilityChanged(_logger, now, before);
            Raise(now);
        }
    }

    /// <summary>
    /// Where this node might be reached: where it listens, where peers reached it, and, since a NAT may pass a port on, the ports it
    /// listens on at the IP addresses that peers see it come from.
    /// </summary>
    private List<Multiaddr> AddressesToAsk(IReadOnlyList<Multiaddr> own)
    {
        var ports = own.Select(PlaceOf).OfType<IPEndPoint>().ToArray();
        var observed = _network.Identify.ObservedAddresses;
        var guessed = from place in observed.Select(seen => PlaceOf(seen.Address)).OfType<IPEndPoint>()
                      from port in ports
                      where port.AddressFamily == place.AddressFamily
                      select Multiaddr.FromTcp(new IPEndPoint(place.Address, port.Port));
        return
        [
            .. own.Concat(observed.Where(seen => seen.IsListening).Select(seen => seen.Address)).Concat(guessed)
                .Where(address => PlaceOf(address) is { Port: > 0 } && (address.Reach == AddressReach.World || _options.AllowsPrivateAddresses))
                .Distinct()
                .Take(AutoNatWire.MaxAddresses),
        ];
    }

    private static IPEndPoint? PlaceOf(Multiaddr address) => address.TryGetTcp(out var endPoint) ? endPoint as IPEndPoint : null;

    /// <summary>
    /// Some of the peers that serve the protocol, at random; those that this node chose to dial before those that came to it, for they
    /// are harder to be for somebody who wants to give all the answers.
    /// </summary>
    private IEnumerable<Connection> PeersToAsk() => _network.Connections
        .Where(connection => connection is { IsOpen: true, IsRelayed: false } && connection.Identity?.Protocols.Contains(AutoNatWire.Protocol) == true)
        .GroupBy(connection => connection.RemotePeer)
        .Select(connections => connections.First())
        .OrderByDescending(connection => connection.IsDialer)
        .ThenBy(_ => RandomNumberGenerator.GetInt32(int.MaxValue))
        .Take(PeersPerRound);

    /// <summary>What one peer found; null where it did not try or did not say.</summary>
    private async Task<AutoNatAnswer?> AskAsync(Connection connection, List<Multiaddr> addresses, CancellationToken cancellationToken)
    {
        PeerStream? stream = null;
        using var timeout = new CancellationTokenSource(AnswerTimeout, _options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken, _stopping.Token);
        try
        {
            stream = await connection.OpenStreamAsync(AutoNatWire.Protocol, either.Token).ConfigureAwait(false);
            var peer = new DialMessage.Types.PeerInfo { Id = ByteString.CopyFrom(_network.LocalPeer.Bytes.Span) };
            peer.Addrs.AddRange(addresses.Select(address => ByteString.CopyFrom(address.Bytes.Span)));
            ProtobufFrame.Write(stream.Output, new DialMessage { Type = DialMessage.Types.MessageType.Dial, Dial = new DialMessage.Types.Dial { Peer = peer } });
            await stream.Output.FlushAsync(either.Token).ConfigureAwait(false);
            var answer = await ProtobufFrame.ReadAsync(stream.Input, DialMessage.Parser, AutoNatWire.MaxMessageBytes, either.Token).ConfigureAwait(false);
            await stream.DisposeAsync().ConfigureAwait(false);
            AutoNatLog.Asked(_logger, connection.RemotePeer, AutoNatAnswer.Describe(answer));
            return AutoNatAnswer.Read(connection.RemotePeer, answer, addresses);
        }
        catch (Exception error) when (error is SdkException or OperationCanceledException)
        {
            stream?.Reset(error);
            cancellationToken.ThrowIfCancellationRequested();
            AutoNatLog.Asked(_logger, connection.RemotePeer, error.Message);
            return null;
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "A listener's error is its own: it is logged, and the others hear of the change.")]
    private void Raise(Reachability reachability)
    {
        foreach (var listener in Delegate.EnumerateInvocationList(Changed))
        {
            try
            {
                listener(reachability);
            }
            catch (Exception error)
            {
                AutoNatLog.ListenerFailed(_logger, error);
            }
        }
    }

    private sealed record Conclusion(Reachability Reachability, Multiaddr? Address);
}
