namespace Sdk.Core.Discovery;

/// <summary>What a price is for, and with it what capacities and quantities are counted in.</summary>
public enum ServiceUnit
{
    /// <summary>A GiB kept for 30 days. Quantities are GiB kept at once; time counts.</summary>
    GibibyteMonth = 1,

    /// <summary>A MiB carried. Quantities are MiB during the whole agreement; its length costs nothing.</summary>
    Mebibyte = 2,

    /// <summary>One place for a second. Quantities are places used at once; time counts.</summary>
    Second = 3,

    /// <summary>One place for an hour. Quantities are places used at once; time counts.</summary>
    Hour = 4,

    /// <summary>One piece: a packet, a request, a document. Quantities are pieces during the whole agreement; its length costs nothing.</summary>
    Piece = 5,
}
