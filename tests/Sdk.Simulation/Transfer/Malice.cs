namespace Sdk.Simulation.Transfer;

/// <summary>How a counterpart cheats. Whatever it does, it also claims and takes back what it can, at the worst moment for the other side.</summary>
internal enum Malice
{
    None = 0,

    /// <summary>Locks less than was agreed.</summary>
    WrongAmount,

    /// <summary>Says in its lock that the other half is due on another chain.</summary>
    WrongChain,

    /// <summary>Locks for itself.</summary>
    WrongRecipient,

    /// <summary>Locks until an earlier time than was agreed.</summary>
    WrongDeadline,

    /// <summary>Locks under the hash of another secret.</summary>
    WrongHash,

    /// <summary>Initiator: proposes, and locks, less than was agreed.</summary>
    OtherTerms,

    /// <summary>Initiator: proposes deadlines that are too near to each other.</summary>
    ShortGap,

    /// <summary>Initiator: claims in the last moment.</summary>
    LateClaim,

    /// <summary>Initiator: never claims.</summary>
    NeverClaim,

    /// <summary>Initiator: tells the secret before anything is locked for it.</summary>
    EarlySecret,

    /// <summary>Initiator: never claims, and tells the secret once the other side has its coins back.</summary>
    LateSecret,

    /// <summary>Initiator: locks long after it proposed.</summary>
    SlowLock,

    /// <summary>Responder: locks so late that the initiator may not have the time to claim.</summary>
    LateLock,

    /// <summary>Responder: never locks.</summary>
    NeverLock,

    /// <summary>Does as agreed until it can have more: spends its lock elsewhere in a reorganisation, reads secrets from the mempool.</summary>
    Greed,
}
