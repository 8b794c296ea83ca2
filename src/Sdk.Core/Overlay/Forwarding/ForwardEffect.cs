namespace Sdk.Core.Overlay.Forwarding;

/// <summary>What follows from a call to a <see cref="PacketForwarder{TPeer}"/>.</summary>
internal enum ForwardEffectKind
{
    /// <summary>A packet waits for the peer: <see cref="PacketForwarder{TPeer}.TryTakePacket"/> has it.</summary>
    Wake,

    /// <summary>The packet is for this node; <see cref="PacketForwarder{TPeer}.Delivered"/> is to be called when it was handled.</summary>
    Deliver,

    /// <summary>This node's own packet has its outcome.</summary>
    Settled,
}

/// <summary>An effect, with what it is about.</summary>
internal readonly record struct ForwardEffect<TPeer>(ForwardEffectKind Kind, TPeer? Peer, RoutedPacket? Packet, RouteOutcome Outcome);
