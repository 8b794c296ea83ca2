using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Sdk.Core.Networking.Muxing;

namespace Sdk.Core.Networking.Diagnostics;

/// <summary>What a <see cref="PerfProtocol"/> gives to whoever asks.</summary>
public sealed class PerfOptions
{
    /// <summary>Bytes that one stream may ask for, and bytes that it may upload.</summary>
    /// <value>Default: 4 GiB.</value>
    public long MaxBytes { get; set; } = 4L << 30;

    /// <summary>Measurements under way, of all peers; further ones are refused.</summary>
    /// <value>Default: 4.</value>
    public int MaxStreams { get; set; } = 4;

    /// <summary>How long one measurement may take.</summary>
    /// <value>Default: 2 minutes.</value>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>The clock.</summary>
    /// <value>Default: the system's.</value>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(TimeProvider);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxStreams, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Timeout, TimeSpan.Zero);
    }
}

/// <summary>How fast bytes went.</summary>
/// <param name="UploadBytes">Bytes sent.</param>
/// <param name="UploadTime">From the first byte sent until the peer had read the last and answered: a round trip is in it.</param>
/// <param name="DownloadBytes">Bytes received.</param>
/// <param name="DownloadTime">From the first byte received to the last.</param>
public sealed record PerfResult(long UploadBytes, TimeSpan UploadTime, long DownloadBytes, TimeSpan DownloadTime)
{
    /// <summary>Bytes per second sent; 0 where nothing was.</summary>
    public double UploadBytesPerSecond => UploadBytes == 0 ? 0 : UploadBytes / UploadTime.TotalSeconds;

    /// <summary>Bytes per second received; 0 where nothing was.</summary>
    public double DownloadBytesPerSecond => DownloadBytes == 0 ? 0 : DownloadBytes / DownloadTime.TotalSeconds;
}

/// <summary>
/// Measures throughput (libp2p <c>specs/perf</c>, <c>/perf/1.0.0</c>): the client says how many bytes it wants, uploads, and ends its side; the
/// server then sends that many. Eight bytes can ask for gigabytes, so a node answers only if it is told to: register an instance with
/// <see cref="Switch.Register"/>. Nothing is allocated per block.
/// </summary>
public sealed class PerfProtocol : IProtocol
{
    /// <summary>The protocol's name.</summary>
    public const string Name = "/perf/1.0.0";

    private const int RequestBytes = sizeof(ulong);
    private const int BlockBytes = YamuxLimits.MaxFrameBytes - YamuxHeader.Bytes;

    private readonly PerfOptions _options;
    private int _streams;

    /// <summary>A server within the options' limits.</summary>
    public PerfProtocol(PerfOptions? options = null)
    {
        _options = options ?? new PerfOptions();
        _options.Validate();
    }

    /// <inheritdoc/>
    public string Id => Name;

