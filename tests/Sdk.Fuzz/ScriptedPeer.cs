using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Muxing;
using Sdk.Core.Networking.Security;

namespace Sdk.Fuzz;

/// <summary>A connection to <see cref="Samples.Peer"/> that carries nothing, and streams on it on which the peer has said everything already.</summary>
internal sealed class ScriptedPeer
{
    private readonly ScriptedStream _wire = new(default);

    public ScriptedPeer(string address)
    {
        var place = Multiaddr.Parse(address);
        Connection = new Connection(
            new SecuredConnection(_wire, IdentityKey.From(Samples.Key.PublicKey), Samples.Peer, null), new TransportConnection(_wire, place, place), isDialer: false,
            new ConcurrentDictionary<string, IProtocol>(), new YamuxLimits(), TimeProvider.System, NullLogger.Instance);
    }

    public Connection Connection { get; }

    /// <summary>A stream that the peer opened, said <paramref name="said"/> on, and ended.</summary>
    public PeerStream Open(ReadOnlySequence<byte> said, string protocol)
    {
        // The session that it belongs to never starts: what is answered waits, and nothing more comes.
        var session = new Yamux(_wire, _wire, isDialer: false, new YamuxLimits(), TimeProvider.System, _ => { });
        var stream = new YamuxStream(session, 1, isInbound: true);
        foreach (var segment in said)
        {
            stream.Received.Write(segment.Span);
        }

        stream.Received.Complete();
        return new PeerStream(stream, Connection, protocol);
    }
}
