using System.Buffers;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Sdk.Core.Networking.Diagnostics;

/// <summary>
/// Measures round trips to one peer, again and again on one stream (libp2p <c>specs/ping</c>): see <see cref="Connection.OpenPingAsync"/>.
/// One ping at a time; a ping allocates nothing. Once a ping has failed, so do all later ones.
/// </summary>
public sealed class PingSession : IAsyncDisposable
{
    /// <summary>How long an answer may take.</summary>
    internal static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly PeerStream _stream;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _timeout;
    private readonly byte[] _sent = new byte[PingProtocol.PayloadBytes];
    private int _isBusy;

    internal PingSession(PeerStream stream, TimeProvider time)
    {
        (_stream, _time) = (stream, time);
        _timeout = new CancellationTokenSource(System.Threading.Timeout.InfiniteTimeSpan, time);
    }

    /// <summary>Sends 32 random bytes and waits until the peer has sent them back, ten seconds at most.</summary>
    /// <returns>The round trip, with what both sides' queues add to it.</returns>
    /// <exception cref="StreamResetException">The peer did not answer in time, or the stream or connection has ended.</exception>
    /// <exception cref="ProtocolViolationException">The peer sent back something else.</exception>
    /// <exception cref="InvalidOperationException">A ping is under way.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Interlocked.Exchange(ref _isBusy, 1) != 0)
        {
            throw new InvalidOperationException("A ping is under way on this session.");
        }

        try
        {
            _timeout.CancelAfter(Timeout);
            using var cancelling = cancellationToken.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), _timeout);
            RandomNumberGenerator.Fill(_sent);
            var start = _time.GetTimestamp();
            _stream.Output.Write(_sent);
            await _stream.Output.FlushAsync(_timeout.Token).ConfigureAwait(false);
            while (!await ReceiveAsync().ConfigureAwait(false))
            {
            }

            var elapsed = _time.GetElapsedTime(start);
            _timeout.CancelAfter(System.Threading.Timeout.InfiniteTimeSpan);
            return elapsed;
        }
        catch (OperationCanceledException error) when (_timeout.IsCancellationRequested)
        {
            _stream.Reset();
            cancellationToken.ThrowIfCancellationRequested();
            throw new StreamResetException("The peer did not answer a ping in time.", error);
        }
        catch (Exception error)
        {
            _stream.Reset(error);
            throw;
        }
        finally
        {
            Volatile.Write(ref _isBusy, 0);
        }
    }

    /// <summary>Ends the stream.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync().ConfigureAwait(false);
        _timeout.Dispose();
    }

    /// <summary>Whether the whole echo has come, and is the right one.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> ReceiveAsync()
    {
        var result = await _stream.Input.ReadAsync(_timeout.Token).ConfigureAwait(false);
        var length = result.Buffer.Length;
        if (length < PingProtocol.PayloadBytes)
        {
            _stream.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            return result.IsCompleted ? throw new ProtocolViolationException("The peer ended a ping before it answered.") : false;
        }

        var isEcho = length == PingProtocol.PayloadBytes && IsEcho(result.Buffer);
        _stream.Input.AdvanceTo(result.Buffer.End);
        return isEcho ? true : throw new ProtocolViolationException("The peer answered a ping with other bytes.");
    }

    private bool IsEcho(ReadOnlySequence<byte> buffer)
    {
        Span<byte> received = stackalloc byte[PingProtocol.PayloadBytes];
        buffer.CopyTo(received);
        return received.SequenceEqual(_sent);
    }
}
