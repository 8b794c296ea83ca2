namespace Sdk.Core.Networking;

/// <summary>
/// Carries bytes between two places, unsecured: what <see cref="Switch"/> secures and multiplexes. <see cref="TcpTransport"/> carries
/// them over networks, <see cref="MemoryTransport"/> within a process. Thread-safe. Whoever made a transport disposes it.
/// </summary>
public interface ITransport : IAsyncDisposable
{
    /// <summary>Whether this transport understands the address.</summary>
    bool CanDial(Multiaddr address);

    /// <summary>Listens; port or number 0 means any free one.</summary>
    /// <exception cref="DialException">The address is not this transport's, or it is taken.</exception>
    ValueTask<ITransportListener> ListenAsync(Multiaddr address, CancellationToken cancellationToken = default);

    /// <summary>Connects.</summary>
    /// <exception cref="DialException">The address is not this transport's, or nobody answers there.</exception>
    ValueTask<TransportConnection> DialAsync(Multiaddr address, CancellationToken cancellationToken = default);
}

/// <summary>
/// A transport that carries its connections over streams of the very switch that uses it. The switch attaches itself when it is made.
/// </summary>
public interface ISwitchTransport : ITransport
{
    /// <summary>Called once, before anything is dialled or listened on. The switch outlives every use that the transport makes of it.</summary>
    /// <exception cref="InvalidOperationException">The transport belongs to another switch already.</exception>
    void Attach(Switch network);
}

/// <summary>A place where a transport accepts connections, until it is disposed.</summary>
public interface ITransportListener : IAsyncDisposable
{
    /// <summary>The address listened on, with the port that was chosen.</summary>
    Multiaddr Address { get; }

    /// <summary>
    /// Where others reach the listener now. A listener that depends on somebody else may be reached at other addresses, or for a time
    /// at none.
    /// </summary>
    IReadOnlyList<Multiaddr> ReachableAddresses => [Address];

    /// <summary>The next connection.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The listener is disposed.</exception>
    ValueTask<TransportConnection> AcceptAsync(CancellationToken cancellationToken = default);
}

/// <summary>An open connection of a transport; whoever holds it disposes the stream.</summary>
/// <param name="Stream">The bytes, both ways. Disposing it ends pending reads and writes.</param>
/// <param name="Local">This end.</param>
/// <param name="Remote">The other end, as the transport sees it.</param>
public sealed record TransportConnection(Stream Stream, Multiaddr Local, Multiaddr Remote)
{
    /// <summary>Who is said to be at the other end of an incoming connection; whoever proves to be another is refused. Null where nobody says.</summary>
    public PeerId? ExpectedPeer { get; init; }

    /// <summary>What a relay lets the connection carry; null where there is no such limit.</summary>
    public ConnectionLimit? Limit { get; init; }
}

/// <summary>What a connection through a relay may carry before the relay ends it.</summary>
/// <param name="Duration">Time from its beginning; null without limit.</param>
/// <param name="DataBytes">Bytes in each direction; null without limit.</param>
public sealed record ConnectionLimit(TimeSpan? Duration, long? DataBytes);
