using System.Net;
using System.Text;
using Sdk.Core.Ledger.Ethereum;
using Sdk.Core.Tests.Networking;

namespace Sdk.Core.Tests.Ledger.Ethereum;

public sealed class JsonRpcClientTests : IDisposable
{
    private const int AnswerBytesMax = 10_000;
    private static readonly JsonRpcRequest Question = new("test", "a", 1, null);
    private readonly ManualTimeProvider _clock = new();
    private readonly ScriptedNode _node = new();
    private readonly JsonRpcClient _client;

    public JsonRpcClientTests() => _client = new JsonRpcClient(new Uri("http://127.0.0.1:1"), AnswerBytesMax, TimeSpan.FromSeconds(5), _clock, _node);

    public void Dispose()
    {
        _client.Dispose();
        _node.Dispose();
    }

    [Fact]
    public async Task A_call_is_what_the_specification_says_and_its_result_comes_back()
    {
        var sent = "";
        Answer(body =>
        {
            sent = body;
            return """{"jsonrpc":"2.0","id":1,"result":"0x5"}""";
        });
        Assert.Equal("0x5", (await _client.CallAsync(Question, default)).Result.GetString());
        Assert.Equal("""{"jsonrpc":"2.0","id":1,"method":"test","params":["a",1,null]}""", sent);
    }

    [Fact]
    public async Task Answers_of_a_batch_may_come_in_any_order()
    {
        Answer(_ => """[{"jsonrpc":"2.0","id":2,"result":"b"},{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"no"}}]""");
        var answers = await _client.CallAsync([Question, Question], default);
        Assert.Equal("no", answers[0].Error!.Message);
        Assert.Equal("b", answers[1].Result.GetString());
    }

    [Fact]
    public async Task A_long_batch_goes_in_several_requests()
    {
        var requests = 0;
        _node.Http = (_, _) =>
        {
            requests++;
            return Task.FromResult<HttpResponseMessage?>(null);
        };
        var answers = await _client.CallAsync([.. Enumerable.Repeat(new JsonRpcRequest("eth_chainId"), 120)], default);
        Assert.Equal(120, answers.Count);
        Assert.All(answers, answer => Assert.Equal("0x7a69", answer.Result.GetString()));
        Assert.Equal(3, requests);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("""{"jsonrpc":"2.0","id":2,"result":1}""")]
    [InlineData("""{"jsonrpc":"2.0","id":"1","result":1}""")]
    [InlineData("""{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"m"}}""")]
    [InlineData("""{"jsonrpc":"2.0","result":1}""")]
    [InlineData("""{"jsonrpc":"1.0","id":1,"result":1}""")]
    [InlineData("""{"id":1,"result":1}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":"m"}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":1,"result":2}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"error":"text"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"error":{"code":"1","message":"m"}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"error":{"code":1}}""")]
    [InlineData("""[{"jsonrpc":"2.0","id":1,"result":1}]""")]
    public Task What_is_no_answer_to_the_call_is_named(string answer) => AssertFailsAsync(answer, LedgerFailure.Untrustworthy);

