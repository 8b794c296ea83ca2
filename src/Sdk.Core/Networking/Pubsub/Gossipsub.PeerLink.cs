using Sdk.Core.Networking.Muxing;

namespace Sdk.Core.Networking.Pubsub;

/// <summary>What is known of one peer's connections and streams.</summary>
public sealed partial class Gossipsub
{
    /// <summary>A peer with its connections and the two streams that are used. Under the gate, but for <see cref="Work"/> and <see cref="IsBroken"/>.</summary>
    private sealed class PeerLink
    {
        private volatile bool _isBroken;

        public List<Connection> Connections { get; } = [];

        /// <summary>As the router knows it; null while it does not.</summary>
        public GossipPeer? Peer { get; set; }

        public PeerStream? Inbound { get; set; }

        public PeerStream? Outbound { get; set; }

        /// <summary>Something waits to be sent, or the stream is broken, or all is over.</summary>
        public Signal Work { get; } = new();

        public Task Run { get; set; } = Task.CompletedTask;

        public bool IsRunning { get; set; }

        /// <summary>A connection or a stream of the peer came since the loop last began.</summary>
        public bool IsAsked { get; set; }

        /// <summary>A stream to the peer was open since the router knows it.</summary>
        public bool HasSent { get; set; }

        public bool IsBroken
        {
            get => _isBroken;
            set => _isBroken = value;
        }
    }
}
