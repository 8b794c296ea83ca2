using System.IO.Pipelines;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Sdk.Core.Networking;

namespace Sdk.Core.Tests.Networking;

public class ProtobufFrameTests
{
    [Fact]
    public async Task Messages_read_back_one_by_one_and_then_the_end()
    {
        var pipe = new Pipe();
        ProtobufFrame.Write(pipe.Writer, new StringValue { Value = "one" });
        ProtobufFrame.Write(pipe.Writer, new StringValue());
        ProtobufFrame.Write(pipe.Writer, new StringValue { Value = new string('x', 300) });
        await pipe.Writer.CompleteAsync();
        Assert.Equal("one", (await ProtobufFrame.ReadAsync(pipe.Reader, StringValue.Parser, 1000))!.Value);
        Assert.Equal("", (await ProtobufFrame.ReadAsync(pipe.Reader, StringValue.Parser, 1000))!.Value);
        Assert.Equal(300, (await ProtobufFrame.ReadAsync(pipe.Reader, StringValue.Parser, 1000))!.Value.Length);
        Assert.Null(await ProtobufFrame.ReadAsync(pipe.Reader, StringValue.Parser, 1000));
    }

    [Fact]
    public async Task A_length_over_the_limit_is_refused_before_the_message_arrives_or_memory_is_taken()
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(new byte[] { 0xE9, 0x07 }); // 1001, and not a byte of it
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await ProtobufFrame.ReadAsync(pipe.Reader, StringValue.Parser, 1000));

        var huge = new Pipe();
        await huge.Writer.WriteAsync(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F });
        var before = GC.GetAllocatedBytesForCurrentThread();
        var read = ProtobufFrame.ReadAsync(huge.Reader, StringValue.Parser, int.MaxValue);
        Assert.True(read.IsFaulted);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await read);
    }

    [Theory]
    [InlineData("05aabb")]
    [InlineData("80")]
    [InlineData("8000")]
    [InlineData("03aabbcc")]
    public async Task A_truncated_or_malformed_message_is_a_violation(string hex)
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(Convert.FromHexString(hex));
        await pipe.Writer.CompleteAsync();
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await ProtobufFrame.ReadAsync(pipe.Reader, StringValue.Parser, 1000));
    }

    [Fact]
    public async Task A_message_of_far_more_parts_than_its_length_explains_is_refused_before_it_is_parsed()
    {
        // Two bytes each on the wire, some hundred in memory.
        var many = new ListValue();
        many.Values.AddRange(Enumerable.Repeat(new Value(), 100_000));
        var deep = new Struct { Fields = { ["x"] = new Value { ListValue = many } } };
        foreach (var (message, isRefused) in new (IMessage, bool)[] { (many, true), (deep, true), (new ListValue { Values = { new Value(), new Value() } }, false) })
        {
            var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
            ProtobufFrame.Write(pipe.Writer, message);
            await pipe.Writer.CompleteAsync();
            async Task ReadAsync()
            {
                _ = message is ListValue
                    ? (object?)await ProtobufFrame.ReadAsync(pipe.Reader, ListValue.Parser, 1_000_000)
                    : await ProtobufFrame.ReadAsync(pipe.Reader, Struct.Parser, 1_000_000);
            }

            var failure = await Record.ExceptionAsync(ReadAsync);
            Assert.Equal(isRefused, failure is ProtocolViolationException);
        }
    }

    [Fact]
    public void Groups_are_refused_before_the_parser_goes_down_into_them()
    {
        // Ninety-nine openings of groups, one in the other: the parser's own refusal would come through as many calls.
        byte[] nested = [.. Enumerable.Repeat((byte)0x73, 99)];
        byte[] cut = [0x12, 0x7F, .. nested];
        Assert.Throws<ProtocolViolationException>(() => ProtobufFrame.ParseBody(BytesValue.Parser, nested));
        Assert.Throws<ProtocolViolationException>(() => ProtobufFrame.ParseBody(Option.Parser, cut));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ProtocolViolationException>(() => ProtobufFrame.ParseBody(BytesValue.Parser, nested));
        Assert.Throws<ProtocolViolationException>(() => ProtobufFrame.ParseBody(Option.Parser, cut));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 32 * 1024);
    }

    [Fact]
    public void The_same_message_of_a_choice_twice_is_refused_since_many_would_cost_the_square_of_their_number()
    {
        // A list in a choice: each further one makes the parser copy all those before it.
        byte[] once = [0x32, 0x02, 0x0A, 0x00];
        Assert.Single(ProtobufFrame.ParseBody(Value.Parser, once).ListValue.Values);
        byte[] twice = [.. once, .. once];
        Assert.Throws<ProtocolViolationException>(() => ProtobufFrame.ParseBody(Value.Parser, twice));
        byte[] deep = [0x0A, (byte)twice.Length, .. twice];
        Assert.Throws<ProtocolViolationException>(() => ProtobufFrame.ParseBody(ListValue.Parser, deep));
        byte[] list = [0x0A, (byte)once.Length, .. once, 0x0A, (byte)once.Length, .. once];
        Assert.Equal(2, ProtobufFrame.ParseBody(ListValue.Parser, list).Values.Count);
    }

    [Fact]
    public async Task A_message_larger_than_the_streams_window_arrives_whole()
    {
        await using var pair = await SwitchPair.StartAsync("memory");
        var arrived = new TaskCompletionSource<ByteString>();
        pair.Listener.Register(new Handler("/test/large/1", async (stream, token) =>
            arrived.SetResult((await ProtobufFrame.ReadAsync(stream.Input, BytesValue.Parser, 4_000_000, token))!.Value)));
        var connection = await pair.Dialer.DialAsync(pair.Address);
        await using var stream = await connection.OpenStreamAsync("/test/large/1");
        var payload = new byte[3_000_000];
        new Random(1).NextBytes(payload);

        ProtobufFrame.Write(stream.Output, new BytesValue { Value = ByteString.CopyFrom(payload) });
        await stream.Output.FlushAsync();

        Assert.Equal(payload, (await arrived.Task.WaitAsync(TimeSpan.FromSeconds(30))).ToByteArray());
    }
}
