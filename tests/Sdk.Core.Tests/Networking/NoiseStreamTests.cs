using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Security;

namespace Sdk.Core.Tests.Networking;

public class NoiseStreamTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private static readonly byte[] There = RandomNumberGenerator.GetBytes(32);
    private static readonly byte[] Back = RandomNumberGenerator.GetBytes(32);

    [Theory]
    [InlineData(1)]
    [InlineData(12)]
    [InlineData(1000)]
    [InlineData(65_519)]
    [InlineData(65_520)]
    [InlineData(65_536)]
    [InlineData(1_000_000)]
    public async Task What_is_written_at_one_end_is_read_at_the_other_in_pieces_of_any_size(int bytes)
    {
        foreach (var piece in new[] { 12, 4096, 65_536, 200_000 })
        {
            var (near, far) = Pair();
            await using (near)
            await using (far)
            {
                var sent = RandomNumberGenerator.GetBytes(bytes);
                var writing = near.WriteAsync(sent).AsTask();
                var received = new byte[bytes];
                for (var at = 0; at < bytes;)
                {
                    at += await far.ReadAsync(received.AsMemory(at, Math.Min(piece, bytes - at))).AsTask().WaitAsync(Limit);
                }

                await writing.WaitAsync(Limit);
                Assert.Equal(sent, received);
            }
        }
    }

    [Fact]
    public async Task The_largest_frame_and_empty_ones_are_read()
    {
        var (wire, stream) = Single();
        await using (stream)
        {
            var largest = RandomNumberGenerator.GetBytes(NoiseStream.MaxPlaintextBytes);
            using var cipher = new NoiseCipherState(Back);
            _ = wire.WriteAsync((byte[])[.. Frame(cipher, []), .. Frame(cipher, []), .. Frame(cipher, largest), .. Frame(cipher, [1, 2])]).AsTask();
            var received = new byte[largest.Length + 2];
            await stream.ReadExactlyAsync(received).AsTask().WaitAsync(Limit);
            Assert.Equal([.. largest, 1, 2], received);
        }
    }

    [Fact]
    public async Task The_end_between_frames_is_an_end_and_within_one_an_error()
    {
        foreach (var isWhole in new[] { true, false })
        {
            var (wire, stream) = Single();
            await using (stream)
            {
                using var cipher = new NoiseCipherState(Back);
                await wire.WriteAsync(Frame(cipher, [1]));
                if (!isWhole)
                {
                    await wire.WriteAsync(Frame(cipher, [2]).AsMemory(..5));
                }

                await wire.DisposeAsync();
                Assert.Equal(1, await stream.ReadAsync(new byte[10]));
                if (isWhole)
                {
                    Assert.Equal(0, await stream.ReadAsync(new byte[10]));
                }
                else
                {
                    await Assert.ThrowsAsync<EndOfStreamException>(() => ReadAsync(stream));
                }
            }
        }
    }

    [Theory]
    [InlineData("flipped")]
    [InlineData("short")]
    [InlineData("repeated")]
    [InlineData("left out")]
    public async Task A_frame_that_was_altered_repeated_or_left_out_is_a_violation(string fault)
    {
        var (wire, stream) = Single();
        await using (stream)
        {
            using var cipher = new NoiseCipherState(Back);
            var first = Frame(cipher, [1, 2, 3]);
            var second = Frame(cipher, [4, 5, 6]);
            await wire.WriteAsync(fault switch
            {
                "flipped" => [.. first, .. second[..^1], (byte)(second[^1] ^ 1)],
                "short" => [.. first, 0, 15, .. new byte[15]],
                "repeated" => [.. first, .. first],
                _ => (byte[])[.. first, .. Frame(cipher, [7])],
            });
            Assert.Equal(3, await stream.ReadAsync(new byte[10]));
            await Assert.ThrowsAsync<ProtocolViolationException>(() => ReadAsync(stream));
        }
    }

    [Fact]
    public async Task A_connection_whose_keys_are_used_up_sends_and_reads_no_more()
    {
        var (near, far) = DuplexStream.CreatePair(1 << 20);
        await using var sender = new NoiseStream(near, new NoiseCipherState(There, ulong.MaxValue - 1), new NoiseCipherState(Back));
        await using var receiver = new NoiseStream(far, new NoiseCipherState(Back), new NoiseCipherState(There, ulong.MaxValue - 1));
        await sender.WriteAsync(new byte[5]);
        Assert.Equal(5, await receiver.ReadAsync(new byte[10]));
        await Assert.ThrowsAsync<IOException>(async () => await sender.WriteAsync(new byte[5]));
        await near.WriteAsync((byte[])[0, 17, .. new byte[17]]);
        await Assert.ThrowsAsync<IOException>(() => ReadAsync(receiver));
    }

    [Fact]
    public async Task A_read_that_waits_is_ended_by_disposing_and_none_begins_afterwards()
    {
        var (near, far) = Pair();
        await using (far)
        {
            var reading = near.ReadAsync(new byte[10]).AsTask();
            await near.DisposeAsync();
            await Assert.ThrowsAnyAsync<IOException>(() => reading.WaitAsync(Limit));
            await Assert.ThrowsAsync<ObjectDisposedException>(() => ReadAsync(near));
            await Assert.ThrowsAnyAsync<ObjectDisposedException>(async () => await near.WriteAsync(new byte[10]));
        }
    }

    [Fact]
    public async Task A_second_read_beside_one_that_waits_is_a_mistake()
    {
        var (near, far) = Pair();
        await using (near)
        await using (far)
        {
            var reading = near.ReadAsync(new byte[10]).AsTask();
            await Assert.ThrowsAsync<InvalidOperationException>(() => ReadAsync(near));
            await far.WriteAsync(new byte[3]);
            Assert.Equal(3, await reading.WaitAsync(Limit));
        }
    }

    [Fact]
    public async Task Ending_one_direction_leaves_the_other_over_a_socket()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndpoint);
        var server = await listener.AcceptSocketAsync();
        await using var near = new NoiseStream(new NetworkStream(client, true), new NoiseCipherState(There), new NoiseCipherState(Back));
        await using var far = new NoiseStream(new NetworkStream(server, true), new NoiseCipherState(Back), new NoiseCipherState(There));
        await near.WriteAsync(new byte[7]);
        near.EndWriting();
        Assert.Equal(7, await far.ReadAsync(new byte[10]).AsTask().WaitAsync(Limit));
        Assert.Equal(0, await far.ReadAsync(new byte[10]).AsTask().WaitAsync(Limit));
        await far.WriteAsync(new byte[3]);
        Assert.Equal(3, await near.ReadAsync(new byte[10]).AsTask().WaitAsync(Limit));
    }

    [Fact]
    public async Task Sending_and_receiving_allocate_nothing_once_they_run()
    {
        using var wire = new Loop();
        await using var stream = new NoiseStream(wire, new NoiseCipherState(There), new NoiseCipherState(There));
        byte[] sent = new byte[64 * 1024], received = new byte[64 * 1024];
        async Task TurnAsync(int turns)
        {
            for (var i = 0; i < turns; i++)
            {
                await stream.WriteAsync(sent);
                for (var at = 0; at < received.Length;)
                {
                    at += await stream.ReadAsync(received.AsMemory(at));
                }
            }
        }

        await TurnAsync(20);
        var before = GC.GetAllocatedBytesForCurrentThread();
        await TurnAsync(100);

        // The test's own state machine, no more: every call here completes at once, on this thread.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000);
    }

    private static Task<int> ReadAsync(NoiseStream stream) => stream.ReadAsync(new byte[10]).AsTask().WaitAsync(Limit);

    private static byte[] Frame(NoiseCipherState cipher, byte[] plaintext)
    {
        var frame = new byte[2 + plaintext.Length + ChaChaPoly.TagLengthBytes];
        BinaryPrimitives.WriteUInt16BigEndian(frame, (ushort)(frame.Length - 2));
        cipher.Encrypt([], plaintext, frame.AsSpan(2));
        return frame;
    }

    private static (NoiseStream Near, NoiseStream Far) Pair()
    {
        var (near, far) = DuplexStream.CreatePair(1 << 20);
        return (new NoiseStream(near, new NoiseCipherState(There), new NoiseCipherState(Back)),
            new NoiseStream(far, new NoiseCipherState(Back), new NoiseCipherState(There)));
    }

    /// <summary>A Noise stream and the bare other end of its wire.</summary>
    private static (Stream Wire, NoiseStream Stream) Single()
    {
        var (near, far) = DuplexStream.CreatePair(1 << 20);
        return (near, new NoiseStream(far, new NoiseCipherState(There), new NoiseCipherState(Back)));
    }

    /// <summary>Reads give back what was written, at once and without allocating.</summary>
    private sealed class Loop : MemoryStream
    {
        private int _readAt;

        public Loop()
            : base(1 << 20)
        {
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var length = Math.Min(buffer.Length, (int)Length - _readAt);
            GetBuffer().AsSpan(_readAt, length).CopyTo(buffer.Span);
            _readAt += length;
            if (_readAt == Length)
            {
                SetLength(0);
                _readAt = 0;
            }

            return new ValueTask<int>(length);
        }
    }
}
