using System.Buffers.Binary;
using System.Security.Cryptography;
using Sdk.Core.Addressing;
using Sdk.Core.Networking;
using Sdk.Core.Overlay.Forwarding;

namespace Sdk.Core.Overlay;

/// <summary>Messages that travel hop by hop.</summary>
public sealed partial class OverlayNetwork
{
    /// <summary>The longest message that is routed, in bytes.</summary>
    public const int MaxRoutedBytes = RoutedPacket.MaxPayloadBytes;

    private readonly RouteStreams _routes;

    /// <summary>
    /// Sends a message to whoever stands nearest to an address, from node to node, each nearer than the one before. It names no sender; those
    /// who carry it can read it. Whether it arrives is not told: the receiver may answer.
    /// </summary>
    /// <param name="target">Any address.</param>
    /// <param name="kind">Who takes it at the other end (<see cref="HandleRouted"/>): 1 to 32 of <c>a-z</c>, <c>0-9</c> and <c>-</c>.</param>
    /// <param name="payload">At most <see cref="MaxRoutedBytes"/>; copied.</param>
    /// <param name="cancellationToken">Stops waiting; the message may travel all the same.</param>
    /// <returns>What the next node said, after others were tried while it was busy.</returns>
    /// <exception cref="ArgumentException">The kind is no such name, or the payload is longer.</exception>
    public ValueTask<RouteOutcome> RouteAsync(
        OverlayAddress target, string kind, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken = default) =>
        RouteAsync(AddressPrefix.Create(target, AddressPrefix.LengthBitsMax), isToAll: false, kind, payload, cancellationToken);

    /// <summary>
    /// Sends a message to everybody whose address begins with a prefix, this node too if it is one of them: to some of them first, who pass it on to
    /// each other. The rest is as for a single address.
    /// </summary>
    /// <param name="target">Under which there are not too many nodes: <see cref="RouteOutcome.TooWide"/>.</param>
    /// <param name="kind">Who takes it at the other end (<see cref="HandleRouted"/>): 1 to 32 of <c>a-z</c>, <c>0-9</c> and <c>-</c>.</param>
    /// <param name="payload">At most <see cref="MaxRoutedBytes"/>; copied.</param>
    /// <param name="cancellationToken">Stops waiting; the message may travel all the same.</param>
    /// <returns>What the next node said, after others were tried while it was busy.</returns>
    /// <exception cref="ArgumentException">The kind is no such name, or the payload is longer.</exception>
    public ValueTask<RouteOutcome> RouteAsync(
        AddressPrefix target, string kind, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken = default) =>
        RouteAsync(target, isToAll: true, kind, payload, cancellationToken);

    /// <summary>
    /// Takes the messages of a kind that are for this node, several at a time. While handlers are at work on 256, more are refused as busy. What a
    /// handler throws is logged.
    /// </summary>
    /// <param name="kind">1 to 32 of <c>a-z</c>, <c>0-9</c> and <c>-</c>.</param>
    /// <param name="handler">Its token is cancelled when this node leaves the overlay.</param>
    /// <returns>Disposing it ends that.</returns>
    /// <exception cref="ArgumentException">The kind is no such name.</exception>
    /// <exception cref="InvalidOperationException">The kind has a handler.</exception>
    public IDisposable HandleRouted(string kind, Func<RoutedMessage, CancellationToken, ValueTask> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        CheckKind(kind);
        return _routes.Handle(kind, handler);
    }

    private ValueTask<RouteOutcome> RouteAsync(
        AddressPrefix target, bool isToAll, string kind, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        CheckKind(kind);
        if (payload.Length > MaxRoutedBytes)
        {
            throw new ArgumentException($"A routed message has at most {MaxRoutedBytes} bytes, not {payload.Length}.", nameof(payload));
        }

        Span<byte> id = stackalloc byte[16];
        RandomNumberGenerator.Fill(id);
        var packet = new RoutedPacket(BinaryPrimitives.ReadUInt128BigEndian(id), target, isToAll, RoutedPacket.MaxHops, kind, payload.ToArray());
        return _routes.SendAsync(packet, cancellationToken);
    }

    private static void CheckKind(string kind)
    {
        ArgumentNullException.ThrowIfNull(kind);
        if (!RoutedPacket.IsKind(kind))
        {
            throw new ArgumentException($"'{kind}' does not name a kind of messages: 1 to {RoutedPacket.MaxKindLength} of a-z, 0-9 and '-'.", nameof(kind));
        }
    }

    private async Task ServeRoutedAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopped);
        await _routes.ReceiveAsync(stream, either.Token).ConfigureAwait(false);
    }

    private sealed class RouteProtocol(OverlayNetwork overlay) : IProtocol
    {
        public string Id => RouteWire.Protocol;

        public Task HandleAsync(PeerStream stream, CancellationToken cancellationToken)
        {
            var serving = overlay.ServeRoutedAsync(stream, cancellationToken);
            lock (overlay._gate)
            {
                overlay.Track(serving);
            }

            return serving;
        }
    }
}
