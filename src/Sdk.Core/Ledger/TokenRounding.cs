namespace Sdk.Core.Ledger;

/// <summary>Where the part of a base unit that a division leaves goes.</summary>
public enum TokenRounding
{
    /// <summary>To the lower whole base unit, as contracts divide: what is paid out never exceeds what is there.</summary>
    Down = 0,

    /// <summary>To the higher whole base unit: what is asked for is never less than it costs.</summary>
    Up = 1,
}
