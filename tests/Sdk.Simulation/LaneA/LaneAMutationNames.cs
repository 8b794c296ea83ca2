using Sdk.Storage.Replication;

namespace Sdk.Simulation.LaneA;

/// <summary>The deliberate bugs of lane A by the names that <c>--mutation</c> takes.</summary>
internal static class LaneAMutationNames
{
    public const string SimpleMajority = "simple-majority";
    public const string AckBeforeSync = "ack-before-sync";
    public const string SyncOrder = "sync-order";
    public const string NoFence = "no-fence";
    public const string CountAdopted = "count-adopted";

    public static IReadOnlyList<string> All { get; } = [SimpleMajority, AckBeforeSync, SyncOrder, NoFence, CountAdopted];

    /// <summary>Flags for the core; the order of syncs is the harness's own business.</summary>
    public static LaneAMutations CoreFlags(string? name) => name switch
    {
        SimpleMajority => LaneAMutations.SimpleMajority,
        AckBeforeSync => LaneAMutations.AckBeforeSync,
        NoFence => LaneAMutations.NoFence,
        CountAdopted => LaneAMutations.CountAdopted,
        _ => LaneAMutations.None,
    };
}
