namespace Sdk.Core.Networking.Pubsub;

/// <summary>What a peer sent and should not have, for counts and logs.</summary>
internal enum PubsubFault
{
    /// <summary>A message without the proof that the signature policy asks for, or with one that it forbids.</summary>
    Policy,

    /// <summary>A message whose signature is wrong.</summary>
    Forged,

    /// <summary>A message that the topic's validator rejects.</summary>
    Rejected,

    /// <summary>A message that is older than what its publisher has long said. Nobody is blamed: whoever passes it on may be new here.</summary>
    Replayed,

    /// <summary>What is no RPC, or too large a one.</summary>
    Garbage,

    /// <summary>A GRAFT within the backoff that a PRUNE asked for.</summary>
    Backoff,

    /// <summary>IHAVE without end.</summary>
    Announcements,

    /// <summary>A message was announced, asked for, and did not come.</summary>
    Promise,

    /// <summary>Nothing that is sent to the peer is taken.</summary>
    Deaf,
}
