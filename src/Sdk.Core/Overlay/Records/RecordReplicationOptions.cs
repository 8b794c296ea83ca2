namespace Sdk.Core.Overlay.Records;

/// <summary>The numbers by which records live on while nodes come and go.</summary>
internal sealed record RecordReplicationOptions
{
    /// <summary>Nodes that keep a record: the nearest to its key.</summary>
    public int Holders { get; init; } = 16;

    /// <summary>How often a writer puts its records again, and a holder passes on what nobody did.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Holders wait up to so much longer, each its own time: the first one spares the others the work.</summary>
    public TimeSpan Jitter { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>A holder passes a record on after so long whatever others seem to do, so that nobody keeps it from doing so by pretending.</summary>
    public TimeSpan Longest { get; init; } = TimeSpan.FromHours(4);

    /// <summary>Records that are looked at when a node arrives, those nearest to this node first.</summary>
    public int ArrivalMax { get; init; } = 1024;

    /// <summary>Records passed on at a time.</summary>
    public int DueMax { get; init; } = 256;

    /// <summary>Own records put again at a time: each is a lookup.</summary>
    public int OwnDueMax { get; init; } = 32;

    /// <summary>Own records that are put again by themselves.</summary>
    public int OwnMax { get; init; } = 1024;
}
