using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Sdk.Core.Networking;

/// <summary>
/// Connections within a process: <c>/memory/N</c>, the twin of <see cref="TcpTransport"/> for tests and simulations. Each instance is
/// a network of its own: switches that are given the same instance reach each other.
/// </summary>
public sealed class MemoryTransport : ITransport
{
    /// <summary>What a direction holds before the writer waits: about what a socket holds.</summary>
    private const int CapacityBytes = 256 * 1024;

    /// <summary>Connections that may wait to be accepted; one more is refused.</summary>
    private const int Backlog = 128;

    private readonly ConcurrentDictionary<ulong, Listener> _listeners = new();
    private ulong _lastNumber;

    /// <inheritdoc/>
    public bool CanDial(Multiaddr address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.TryGetMemory(out _);
    }

    /// <inheritdoc/>
    public ValueTask<ITransportListener> ListenAsync(Multiaddr address, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!address.TryGetMemory(out var number))
        {
            throw new DialException($"{address} is not a memory address.");
        }

        // Chosen numbers come from the upper half, so that they never meet a number that somebody names.
        var listener = new Listener(this, number == 0 ? NextNumber() : number);
        return _listeners.TryAdd(listener.Number, listener)
            ? new ValueTask<ITransportListener>(listener)
            : throw new DialException($"Somebody listens on {address} already.");
    }

    /// <inheritdoc/>
    public ValueTask<TransportConnection> DialAsync(Multiaddr address, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!address.TryGetMemory(out var number) || !_listeners.TryGetValue(number, out var listener))
        {
            throw new DialException($"Nobody listens on {address}.");
        }

        var here = Multiaddr.FromMemory(NextNumber());
        var (near, far) = DuplexStream.CreatePair(CapacityBytes);
        return listener.TryOffer(new TransportConnection(far, listener.Address, here))
            ? new ValueTask<TransportConnection>(new TransportConnection(near, here, listener.Address))
            : throw new DialException($"The listener on {address} takes no more connections.");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var listener in _listeners.Values)
        {
            await listener.DisposeAsync().ConfigureAwait(false);
        }
    }

    private ulong NextNumber() => (1UL << 63) + Interlocked.Increment(ref _lastNumber);

    private sealed class Listener(MemoryTransport network, ulong number) : ITransportListener
    {
        private readonly Channel<TransportConnection> _waiting = Channel.CreateBounded<TransportConnection>(Backlog);

        public ulong Number => number;

        public Multiaddr Address { get; } = Multiaddr.FromMemory(number);

        public bool TryOffer(TransportConnection connection) => _waiting.Writer.TryWrite(connection);

        public async ValueTask<TransportConnection> AcceptAsync(CancellationToken cancellationToken = default)
        {
            try
            {
                return await _waiting.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (ChannelClosedException error)
            {
                throw new ObjectDisposedException("The listener is disposed.", error);
            }
        }

        public async ValueTask DisposeAsync()
        {
            network._listeners.TryRemove(number, out _);
            _waiting.Writer.TryComplete();
            while (_waiting.Reader.TryRead(out var connection))
            {
                await connection.Stream.DisposeAsync().ConfigureAwait(false);
            }
        }
    }
}
