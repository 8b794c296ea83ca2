using System.Buffers;
using System.Runtime.CompilerServices;

namespace Sdk.Core.Networking.Diagnostics;

/// <summary>
/// Answers pings (libp2p <c>specs/ping</c>): echoes 32 bytes at a time until the peer ends its side. Nothing is allocated per ping.
/// Part of every switch: foreign peers close connections on which it is not answered.
/// </summary>
internal sealed class PingProtocol(TimeProvider time) : IProtocol
{
    public const string Name = "/ipfs/ping/1.0.0";

    public const int PayloadBytes = 32;

    /// <summary>A stream on which nobody pings is of no use to anybody. Other implementations ping every 10 to 15 seconds.</summary>
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(60);

    public string Id => Name;

    public async Task HandleAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        using var idle = new CancellationTokenSource(IdleTimeout, time);
        await using var ending = cancellationToken.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), idle).ConfigureAwait(false);
        try
        {
            while (await EchoAsync(stream, idle.Token).ConfigureAwait(false))
            {
                idle.CancelAfter(IdleTimeout);
            }
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new StreamResetException("Nobody pinged on the stream for too long.", error);
        }
    }

    /// <summary>Echoes what has come of whole payloads; false at the end.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<bool> EchoAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        var result = await stream.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
        var whole = result.Buffer.Slice(0, result.Buffer.Length / PayloadBytes * PayloadBytes);
        var isTorn = result.IsCompleted && whole.Length < result.Buffer.Length;
        foreach (var part in whole)
        {
            stream.Output.Write(part.Span);
        }

        stream.Input.AdvanceTo(whole.End, result.Buffer.End);
        if (isTorn)
        {
            throw new ProtocolViolationException("The peer ended its side within a ping.");
        }

        await stream.Output.FlushAsync(cancellationToken).ConfigureAwait(false);
        return !result.IsCompleted;
    }
}
