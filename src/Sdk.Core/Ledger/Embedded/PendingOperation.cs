using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Embedded;

/// <summary>An operation on its way into a block: signed already, or to be signed with a key at hand when its nonce is known.</summary>
internal sealed class PendingOperation
{
    private readonly TaskCompletionSource<(OperationOutcome Outcome, EmbeddedBlock Block)> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public PendingOperation(LedgerOperation signed) => (Signed, Sender) = (signed, signed.Sender);

    public PendingOperation(LedgerCall call, KeyPair signer) => (Call, Signer, Sender) = (call, signer, signer.Address);

    public AccountAddress Sender { get; }

    public LedgerCall Call { get; }

    public KeyPair? Signer { get; }

    public LedgerOperation? Signed { get; set; }

    /// <summary>At least what the operation takes in the log.</summary>
    public int LengthBytes => Signed?.Encoded.Length ?? (Call.Data.Length + 256);

    /// <summary>What came of it, when that is durable.</summary>
    public Task<(OperationOutcome Outcome, EmbeddedBlock Block)> Done => _done.Task;

    public void Finish(OperationOutcome outcome, EmbeddedBlock block) => _done.TrySetResult((outcome, block));

    public void Fail(Exception reason) => _done.TrySetException(reason);
}
