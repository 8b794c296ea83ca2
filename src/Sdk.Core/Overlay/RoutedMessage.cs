using Sdk.Core.Addressing;

namespace Sdk.Core.Overlay;

/// <summary>
/// A message that came through the overlay. Nothing tells who sent it, and whoever carried it may have read or changed it: what it says must
/// prove itself, and secrets in it must be sealed.
/// </summary>
public sealed class RoutedMessage
{
    internal RoutedMessage(AddressPrefix target, bool isToAll, ReadOnlyMemory<byte> payload) => (Target, IsToAll, Payload) = (target, isToAll, payload);

    /// <summary>Where it was sent: a prefix, or a whole address (256 bits) to which no node is nearer than this one, as far as it knows.</summary>
    public AddressPrefix Target { get; }

    /// <summary>Whether it was sent to everybody under <see cref="Target"/>.</summary>
    public bool IsToAll { get; }

    /// <summary>What it says, at most <see cref="OverlayNetwork.MaxRoutedBytes"/>. It may be kept.</summary>
    public ReadOnlyMemory<byte> Payload { get; }
}
