namespace Sdk.Storage.Replication;

/// <summary>Sizes of a copy group of N = 3f + 1 (or more) members of which f may lie: two quorums share an honest member.</summary>
internal static class Quorum
{
    /// <summary>The smallest group that survives a fault.</summary>
    public const int MinMembers = 4;

    /// <summary>Above this, a write's N copies and N acknowledgements cost more than they add.</summary>
    public const int MaxMembers = 32;

    /// <summary>⌊2N/3⌋ + 1 members, more than two thirds.</summary>
    public static int Size(int members) => (2 * members / 3) + 1;

    /// <summary>Members that may lie or be gone: fewer than a third.</summary>
    public static int MaxFaulty(int members) => (members - 1) / 3;
}