    /// <summary>Uploads and downloads over a connection whose peer answers the protocol.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="uploadBytes">Bytes to send.</param>
    /// <param name="downloadBytes">Bytes to ask for.</param>
    /// <param name="cancellationToken">Ends the measurement.</param>
    /// <exception cref="PeerRefusedException">The peer does not answer the protocol.</exception>
    /// <exception cref="StreamResetException">The peer's limits are exceeded, or the connection has ended.</exception>
    /// <exception cref="ProtocolViolationException">The peer sent more or less than was asked for.</exception>
    public static async ValueTask<PerfResult> MeasureAsync(
        Connection connection, long uploadBytes, long downloadBytes, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentOutOfRangeException.ThrowIfNegative(uploadBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(downloadBytes);
        var time = connection.TimeProvider;
        var stream = await connection.OpenStreamAsync(Name, cancellationToken).ConfigureAwait(false);
        try
        {
            var start = time.GetTimestamp();
            BinaryPrimitives.WriteInt64BigEndian(stream.Output.GetSpan(RequestBytes), downloadBytes);
            stream.Output.Advance(RequestBytes);
            await SendAsync(stream.Output, uploadBytes, cancellationToken).ConfigureAwait(false);
            await stream.CloseWriteAsync().ConfigureAwait(false);

            var (received, isEnd) = await DropAsync(stream.Input, cancellationToken).ConfigureAwait(false);
            var turn = time.GetTimestamp();
            while (!isEnd && received <= downloadBytes)
            {
                (var more, isEnd) = await DropAsync(stream.Input, cancellationToken).ConfigureAwait(false);
                received += more;
            }

            var end = time.GetTimestamp();
            await stream.DisposeAsync().ConfigureAwait(false);
            return received == downloadBytes
                ? new PerfResult(uploadBytes, time.GetElapsedTime(start, turn), downloadBytes, time.GetElapsedTime(turn, end))
                : throw new ProtocolViolationException($"The peer sent {received} bytes of the {downloadBytes} asked for.");
        }
        catch (Exception error)
        {
            stream.Reset(error);
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task HandleAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stream);
        try
        {
            if (Interlocked.Increment(ref _streams) > _options.MaxStreams)
            {
                throw new PeerRefusedException("All measurements that may run are under way.");
            }

            using var timeout = new CancellationTokenSource(_options.Timeout, _options.TimeProvider);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            await ServeAsync(stream, either.Token).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _streams);
        }
    }

    private async Task ServeAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        var asked = await ReadRequestAsync(stream.Input, cancellationToken).ConfigureAwait(false);
        if (asked > (ulong)_options.MaxBytes)
        {
            throw new PeerRefusedException($"A measurement may ask for {_options.MaxBytes} bytes.");
        }

        var uploaded = 0L;
        for (var isEnd = false; !isEnd;)
        {
            (var more, isEnd) = await DropAsync(stream.Input, cancellationToken).ConfigureAwait(false);
            uploaded += more;
            if (uploaded > _options.MaxBytes)
            {
                throw new PeerRefusedException($"A measurement may upload {_options.MaxBytes} bytes.");
            }
        }

        await SendAsync(stream.Output, (long)asked, cancellationToken).ConfigureAwait(false);
    }

    private static async ValueTask<ulong> ReadRequestAsync(PipeReader input, CancellationToken cancellationToken)
    {
        var result = await input.ReadAtLeastAsync(RequestBytes, cancellationToken).ConfigureAwait(false);
        if (result.Buffer.Length < RequestBytes)
        {
            throw new ProtocolViolationException("The peer does not say how many bytes it wants.");
        }

        var asked = ReadRequest(result.Buffer);
        input.AdvanceTo(result.Buffer.GetPosition(RequestBytes));
        return asked;
    }

    private static ulong ReadRequest(ReadOnlySequence<byte> buffer)
    {
        Span<byte> request = stackalloc byte[RequestBytes];
        buffer.Slice(0, RequestBytes).CopyTo(request);
        return BinaryPrimitives.ReadUInt64BigEndian(request);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<(long Bytes, bool IsEnd)> DropAsync(PipeReader input, CancellationToken cancellationToken)
    {
        var result = await input.ReadAsync(cancellationToken).ConfigureAwait(false);
        var bytes = result.Buffer.Length;
        input.AdvanceTo(result.Buffer.End);
        return (bytes, result.IsCompleted);
    }

    private static async ValueTask SendAsync(PipeWriter output, long bytes, CancellationToken cancellationToken)
    {
        do
        {
            if (bytes > 0)
            {
                // Buffers come from a pool: what others left in them is not the peer's to see.
                var block = output.GetMemory((int)Math.Min(bytes, BlockBytes));
                block = block[..(int)Math.Min(bytes, block.Length)];
                block.Span.Clear();
                output.Advance(block.Length);
                bytes -= block.Length;
            }

            await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        while (bytes > 0);
    }
}
