namespace Sdk.Core.Overlay.Records;

/// <summary>What became of a record that was offered to a node. The numbers travel: they keep their meaning.</summary>
public enum RecordOutcome
{
    /// <summary>The node keeps it now.</summary>
    Stored = 1,

    /// <summary>The node had it already.</summary>
    Known = 2,

    /// <summary>The node knows a newer version of this writer under this key, or that it was deleted.</summary>
    NewerExists = 3,

    /// <summary>The bytes are no record.</summary>
    Malformed = 4,

    /// <summary>It belongs to another network.</summary>
    WrongNetwork = 5,

    /// <summary>The node does not know its kind.</summary>
    UnknownKind = 6,

    /// <summary>The value is longer than its kind allows.</summary>
    TooLarge = 7,

    /// <summary>It lives longer than its kind allows, or it deletes and lives shorter.</summary>
    WrongLifetime = 8,

    /// <summary>Its time is over.</summary>
    Expired = 9,

    /// <summary>It was issued later than now, by more than clocks differ.</summary>
    FromTheFuture = 10,

    /// <summary>The key belongs to another writer.</summary>
    WrongKey = 11,

    /// <summary>Its writer did not sign it.</summary>
    InvalidSignature = 12,

    /// <summary>The kind's validator refused the value.</summary>
    InvalidValue = 13,

    /// <summary>The node keeps as much of this writer as it will.</summary>
    WriterQuota = 14,

    /// <summary>The node keeps as much as it will of what came from this peer.</summary>
    SubmitterQuota = 15,

    /// <summary>The key has as many writers as its kind allows, and this one was not drawn among them.</summary>
    KeyFull = 16,

    /// <summary>The node is full of records that are nearer to it.</summary>
    StoreFull = 17,
}
