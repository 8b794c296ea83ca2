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

/// <summary>A place where a transport accepts connections, until it is disposed.</summary>
public interface ITransportListener : IAsyncDisposable
{
    /// <summary>The address listened on, with the port that was chosen.</summary>
    Multiaddr Address { get; }

    /// <summary>The next connection.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The listener is disposed.</exception>
    ValueTask<TransportConnection> AcceptAsync(CancellationToken cancellationToken = default);
}

/// <summary>An open connection of a transport; whoever holds it disposes the stream.</summary>
/// <param name="Stream">The bytes, both ways. Disposing it ends pending reads and writes.</param>
/// <param name="Local">This end.</param>
/// <param name="Remote">The other end, as the transport sees it.</param>
public sealed record TransportConnection(Stream Stream, Multiaddr Local, Multiaddr Remote);
