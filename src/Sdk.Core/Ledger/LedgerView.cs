namespace Sdk.Core.Ledger;

/// <summary>Which state of a ledger is asked.</summary>
public enum LedgerView
{
    /// <summary>After the newest block; a reorganisation can still change it.</summary>
    Latest = 0,

    /// <summary>After the newest block that is final.</summary>
    Final = 1,
}