    [Fact]
    public async Task Depth_has_a_limit()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 100)) + string.Concat(Enumerable.Repeat("]", 100));
        await AssertFailsAsync($$"""{"jsonrpc":"2.0","id":1,"result":{{deep}}}""", LedgerFailure.Untrustworthy);
    }

    [Theory]
    [InlineData("""[{"jsonrpc":"2.0","id":1,"result":1}]""")]
    [InlineData("""[{"jsonrpc":"2.0","id":1,"result":1},{"jsonrpc":"2.0","id":1,"result":1}]""")]
    [InlineData("""[{"jsonrpc":"2.0","id":1,"result":1},{"jsonrpc":"2.0","id":3,"result":1}]""")]
    [InlineData("""[{"jsonrpc":"2.0","id":1,"result":1},{"jsonrpc":"2.0","id":0,"result":1}]""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":1}""")]
    [InlineData("""[1,2]""")]
    public async Task A_batch_is_answered_whole_and_once(string answer)
    {
        Answer(_ => answer);
        var failed = await Assert.ThrowsAsync<LedgerException>(() => _client.CallAsync([Question, Question], default));
        Assert.Equal(LedgerFailure.Untrustworthy, failed.Reason);
    }

    [Theory]
    [InlineData(HttpStatusCode.MovedPermanently)]
    [InlineData(HttpStatusCode.TemporaryRedirect)]
    [InlineData(HttpStatusCode.TooManyRequests)]
    [InlineData(HttpStatusCode.InternalServerError)]
    public async Task A_redirect_or_a_failure_is_not_an_answer(HttpStatusCode status)
    {
        _node.Http = (_, _) =>
        {
            var response = ScriptedNode.Respond("""{"jsonrpc":"2.0","id":1,"result":1}""", status);
            response.Headers.Location = new Uri("http://127.0.0.1:2");
            return Task.FromResult<HttpResponseMessage?>(response);
        };
        Assert.Equal(LedgerFailure.Unreachable, (await Assert.ThrowsAsync<LedgerException>(() => _client.CallAsync(Question, default))).Reason);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_that_is_too_long_is_refused_whether_it_says_so_or_not(bool saysSo)
    {
        var endless = new EndlessStream(saysSo ? 0 : long.MaxValue);
        _node.Http = (_, _) =>
        {
            var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(endless) };
            response.Content.Headers.ContentLength = saysSo ? AnswerBytesMax + 1 : null;
            return Task.FromResult<HttpResponseMessage?>(response);
        };
        Assert.Equal(LedgerFailure.TooLarge, (await Assert.ThrowsAsync<LedgerException>(() => _client.CallAsync(Question, default))).Reason);
        Assert.InRange(endless.Given, 0, 2 * AnswerBytesMax);
    }

    [Fact]
    public async Task The_longest_answer_is_taken()
    {
        const string Frame = """{"jsonrpc":"2.0","id":1,"result":""}""";
        Answer(_ => Frame.Replace("\"\"", $"\"{new string('a', AnswerBytesMax - Frame.Length)}\"", StringComparison.Ordinal));
        Assert.Equal(AnswerBytesMax - Frame.Length, (await _client.CallAsync(Question, default)).Result.GetString()!.Length);
    }

    [Fact]
    public async Task A_node_that_hangs_is_left_after_the_limit()
    {
        _node.Http = async (_, cancellationToken) =>
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return null;
        };
        var asking = _client.CallAsync(Question, default);
        _clock.Advance(TimeSpan.FromSeconds(4));
        Assert.False(asking.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(LedgerFailure.Unreachable, (await Assert.ThrowsAsync<LedgerException>(() => asking)).Reason);
    }

    [Fact]
    public async Task A_caller_who_gives_up_is_not_told_that_the_node_failed()
    {
        _node.Http = async (_, cancellationToken) =>
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return null;
        };
        using var stop = new CancellationTokenSource();
        var asking = _client.CallAsync(Question, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    [Fact]
    public async Task A_connection_that_breaks_is_named()
    {
        _node.Http = (_, _) => Task.FromResult<HttpResponseMessage?>(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new BrokenStream()) });
        Assert.Equal(LedgerFailure.Unreachable, (await Assert.ThrowsAsync<LedgerException>(() => _client.CallAsync(Question, default))).Reason);
        _node.Http = (_, _) => throw new HttpRequestException("refused");
        Assert.Equal(LedgerFailure.Unreachable, (await Assert.ThrowsAsync<LedgerException>(() => _client.CallAsync(Question, default))).Reason);
    }

    [Theory]
    [InlineData("\"0x08c379a0\"", "08c379a0")]
    [InlineData("\"Reverted 0x08c379a0\"", "08c379a0")]
    [InlineData("{\"data\":\"0x08c379a0\",\"txHash\":\"0x00\"}", "08c379a0")]
    [InlineData("\"0x\"", "")]
    [InlineData("\"0x0\"", null)]
    [InlineData("\"0xgg\"", null)]
    [InlineData("\"text\"", null)]
    [InlineData("5", null)]
    [InlineData("null", null)]
    public async Task What_a_contract_reverted_with_is_found_where_nodes_put_it(string data, string? expected)
    {
        Answer(_ => """{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"m","data":""" + data + "}}");
        var error = (await _client.CallAsync(Question, default)).Error!;
        Assert.Equal(expected, error.Data is null ? null : Convert.ToHexStringLower(error.Data));
        Assert.Equal(expected is not null, error.IsRevert);
    }

    [Fact]
    public async Task A_message_is_shortened()
    {
        Answer(_ => """{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":" """ + new string('m', 5000) + "\"}}");
        Assert.Equal(300, (await _client.CallAsync(Question, default)).Error!.Message.Length);
        Answer(_ => """{"jsonrpc":"2.0","id":2,"error":{"code":3,"message":"\ud800"}}""");
        Assert.True((await _client.CallAsync(Question, default)).Error!.IsRevert);
    }

    private void Answer(Func<string, string> answer) => _node.Http = (body, _) => Task.FromResult<HttpResponseMessage?>(ScriptedNode.Respond(answer(body)));

    private async Task AssertFailsAsync(string answer, LedgerFailure reason)
    {
        Answer(_ => answer);
        Assert.Equal(reason, (await Assert.ThrowsAsync<LedgerException>(() => _client.CallAsync(Question, default))).Reason);
    }

    /// <summary>Blanks, as many as are asked for.</summary>
    private sealed class EndlessStream(long length) : Stream
    {
        public long Given { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var given = (int)Math.Min(count, length - Given);
            Encoding.ASCII.GetBytes(new string(' ', given)).CopyTo(buffer, offset);
            Given += given;
            return given;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    private sealed class BrokenStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw new IOException("gone");
    }
}
