using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Sdk.Core.Networking.Pubsub;

/// <summary>Whether messages are signed (libp2p <c>specs/pubsub</c>, "Message Signing"). All nodes of a topic must agree.</summary>
public enum PubsubSignaturePolicy
{
    /// <summary>Every message names its publisher and is signed; others are rejected.</summary>
    StrictSign = 0,

    /// <summary>No message names its publisher or is signed; those that do are rejected.</summary>
    StrictNoSign = 1,
}

/// <summary>What a validator says of a message.</summary>
public enum PubsubVerdict
{
    /// <summary>It is delivered and passed on.</summary>
    Accept = 0,

    /// <summary>It is dropped, and whoever sent it loses standing: only for messages that every honest node would reject.</summary>
    Reject = 1,

    /// <summary>It is dropped, and nobody is blamed.</summary>
    Ignore = 2,
}

/// <summary>How <see cref="Gossipsub"/> is set up. Read once, when it is made.</summary>
public sealed class PubsubOptions
{
    /// <summary>Whether messages are signed.</summary>
    /// <value>Default: <see cref="PubsubSignaturePolicy.StrictSign"/>.</value>
    public PubsubSignaturePolicy SignaturePolicy { get; set; } = PubsubSignaturePolicy.StrictSign;

    /// <summary>
    /// What tells one message from another; all nodes of a topic must agree. 1 to 256 bytes. Asked of every message that arrives, before its
    /// signature is verified, and under a lock: it must be pure and quick, and must not throw.
    /// </summary>
    /// <value>Default: publisher and sequence number, or SHA-256 of the data where messages are not signed.</value>
    public Func<PubsubMessage, byte[]>? MessageId { get; set; }

    /// <summary>The largest RPC sent or accepted; a message fits with 1 KiB to spare.</summary>
    /// <value>Default: 1 MiB, as other implementations have it.</value>
    public int MaxRpcBytes { get; set; } = 1024 * 1024;

    /// <summary>Messages that a subscription holds until they are read; when one more comes the oldest is dropped and counted.</summary>
    /// <value>Default: 1024.</value>
    public int SubscriptionCapacity { get; set; } = 1024;

    /// <summary>Whether a node's own messages come to its own subscriptions too.</summary>
    /// <value>Default: no.</value>
    public bool DeliversOwn { get; set; }

    /// <summary>Whether own messages go to every subscriber that is connected rather than to the mesh only.</summary>
    /// <value>Default: yes.</value>
    public bool FloodsOwn { get; set; } = true;

    /// <summary>Messages that wait for one peer. When that many wait, forwarded ones are dropped for this peer and publishers wait.</summary>
    /// <value>Default: 512; also bounded to twice <see cref="MaxRpcBytes"/>.</value>
    public int MaxQueuedMessagesPerPeer { get; set; } = 512;

    /// <summary>Topics that one peer may subscribe to; further ones are ignored.</summary>
    /// <value>Default: 512.</value>
    public int MaxTopicsPerPeer { get; set; } = 512;

    /// <summary>How long a message is remembered by its id so that it is delivered once; also how much later than a newer one it may come.</summary>
    /// <value>Default: 120 s.</value>
    public TimeSpan SeenLifetime { get; set; } = TimeSpan.FromSeconds(120);

    /// <summary>
    /// Whether signed messages are ignored that are older, by their publisher's sequence number, than one whose <see cref="SeenLifetime"/> is
    /// over: without this anybody who kept them can bring them back. <c>specs/pubsub</c> asks for numbers that rise, and so do this suite,
    /// go-libp2p, and js-libp2p in the version that is tested against.
    /// </summary>
    /// <value>Default: yes. Say no where publishers draw their numbers at random, as older js-libp2p and rust-libp2p do.</value>
    public bool IgnoresReplays { get; set; } = true;

    /// <summary>The rhythm of the mesh: upkeep, gossip, decay of scores.</summary>
    /// <value>Default: 1 s.</value>
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Validators that may be at work at once; a message that comes when all are is ignored.</summary>
    /// <value>Default: 256.</value>
    public int MaxConcurrentValidations { get; set; } = 256;

    /// <summary>
    /// Whether pubsub takes part over connections that a relay limits too (<see cref="Connection.Limit"/>). What all subscribers say would use
    /// up in minutes what the relay grants, and is meant for the way to a direct connection.
    /// </summary>
    /// <value>Default: no, as other implementations have it. A peer that is reached otherwise as well is spoken to there.</value>
    public bool UsesLimitedConnections { get; set; }

    /// <summary>The clock.</summary>
    /// <value>Default: the system's; a node gives its own.</value>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Where logs go.</summary>
    /// <value>Default: nowhere; a node gives its own.</value>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(TimeProvider);
        ArgumentNullException.ThrowIfNull(LoggerFactory);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRpcBytes, 64 * 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(SubscriptionCapacity, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxQueuedMessagesPerPeer, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxTopicsPerPeer, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxConcurrentValidations, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(SeenLifetime, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(HeartbeatInterval, TimeSpan.Zero);
    }
}
