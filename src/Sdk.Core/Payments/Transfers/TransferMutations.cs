namespace Sdk.Core.Payments.Transfers;

/// <summary>Faults that tests switch on to prove that the simulation's checkers can fail. Production passes <see cref="None"/>.</summary>
[Flags]
internal enum TransferMutations
{
    None = 0,

    /// <summary>The responder takes any deadlines.</summary>
    NoTimingCheck = 1,

    /// <summary>What is in a block counts as final.</summary>
    NoFinality = 2,

    /// <summary>The initiator shows the secret until the deadline itself.</summary>
    LateClaim = 4,

    /// <summary>The first lock is submitted before secret and terms are durable.</summary>
    LockBeforePersist = 8,

    /// <summary>A claim or refund is submitted once.</summary>
    NoResubmit = 16,

    /// <summary>Nobody acts in the other side's place.</summary>
    NoHelp = 32,

    /// <summary>The responder takes the other side's word for what is exchanged.</summary>
    NoTermsCheck = 64,

    /// <summary>The responder claims although it was paid back.</summary>
    TakeBoth = 128,

    /// <summary>The responder locks however late it is.</summary>
    LateLock = 256,

    /// <summary>Ledgers' clocks are taken for right.</summary>
    NoClockCheck = 512,
}
