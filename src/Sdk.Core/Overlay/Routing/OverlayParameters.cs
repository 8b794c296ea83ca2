using Sdk.Core.Addressing;
using Sdk.Core.Overlay.Forwarding;
using Sdk.Core.Overlay.Lookups;
using Sdk.Core.Overlay.Records;

namespace Sdk.Core.Overlay.Routing;

/// <summary>The numbers of an <see cref="OverlayRouter"/>.</summary>
internal sealed record OverlayParameters
{
    public static OverlayParameters Default { get; } = new();

    public RoutingTableOptions Table { get; init; } = RoutingTableOptions.Default;

    public TopologyOptions Topology { get; init; } = TopologyOptions.Default;

    public ForwardingOptions Forwarding { get; init; } = ForwardingOptions.Default;

    public LookupParameters Lookup { get; init; } = new();

    /// <summary>A question that is not answered by then has failed.</summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>A lookup goes on without who has not answered by then; what comes later still counts.</summary>
    public TimeSpan LookupPatience { get; init; } = TimeSpan.FromSeconds(1.5);

    /// <summary>Contacts of one network group that a lookup goes by: more would be one party's, ground to be near the target.</summary>
    public int LookupContactsPerGroup { get; init; } = 4;

    /// <summary>Nodes named in an answer or a greeting.</summary>
    public int MaxNodes { get; init; } = 16;

    /// <summary>Peers without a place in the table that are served at a time, light ones not counted.</summary>
    public int MaxVisitors { get; init; } = 256;

    /// <summary>Light peers that are served at a time.</summary>
    public int MaxLight { get; init; } = 1024;

    /// <summary>A visitor that asks nothing for so long is let go.</summary>
    public TimeSpan VisitorIdle { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Questions of one peer that are answered in a second, and at once.</summary>
    public (double PerSecond, double Burst) Questions { get; init; } = (200, 400);

    /// <summary>Unknown nodes named by one peer that are verified in a second, and at once: each costs two signatures.</summary>
    public (double PerSecond, double Burst) Namings { get; init; } = (16, 128);

    /// <summary>Records that one peer may bring in a second, and at once: each may cost a signature.</summary>
    public (double PerSecond, double Burst) Stores { get; init; } = (100, 1024);

    /// <summary>The kinds of records that are kept.</summary>
    public RecordKinds Records { get; init; } = RecordKinds.Default;

    /// <summary>How much is kept.</summary>
    public RecordStoreOptions RecordStore { get; init; } = new();

    /// <summary>How records live on.</summary>
    public RecordReplicationOptions Replication { get; init; } = new();

    /// <summary>How often what is kept is looked through: for what has expired, and for what is to be passed on.</summary>
    public TimeSpan RecordUpkeep { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Faults after which a peer is let go, and not heard for <see cref="Ban"/>.</summary>
    public int MaxFaults { get; init; } = 8;

    /// <summary>How long a faulty peer is not heard.</summary>
    public TimeSpan Ban { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Banned addresses that are remembered; beyond, the oldest is forgotten.</summary>
    public int MaxBans { get; init; } = 4096;

    /// <summary>Lookups that upkeep runs at a time.</summary>
    public int UpkeepLookups { get; init; } = 2;

    /// <summary>Paths of a lookup that only fills an empty place: one that is led astray leaves it empty until the next.</summary>
    public int VacancyPaths { get; init; } = 2;

    /// <summary>Empty places of the table for which one round of upkeep looks up nodes.</summary>
    public int VacanciesPerRound { get; init; } = 2;

    /// <summary>
    /// News of a round of upkeep from which on there is likely to be more. Fewer are newcomers that are about to make themselves known: where
    /// nodes join all the time there always are some.
    /// </summary>
    public int ManyNews { get; init; } = 4;

    /// <summary>Nodes that are wanted near an empty place of the table.</summary>
    public int VacancyNodes { get; init; } = 3;

    /// <summary>Upkeep looks around itself this often while that brings news, and up to <see cref="UpkeepMax"/> as long apart while it does not.</summary>
    public TimeSpan UpkeepMin { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>See <see cref="UpkeepMin"/>.</summary>
    public TimeSpan UpkeepMax { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>What a test takes away, to see that it is missed.</summary>
    public OverlayMutations Mutations { get; init; }
}

/// <summary>Faults that a simulation must find.</summary>
[Flags]
internal enum OverlayMutations
{
    None = 0,

    /// <summary>Records are believed as they come.</summary>
    NoVerification = 1,

    /// <summary>Silent peers are never asked whether they live.</summary>
    NoLiveness = 2,

    /// <summary>Nothing is looked up to mend the table.</summary>
    NoUpkeep = 4,
}
