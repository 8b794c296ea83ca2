using Sdk.Core.Ledger.Modules.HashLocks;

namespace Sdk.Core.Payments.Transfers;

/// <summary>What the machine wants done. Effects are carried out in their order, and none before the one before it is done.</summary>
internal abstract record TransferEffect
{
    /// <summary>Make the record durable. If that fails, nothing after it may be done.</summary>
    public sealed record Persist(byte[] Record) : TransferEffect;

    /// <summary>Submit an operation, and tell the machine what came of it; it need not be waited for.</summary>
    public sealed record Submit(TransferOperation Operation, HashLockTerms Terms, TransferSecret? Secret) : TransferEffect;

    /// <summary>Tell the other side; it may get lost.</summary>
    public sealed record Tell(byte[] Message) : TransferEffect;

    /// <summary>Nothing is left to do.</summary>
    public sealed record End(TransferOutcome Outcome) : TransferEffect;
}
