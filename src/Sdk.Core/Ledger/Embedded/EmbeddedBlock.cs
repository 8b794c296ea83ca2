using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Embedded;

/// <summary>A block of an embedded ledger, with what came of each operation that was offered to it.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Timestamp">Its time, in seconds since 1970: never earlier than the block before it.</param>
/// <param name="Hash">Keccak-256 of the hash before it, its number, its time and the hashes of its operations.</param>
/// <param name="Outcomes">One for each operation offered, in their order.</param>
/// <param name="Events">What contracts told, in order.</param>
internal sealed record EmbeddedBlock(
    ulong Number, ulong Timestamp, Hash256 Hash, IReadOnlyList<OperationOutcome> Outcomes, IReadOnlyList<LedgerEvent> Events)
{
    /// <summary>The operations that are in the block.</summary>
    public IEnumerable<LedgerOperation> Included => Outcomes.Where(outcome => outcome.IsIncluded).Select(outcome => outcome.Operation);
}
