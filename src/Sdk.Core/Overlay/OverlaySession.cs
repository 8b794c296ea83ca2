using System.IO.Pipelines;
using System.Threading.Channels;
using Sdk.Core.Networking;
using Sdk.Core.Overlay.Routing;

namespace Sdk.Core.Overlay;

/// <summary>One stream with a peer of the overlay. A peer has several where both sides dialled at once: any of them is read, the first is written.</summary>
internal sealed class OverlaySession(PeerStream stream)
{
    /// <summary>Streams of one peer: one each way, and as many while they take each other's place.</summary>
    private const int MaxPerPeer = 4;

    /// <summary>What one flush carries at most beyond a frame, so that no pipe holds all that waits for a peer that does not read.</summary>
    private const int FlushBytes = 64 * 1024;

    /// <summary>Frames that wait for a peer that does not read; beyond, its stream is reset.</summary>
    private const int MaxWaiting = 1024;

    private readonly Channel<SendEffect> _waiting = Channel.CreateBounded<SendEffect>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });

    public Connection Connection => stream.Connection;

    public PipeReader Input => stream.Input;

    /// <summary>This side has ended it.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Hands a message to the peer's stream. Under the overlay's gate.</summary>
    public static void Send(SendEffect effect)
    {
        if (effect.Peer.Link is List<OverlaySession> { Count: > 0 } sessions && !sessions[0]._waiting.Writer.TryWrite(effect))
        {
            sessions[0].End();
        }
    }

    /// <summary>Ends all streams with a peer. Under the overlay's gate.</summary>
    public static void EndAll(OverlayPeer peer)
    {
        if (peer.Link is List<OverlaySession> sessions)
        {
            peer.Link = null;
            foreach (var session in sessions)
            {
                session.End();
            }
        }
    }

    /// <summary>The stream is one of the peer's from now on; false where it has enough. Under the overlay's gate.</summary>
    public bool TryAttach(OverlayPeer peer)
    {
        if (peer.Link is not List<OverlaySession> sessions)
        {
            peer.Link = sessions = [];
        }

        if (sessions.Count >= MaxPerPeer)
        {
            return false;
        }

        sessions.Add(this);
        return true;
    }

    /// <summary>The stream is none of the peer's any more; true where it was the last. Under the overlay's gate.</summary>
    public bool Detach(OverlayPeer peer) => peer.Link is List<OverlaySession> sessions && sessions.Remove(this) && sessions.Count == 0;

    /// <summary>Nothing more is sent or read.</summary>
    public void End()
    {
        HasEnded = true;
        _waiting.Writer.TryComplete();
        stream.Input.CancelPendingRead();
    }

    /// <summary>Sends what waits, many frames to a flush, until the session ends.</summary>
    public async Task SendAllAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await _waiting.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                for (var unflushed = 0; unflushed < FlushBytes && _waiting.Reader.TryRead(out var send);)
                {
                    var frame = OverlayWire.Write(send.Request, send.IsAnswer, send.Message);
                    ProtobufFrame.Write(stream.Output, frame);
                    unflushed += frame.CalculateSize();
                }

                await stream.Output.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is SdkException or OperationCanceledException)
        {
            // Whoever reads the stream notices the same.
            stream.Input.CancelPendingRead();
        }
    }
}
