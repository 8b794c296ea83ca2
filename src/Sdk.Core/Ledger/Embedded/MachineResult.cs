using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Embedded;

/// <summary>What came of a call.</summary>
/// <param name="IsDone">Whether it did not revert.</param>
/// <param name="Returned">What it returned, or reverted with.</param>
/// <param name="Events">What contracts told; nothing where it reverted.</param>
internal readonly record struct MachineResult(bool IsDone, byte[] Returned, IReadOnlyList<(AccountAddress Contract, Hash256[] Topics, byte[] Data)> Events);
