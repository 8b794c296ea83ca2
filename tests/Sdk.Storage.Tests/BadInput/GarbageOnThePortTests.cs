using System.Security.Cryptography;
using Sdk.Core.Networking;

namespace Sdk.Storage.Tests.BadInput;

/// <summary>Strangers that do not even speak the language.</summary>
public sealed class GarbageOnThePortTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Garbage_on_a_members_port_is_hung_up_on_and_the_disk_goes_on()
    {
        await using var served = await ServedDisk.StartAsync();
        await Task.WhenAll(
            served.WriteAsync(1 << 20, 1 << 20),
            Task.WhenAll(Enumerable.Range(0, 20).Select(_ => AssertIsHungUpOnAsync(served.Network.Members[0], RandomNumberGenerator.GetBytes(100_000)))));
        await served.AssertGoesOnWithAsync(0);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: example.org\r\nUser-Agent: a browser that has lost its way\r\n\r\n")]
    [InlineData("\u0013/multistream/1.0.0\n\u000d/secio/1.0.0\n\u0013/multistream/9.9.9\n\u0000\u0000")]
    [InlineData("\u0013/multistream/1.0.0\n\u000b/tls/1.0.0\nthis is no client hello at all")]
    public async Task What_begins_like_another_protocol_is_hung_up_on(string opening)
    {
        await using var network = await TestNetwork.StartAsync(1);
        await AssertIsHungUpOnAsync(network.Members[0], System.Text.Encoding.ASCII.GetBytes(opening));
    }

    [Fact]
    public async Task Half_a_handshake_that_never_goes_on_keeps_nobody_else_waiting()
    {
        await using var served = await ServedDisk.StartAsync();
        byte[] half = [.. "\u0013/multistream/1.0.0\n\u000b/tls/1.0.0\n"u8, 22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, 7, 7, 7];
        var halves = new List<Stream>();
        for (var i = 0; i < 30; i++)
        {
            halves.Add(await ConnectAsync(served.Network.Members[0]));
            await halves[i].WriteAsync(half);
        }

        await served.AssertGoesOnWithAsync(0);
        halves.ForEach(stream => stream.Dispose());
    }

    private static async Task AssertIsHungUpOnAsync(Multiaddr member, byte[] bytes)
    {
        await using var stream = await ConnectAsync(member);
        try
        {
            await stream.WriteAsync(bytes);
            await stream.CopyToAsync(Stream.Null).WaitAsync(Patience);
        }
        catch (IOException)
        {
            // Hung up on with bytes still unread: the host resets the connection.
        }
    }

    private static async Task<Stream> ConnectAsync(Multiaddr member) => (await new TcpTransport().DialAsync(member)).Stream;
}
