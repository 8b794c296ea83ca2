using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Networking.Security;

/// <summary>
/// A connection after the Noise handshake: each frame is a length of two bytes (big-endian) and as many bytes of ciphertext. One reader
/// and one writer at a time. Buffers are pooled and held only while bytes wait in them: an idle connection has none. Noise has no
/// farewell of its own: a connection that ends between two frames has ended, and the muxer knows what was still open.
/// </summary>
internal sealed class NoiseStream : AsyncStream
{
    public const int MaxPlaintextBytes = ushort.MaxValue - ChaChaPoly.TagLengthBytes;

    private const int LengthBytes = sizeof(ushort);
    private const int FrameOverheadBytes = LengthBytes + ChaChaPoly.TagLengthBytes;

    /// <summary>One write of the muxer at its largest; it leaves as two frames of half the size rather than as a large and a tiny one.</summary>
    private const int MaxWriteBytes = 64 * 1024;

    /// <summary>The largest frame and most of the next, so that a fast peer's frames cost one system call for several.</summary>
    private const int InputBytes = 128 * 1024;

    private readonly Stream _wire;
    private readonly NoiseCipherState _send;
    private readonly NoiseCipherState _receive;
    private int _isReading;
    private volatile bool _isDisposed;

    // The reader's. Decrypted bytes wait at [_plainStart, _plainEnd), frames as they came at [_start, _end), behind the former.
    private byte[]? _input;
    private int _plainStart;
    private int _plainEnd;
    private int _start;
    private int _end;

    /// <param name="wire">The bare connection, owned from now on.</param>
    /// <param name="send">Key of what we send, owned from now on.</param>
    /// <param name="receive">Key of what we receive, owned from now on.</param>
    public NoiseStream(Stream wire, NoiseCipherState send, NoiseCipherState receive)
    {
        _wire = wire;
        _send = send;
        _receive = receive;
    }

    /// <summary>Encrypts and sends all of it. After an exception, a cancellation among them, the connection is of no more use.</summary>
    /// <exception cref="IOException">The connection broke, or its keys are used up.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var output = ArrayPool<byte>.Shared.Rent(Math.Min(buffer.Length, MaxWriteBytes) + (2 * FrameOverheadBytes));
        try
        {
            while (!buffer.IsEmpty)
            {
                var part = buffer[..Math.Min(buffer.Length, MaxWriteBytes)];
                var length = Seal(part.Span, output);
                await _wire.WriteAsync(output.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
                buffer = buffer[part.Length..];
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(output);
        }
    }

    /// <summary>Reads what has come, at least a byte; 0 where the peer ended the connection between two frames.</summary>
    /// <exception cref="ProtocolViolationException">A frame was altered, or is none.</exception>
    /// <exception cref="IOException">The connection broke, within a frame perhaps, or its keys are used up.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (Interlocked.Exchange(ref _isReading, 1) != 0)
        {
            throw new InvalidOperationException("A read is under way.");
        }

        try
        {
            int length;
            while (!TryTake(buffer.Span, out length))
            {
                if (!await TryFillAsync(cancellationToken).ConfigureAwait(false))
                {
                    return 0;
                }
            }

            return length;
        }
        finally
        {
            Volatile.Write(ref _isReading, 0);
            if (_isDisposed)
            {
                ReleaseInput();
            }
        }
    }

    /// <summary>Lets the peer read to a clean end, where the transport can end one direction alone; reading goes on.</summary>
    public void EndWriting()
    {
        if (_wire is NetworkStream network)
        {
            network.Socket.Shutdown(SocketShutdown.Send);
        }
        else if (_wire is DuplexStream duplex)
        {
            duplex.EndWriting();
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _wire.Dispose();
            _send.Dispose();
            _receive.Dispose();
            if (Interlocked.Exchange(ref _isReading, 1) == 0)
            {
                ReleaseInput();
            }
        }

        base.Dispose(disposing);
    }

    private int Seal(ReadOnlySpan<byte> plaintext, Span<byte> destination)
    {
        var used = 0;
        var frameBytes = plaintext.Length <= MaxPlaintextBytes ? plaintext.Length : (plaintext.Length + 1) / 2;
        while (!plaintext.IsEmpty)
        {
            var part = plaintext[..Math.Min(plaintext.Length, frameBytes)];
            BinaryPrimitives.WriteUInt16BigEndian(destination[used..], (ushort)(part.Length + ChaChaPoly.TagLengthBytes));
            _send.Encrypt([], part, destination[(used + LengthBytes)..]);
            used += part.Length + FrameOverheadBytes;
            plaintext = plaintext[part.Length..];
        }

        return used;
    }

    /// <summary>Takes decrypted bytes, or decrypts the next frame; false where more must come first. An empty frame brings nothing.</summary>
    private bool TryTake(Span<byte> destination, out int length)
    {
        while (_plainStart == _plainEnd)
        {
            length = 0;
            if (_end - _start < LengthBytes)
            {
                return false;
            }

            int frame = BinaryPrimitives.ReadUInt16BigEndian(_input.AsSpan(_start));
            if (_end - _start < LengthBytes + frame)
            {
                return false;
            }

            var ciphertext = _input.AsSpan(_start + LengthBytes, frame);
            var plainBytes = frame - ChaChaPoly.TagLengthBytes;
            var fits = plainBytes <= destination.Length;
            if (!_receive.TryDecrypt([], ciphertext, fits ? destination : ciphertext))
            {
                throw new ProtocolViolationException("A Noise frame was altered.");
            }

            (_plainStart, _plainEnd) = fits ? (0, 0) : (_start + LengthBytes, _start + LengthBytes + plainBytes);
            _start += LengthBytes + frame;
            if (fits && plainBytes > 0)
            {
                length = plainBytes;
                return true;
            }
        }

        length = Math.Min(_plainEnd - _plainStart, destination.Length);
        _input.AsSpan(_plainStart, length).CopyTo(destination);
        _plainStart += length;
        return true;
    }

    /// <summary>Reads on; false at a clean end.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> TryFillAsync(CancellationToken cancellationToken)
    {
        if (_start == _end)
        {
            // A read of nothing returns when there is something: until then no buffer is held.
            ReleaseInput();
            await _wire.ReadAsync(Memory<byte>.Empty, cancellationToken).ConfigureAwait(false);
            _input = ArrayPool<byte>.Shared.Rent(InputBytes);
        }
        else if (_start > 0 && _input!.Length - _start < LengthBytes + ushort.MaxValue)
        {
            _input.AsSpan(_start, _end - _start).CopyTo(_input);
            (_start, _end) = (0, _end - _start);
        }

        var read = await _wire.ReadAsync(_input.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        _end += read;
        return read > 0 || (_start == _end ? false : throw new EndOfStreamException("The connection ended within a Noise frame."));
    }

    private void ReleaseInput()
    {
        if (Interlocked.Exchange(ref _input, null) is { } input)
        {
            ArrayPool<byte>.Shared.Return(input);
        }

        (_start, _end, _plainStart, _plainEnd) = (0, 0, 0, 0);
    }
}
