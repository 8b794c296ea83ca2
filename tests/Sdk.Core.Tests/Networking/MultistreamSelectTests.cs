using System.Text;
using Sdk.Core.Networking;

namespace Sdk.Core.Tests.Networking;

public class MultistreamSelectTests
{
    private static readonly byte[] Header = [19, .. "/multistream/1.0.0\n"u8];

    [Fact]
    public async Task Header_and_proposal_leave_together_and_the_next_layers_bytes_stay_unread()
    {
        var (near, far) = DuplexStream.CreatePair(4096);
        var proposing = MultistreamSelect.ProposeAsync(near, "/a/1", default);
        var sent = new byte[Header.Length + 6];
        await far.ReadExactlyAsync(sent);
        Assert.Equal([.. Header, 5, .. "/a/1\n"u8], sent);

        await far.WriteAsync((byte[])[.. sent, .. "next"u8]);
        Assert.True(await proposing);
        var next = new byte[4];
        await near.ReadExactlyAsync(next);
        Assert.Equal("next", Encoding.ASCII.GetString(next));
    }

    [Fact]
    public async Task A_proposal_that_nobody_handles_is_answered_na_and_the_next_one_counts()
    {
        var (near, far) = DuplexStream.CreatePair(4096);
        var answering = MultistreamSelect.AnswerAsync(far, name => name == "/b/1" ? name : null, default);
        await near.WriteAsync((byte[])[.. Header, 5, .. "/a/1\n"u8, 5, .. "/b/1\n"u8]);
        Assert.Equal("/b/1", await answering);
        var answer = new byte[Header.Length + 4 + 6];
        await near.ReadExactlyAsync(answer);
        Assert.Equal([.. Header, 3, .. "na\n"u8, 5, .. "/b/1\n"u8], answer);
    }

    [Fact]
    public async Task A_refused_proposal_is_a_value()
    {
        var (near, far) = DuplexStream.CreatePair(4096);
        await far.WriteAsync((byte[])[.. Header, 3, .. "na\n"u8]);
        Assert.False(await MultistreamSelect.ProposeAsync(near, "/a/1", default));
    }

    [Theory]
    [InlineData("474554202f20485454502f312e310d0a")]
    [InlineData("00")]
    [InlineData("ff7f")]
    [InlineData("8000")]
    [InlineData("022f61")]
    public async Task Bytes_that_are_no_multistream_are_a_violation(string hex)
    {
        var (near, far) = DuplexStream.CreatePair(4096);
        await near.WriteAsync(Convert.FromHexString(hex));
        near.Dispose();
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await MultistreamSelect.AnswerAsync(far, name => name, default));
    }

    [Fact]
    public async Task Proposals_without_end_are_a_violation()
    {
        var (near, far) = DuplexStream.CreatePair(65536);
        await near.WriteAsync(Header.Concat(Enumerable.Repeat<byte[]>([5, .. "/a/1\n"u8], 100).SelectMany(b => b)).ToArray());
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await MultistreamSelect.AnswerAsync<string>(far, _ => null, default));
    }
}
