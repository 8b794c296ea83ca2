using Sdk.Core.Addressing;

namespace Sdk.Core.Tests.Addressing;

/// <summary>A peer that is nothing but its place.</summary>
internal sealed class TestPeer(OverlayAddress address, NetworkGroup group = default) : RoutingPeer(address, group);
