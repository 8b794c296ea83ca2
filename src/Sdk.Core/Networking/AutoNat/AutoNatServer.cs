using System.Net;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Sdk.Core.Networking.AutoNat.Wire;
using Status = Sdk.Core.Networking.AutoNat.Wire.DialMessage.Types.ResponseStatus;

namespace Sdk.Core.Networking.AutoNat;

/// <summary>
/// Tells peers whether they can be dialled, by dialling them (libp2p <c>specs/autonat/autonat-v1</c>). So that nobody can make this node
/// dial somebody else, only the IP address that the request came from is dialled; so that nobody can make it work much, requests are
/// counted. Requests over a relay, which hides where they come from, are refused. Thread-safe; serves as long as its switch.
/// </summary>
public sealed class AutoNatServer : IProtocol
{
    private readonly Switch _network;
    private readonly AutoNatServerOptions _options;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, int> _requestsOf = [];
    private int _requests;
    private long _windowTimestamp;

    private AutoNatServer(Switch network, AutoNatServerOptions options)
    {
        (_network, _options) = (network, options);
        _logger = network.LoggerFactory.CreateLogger(typeof(AutoNatServer).FullName!);
        _windowTimestamp = options.TimeProvider.GetTimestamp();
    }

    /// <inheritdoc/>
    public string Id => AutoNatWire.Protocol;

    /// <summary>Answers requests from now on.</summary>
    /// <exception cref="InvalidOperationException">The switch answers them already.</exception>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public static AutoNatServer Start(Switch network, AutoNatServerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        options ??= new AutoNatServerOptions();
        options.Validate();
        var server = new AutoNatServer(network, options);
        network.Register(server);
        return server;
    }

    /// <inheritdoc/>
    public async Task HandleAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stream);
        DialMessage? request;
        using (var timeout = new CancellationTokenSource(AutoNatWire.MessageTimeout, _options.TimeProvider))
        using (var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken))
        {
            request = await ProtobufFrame.ReadAsync(stream.Input, DialMessage.Parser, AutoNatWire.MaxMessageBytes, either.Token).ConfigureAwait(false);
        }

        if (request is null)
        {
            return;
        }

        var response = await AnswerAsync(stream.Connection, request, cancellationToken).ConfigureAwait(false);
        ProtobufFrame.Write(stream.Output, new DialMessage { Type = DialMessage.Types.MessageType.DialResponse, DialResponse = response });
        await stream.Output.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<DialMessage.Types.DialResponse> AnswerAsync(Connection connection, DialMessage request, CancellationToken cancellationToken)
    {
        var asked = request.Dial?.Peer;
        if (request is not { HasType: true, Type: DialMessage.Types.MessageType.Dial } || asked is null
            || (!asked.Id.IsEmpty && !asked.Id.Span.SequenceEqual(connection.RemotePeer.Bytes.Span)))
        {
            return Respond(connection, 0, Status.EBadRequest, "a dial message about oneself was expected");
        }

        if (connection.IsRelayed)
        {
            return Respond(connection, 0, Status.EDialRefused, "the request came over a relay");
        }

        var reach = connection.RemoteAddress.Reach;
        if (!connection.RemoteAddress.TryGetIp(out var seen) || (reach != AddressReach.World && !_options.AllowsPrivateAddresses))
        {
            return Respond(connection, 0, Status.EDialRefused, "the request came from no public address");
        }

        var candidates = Candidates(asked, seen, connection.RemotePeer);
        if (candidates.Count == 0)
        {
            return Respond(connection, 0, Status.EDialRefused, "no address has the IP address that the request came from");
        }

        if (!TryCount(seen))
        {
            return Respond(connection, candidates.Count, Status.EDialRefused, "too many requests");
        }

        var reached = await FindReachableAsync(candidates, cancellationToken).ConfigureAwait(false);
        return reached is null
            ? Respond(connection, candidates.Count, Status.EDialError, "no address answered")
            : Respond(connection, candidates.Count, Status.Ok, "", reached);
    }

    private DialMessage.Types.DialResponse Respond(Connection connection, int count, Status status, string text, Multiaddr? reached = null)
    {
        AutoNatLog.DialledBack(_logger, connection.RemotePeer, count, status, text);
        return new DialMessage.Types.DialResponse
        {
            Status = status,
            StatusText = text,
            Addr = reached is null ? ByteString.Empty : ByteString.CopyFrom(reached.WithoutPeer().Bytes.Span),
        };
    }

    /// <summary>The addresses of a request that may be dialled: plain TCP at the IP address that the requester was seen at, and no other.</summary>
    private static List<Multiaddr> Candidates(DialMessage.Types.PeerInfo asked, IPAddress seen, PeerId requester)
    {
        var candidates = new List<Multiaddr>();
        foreach (var bytes in asked.Addrs.Take(AutoNatWire.MaxAddressesRead))
        {
            if (candidates.Count < AutoNatWire.MaxAddresses
                && Multiaddr.TryFromBytes(bytes.Span, out var address)
                && (address.Peer is null || address.Peer == requester)
                && address.TryGetTcp(out var endPoint)
                && endPoint is IPEndPoint { Port: > 0 } place
                && Plain(place.Address).Equals(Plain(seen)))
            {
                var candidate = Multiaddr.FromTcp(place).WithPeer(requester);
                if (!candidates.Contains(candidate))
                {
                    candidates.Add(candidate);
                }
            }
        }

        return candidates;
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <summary>Tries all at once, each over a connection of its own, and returns the first that answers as the requester; null where none does.</summary>
    private async Task<Multiaddr?> FindReachableAsync(List<Multiaddr> candidates, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_options.DialTimeout, _options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var probes = candidates.ConvertAll(candidate => AnswersAsync(candidate, either.Token));
        Multiaddr? reached = null;
        await foreach (var probe in Task.WhenEach(probes).ConfigureAwait(false))
        {
            reached ??= await probe.ConfigureAwait(false);
            if (reached is not null)
            {
                await either.CancelAsync().ConfigureAwait(false);
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        return reached;
    }

    private async Task<Multiaddr?> AnswersAsync(Multiaddr candidate, CancellationToken cancellationToken)
    {
        try
        {
            await _network.ProbeAsync(candidate, cancellationToken).ConfigureAwait(false);
            return candidate;
        }
        catch (Exception error) when (error is DialException or PeerRefusedException)
        {
            return null;
        }
    }

    private bool TryCount(IPAddress seen)
    {
        var source = RemoteNetwork.Of(seen);
        lock (_gate)
        {
            if (_options.TimeProvider.GetElapsedTime(_windowTimestamp) >= _options.Window)
            {
                _windowTimestamp = _options.TimeProvider.GetTimestamp();
                _requests = 0;
                _requestsOf.Clear();
            }

            var count = _requestsOf.GetValueOrDefault(source);
            if (_requests >= _options.MaxRequests || count >= _options.MaxRequestsPerAddress)
            {
                return false;
            }

            _requests++;
            _requestsOf[source] = count + 1;
            return true;
        }
    }
}
