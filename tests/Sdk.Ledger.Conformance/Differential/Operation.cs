using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;

namespace Sdk.Ledger.Conformance.Differential;

/// <summary>One step of a random run: a call in a block of its own.</summary>
/// <param name="Sender">Who calls.</param>
/// <param name="Call">The call.</param>
/// <param name="AdvanceSeconds">Chain time from the block before, at least 1.</param>
/// <param name="IsQuery">Whether it is only asked: then the sender may be the zero address, who signs nothing.</param>
internal readonly record struct Operation(AccountAddress Sender, LedgerCall Call, ulong AdvanceSeconds = 1, bool IsQuery = false);
