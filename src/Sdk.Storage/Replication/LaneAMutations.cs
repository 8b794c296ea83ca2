namespace Sdk.Storage.Replication;

/// <summary>
/// Faults that tests switch on to prove that the simulation's checkers can fail. Production passes <see cref="None"/>.
/// </summary>
[Flags]
internal enum LaneAMutations
{
    None = 0,

    /// <summary>The writer takes ⌊N/2⌋ + 1 answers for a quorum.</summary>
    SimpleMajority = 1,

    /// <summary>A member acknowledges what is only in its log's unsynced tail.</summary>
    AckBeforeSync = 2,

    /// <summary>A member accepts writes of sessions below its fence.</summary>
    NoFence = 4,

    /// <summary>The writer takes an adopted head that a quorum reports for committed, without an entry of its own.</summary>
    CountAdopted = 8,
}
