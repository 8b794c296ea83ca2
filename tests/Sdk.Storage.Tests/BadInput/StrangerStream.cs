using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Storage.Replication;

namespace Sdk.Storage.Tests.BadInput;

/// <summary>A lane A stream to a member, in the hands of somebody with a valid connection and bad intentions.</summary>
internal sealed class StrangerStream(Node stranger, PeerStream stream, Hash256 group) : IAsyncDisposable
{
    /// <summary>Ends a test that waits for what never comes.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly GrantCache _grants = new();

    public static async Task<StrangerStream> OpenAsync(Multiaddr member, Hash256 group)
    {
        var stranger = await Node.StartAsync(NodeOptions.Local());
        var connection = await stranger.Switch.DialAsync(member);
        return new StrangerStream(stranger, await connection.OpenStreamAsync(SliceLogProtocol.ProtocolId), group);
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await stream.Output.WriteAsync(bytes);

    public async Task SendAsync(SliceMessage message)
    {
        SliceLogWire.WriteFrame(stream.Output, group, message);
        foreach (var part in SliceLogWire.BodyOf(message))
        {
            await stream.Output.WriteAsync(part.Memory);
        }

        await stream.Output.FlushAsync();
    }

    public async Task<T> ReceiveAsync<T>()
        where T : SliceMessage
    {
        var read = await SliceLogWire.ReadAsync(stream.Input, _grants, CancellationToken.None).AsTask().WaitAsync(Patience);
        return Assert.IsType<T>(read?.Message);
    }

    /// <summary>The member says nothing more on this stream, and says so.</summary>
    public async Task AssertIsResetAsync() =>
        await Assert.ThrowsAsync<StreamResetException>(() => stream.Input.ReadAsync().AsTask().WaitAsync(Patience));

    public async ValueTask DisposeAsync()
    {
        stream.Reset();
        await stranger.DisposeAsync();
    }
}
