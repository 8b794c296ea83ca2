using System.Buffers;
using Sdk.Core.Networking;

namespace Sdk.Storage.Tests.Wire;

/// <summary>TCP that keeps every byte of every connection it dials, as it was on the wire.</summary>
internal sealed class RecordingTransport : ITransport
{
    private readonly TcpTransport _tcp = new();
    private readonly Lock _gate = new();
    private readonly List<RecordedConnection> _connections = [];

    public IReadOnlyList<RecordedConnection> Connections
    {
        get
        {
            lock (_gate)
            {
                return [.. _connections];
            }
        }
    }

    public bool CanDial(Multiaddr address) => _tcp.CanDial(address);

    public ValueTask<ITransportListener> ListenAsync(Multiaddr address, CancellationToken cancellationToken = default) =>
        _tcp.ListenAsync(address, cancellationToken);

    public async ValueTask<TransportConnection> DialAsync(Multiaddr address, CancellationToken cancellationToken = default)
    {
        var connection = await _tcp.DialAsync(address, cancellationToken);
        var recorded = new RecordedConnection();
        lock (_gate)
        {
            _connections.Add(recorded);
        }

        return connection with { Stream = new RecordingStream(connection.Stream, recorded) };
    }

    public ValueTask DisposeAsync() => _tcp.DisposeAsync();
}

/// <summary>What went each way over one connection.</summary>
internal sealed class RecordedConnection
{
    private readonly ArrayBufferWriter<byte> _sent = new();
    private readonly ArrayBufferWriter<byte> _received = new();

    /// <summary>From the dialer.</summary>
    public byte[] Sent => Copy(_sent);

    /// <summary>To the dialer.</summary>
    public byte[] Received => Copy(_received);

    public void AddSent(ReadOnlySpan<byte> bytes) => Add(_sent, bytes);

    public void AddReceived(ReadOnlySpan<byte> bytes) => Add(_received, bytes);

    private static void Add(ArrayBufferWriter<byte> way, ReadOnlySpan<byte> bytes)
    {
        lock (way)
        {
            way.Write(bytes);
        }
    }

    private static byte[] Copy(ArrayBufferWriter<byte> way)
    {
        lock (way)
        {
            return way.WrittenSpan.ToArray();
        }
    }
}

/// <summary>A stream that notes what passes through it.</summary>
internal sealed class RecordingStream(Stream inner, RecordedConnection recorded) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken);
        recorded.AddReceived(buffer.Span[..count]);
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        recorded.AddSent(buffer.Span);
        await inner.WriteAsync(buffer, cancellationToken);
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = inner.Read(buffer, offset, count);
        recorded.AddReceived(buffer.AsSpan(offset, read));
        return read;
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        recorded.AddSent(buffer.AsSpan(offset, count));
        inner.Write(buffer, offset, count);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() => inner.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
