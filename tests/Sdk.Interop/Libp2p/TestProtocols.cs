using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Threading.Channels;
using Sdk.Core;
using Sdk.Core.Networking;

namespace Sdk.Interop.Libp2p;

/// <summary>The test protocols, both roles; <c>js/traffic.mjs</c> is the other side's twin and says what each is for.</summary>
internal sealed class TestProtocols
{
    public const string Echo = "/interop/echo/1.0.0";
    public const string Digest = "/interop/digest/1.0.0";
    public const string Source = "/interop/source/1.0.0";
    public const string Refuse = "/interop/refuse/1.0.0";
    public const string Hold = "/interop/hold/1.0.0";

    private const int ChunkBytes = 64 * 1024;
    private readonly Channel<Exception?> _held = Channel.CreateUnbounded<Exception?>();

    /// <summary>How streams that were held ended: null for a clean end.</summary>
    public ChannelReader<Exception?> Held => _held.Reader;

    public void RegisterAt(Switch node)
    {
        node.Register(new Handler(Echo, async (stream, token) => await stream.Input.CopyToAsync(stream.Output, token)));
        node.Register(new Handler(Digest, async (stream, token) =>
        {
            var (count, hash) = await HashToEndAsync(stream.Input);
            var answer = new byte[sizeof(ulong) + SHA256.HashSizeInBytes];
            BinaryPrimitives.WriteInt64BigEndian(answer, count);
            hash.CopyTo(answer, sizeof(ulong));
            await stream.Output.WriteAsync(answer, token);
        }));
        node.Register(new Handler(Source, async (stream, token) =>
        {
            var wanted = BinaryPrimitives.ReadInt64BigEndian(await ReadToEndAsync(stream.Input));
            await stream.Output.WriteAsync(await WriteRandomAsync(stream.Output, wanted), token);
        }));
        node.Register(new Handler(Refuse, async (stream, token) =>
        {
            await stream.Input.ReadAsync(token);
            stream.Reset();
        }));
        node.Register(new Handler(Hold, async (stream, token) =>
        {
            try
            {
                var first = await stream.Input.ReadAsync(token);
                await stream.Output.WriteAsync(first.Buffer.ToArray(), token);
                stream.Input.AdvanceTo(first.Buffer.End);
                await ReadToEndAsync(stream.Input);
                await _held.Writer.WriteAsync(null, token);
            }
            catch (SdkException error)
            {
                await _held.Writer.WriteAsync(error, CancellationToken.None);
            }
        }));
    }

    /// <summary>Sends random bytes, ends the writing direction, and only then reads the peer's count and hash of them.</summary>
    public static async Task<(byte[] Sent, long Count, byte[] Received)> UploadAsync(Connection connection, long bytes)
    {
        await using var stream = await connection.OpenStreamAsync(Digest);
        var sent = await WriteRandomAsync(stream.Output, bytes);
        await stream.CloseWriteAsync();
        var answer = await ReadToEndAsync(stream.Input).WaitAsync(JsPeer.Limit);
        return (sent, BinaryPrimitives.ReadInt64BigEndian(answer), answer[sizeof(ulong)..]);
    }

    /// <summary>Asks for random bytes, ends the writing direction, and reads them and the peer's hash of them.</summary>
    public static async Task<(byte[] Sent, long Count, byte[] Received)> DownloadAsync(Connection connection, long bytes)
    {
        await using var stream = await connection.OpenStreamAsync(Source);
        var wanted = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteInt64BigEndian(wanted, bytes);
        await stream.Output.WriteAsync(wanted);
        await stream.CloseWriteAsync();

        // The last bytes are the hash, and where they begin is known only because it was asked for.
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var tail = new MemoryStream();
        long count = 0;
        await foreach (var chunk in ReadAsync(stream.Input))
        {
            var body = (int)Math.Clamp(bytes - count, 0, chunk.Length);
            hash.AppendData(chunk.Span[..body]);
            tail.Write(chunk.Span[body..]);
            count += chunk.Length;
        }

        return (tail.ToArray(), count - tail.Length, hash.GetHashAndReset());
    }

    /// <summary>Whether as many random bytes come back as they were.</summary>
    public static async Task<bool> EchoesAsync(Connection connection, int bytes)
    {
        await using var stream = await connection.OpenStreamAsync(Echo);
        var echo = HashToEndAsync(stream.Input);
        var sent = await WriteRandomAsync(stream.Output, bytes);
        await stream.CloseWriteAsync();
        var (count, received) = await echo.WaitAsync(JsPeer.Limit);
        return count == bytes && sent.SequenceEqual(received);
    }

    public static async Task<byte[]> ReadToEndAsync(PipeReader reader)
    {
        using var all = new MemoryStream();
        await reader.CopyToAsync(all);
        return all.ToArray();
    }

    /// <summary>Reads exactly as many bytes and leaves the rest.</summary>
    public static async Task<byte[]> ReadExactlyAsync(PipeReader reader, int bytes)
    {
        var read = await reader.ReadAtLeastAsync(bytes);
        var taken = read.Buffer.Slice(0, bytes);
        var result = taken.ToArray();
        reader.AdvanceTo(taken.End);
        return result;
    }

    private static async Task<byte[]> WriteRandomAsync(PipeWriter writer, long bytes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var left = bytes; left > 0;)
        {
            var chunk = writer.GetMemory((int)Math.Min(ChunkBytes, left));
            chunk = chunk[..(int)Math.Min(chunk.Length, left)];
            RandomNumberGenerator.Fill(chunk.Span);
            hash.AppendData(chunk.Span);
            writer.Advance(chunk.Length);
            await writer.FlushAsync();
            left -= chunk.Length;
        }

        return hash.GetHashAndReset();
    }

    private static async Task<(long Count, byte[] Hash)> HashToEndAsync(PipeReader reader)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long count = 0;
        await foreach (var chunk in ReadAsync(reader))
        {
            hash.AppendData(chunk.Span);
            count += chunk.Length;
        }

        return (count, hash.GetHashAndReset());
    }

    // A chunk is valid until the next one is asked for.
    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(PipeReader reader)
    {
        while (true)
        {
            var result = await reader.ReadAsync();
            foreach (var segment in result.Buffer)
            {
                yield return segment;
            }

            reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                yield break;
            }
        }
    }

    private sealed class Handler(string id, Func<PeerStream, CancellationToken, Task> handle) : IProtocol
    {
        public string Id => id;

        public Task HandleAsync(PeerStream stream, CancellationToken cancellationToken) => handle(stream, cancellationToken);
    }
}
