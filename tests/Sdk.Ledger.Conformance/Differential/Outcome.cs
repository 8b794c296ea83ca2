using Sdk.Core.Cryptography;

namespace Sdk.Ledger.Conformance.Differential;

/// <summary>What came of a call, as bytes that two ledgers must agree on.</summary>
/// <param name="IsDone">Whether it did not revert.</param>
/// <param name="Data">What it reverted with; for a query also what it returned.</param>
/// <param name="Events">What contracts told, in order.</param>
internal sealed record Outcome(bool IsDone, byte[] Data, IReadOnlyList<(AccountAddress Contract, Hash256[] Topics, byte[] Data)> Events)
{
    /// <summary>All of it as text: equal texts, equal outcomes.</summary>
    public override string ToString() =>
        $"{(IsDone ? "done" : "reverted")} 0x{Convert.ToHexStringLower(Data)}"
        + string.Concat(Events.Select(told => $"\n  {told.Contract} [{string.Join(' ', told.Topics)}] 0x{Convert.ToHexStringLower(told.Data)}"));
}
