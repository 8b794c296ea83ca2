namespace Sdk.Core.Payments;

/// <summary>Room in a peer's sheet for one service under way, until it is applied or released; used once.</summary>
/// <param name="Slot">Place in the table.</param>
/// <param name="Generation">Which user of that place; the default value is no reservation.</param>
internal readonly record struct Reservation(int Slot, uint Generation);

/// <summary>Why a service may not begin.</summary>
internal enum ReserveResult
{
    /// <summary>It may.</summary>
    Reserved = 0,

    /// <summary>More would be owed than is lent: settle first.</summary>
    Threshold = 1,

    /// <summary>The peer is blocked: beyond its limit, late, or with a bounced cheque.</summary>
    Blocked = 2,

    /// <summary>Too many services are under way.</summary>
    Busy = 3,
}
