using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;

namespace Sdk.Core.Payments;

/// <summary>One half of a transfer: what is locked on one ledger, by whom and for whom.</summary>
/// <param name="ChainId">The ledger.</param>
/// <param name="Contract">Its contract of hash locks.</param>
/// <param name="Token">What is locked; the zero address for the native coin.</param>
/// <param name="Amount">How much, in its smallest unit; more than nothing.</param>
/// <param name="Sender">Who locks, and is paid back where the transfer does not come about.</param>
/// <param name="Recipient">
/// Who is paid; <see cref="Ledger.Modules.HashLocks.HashLocksContract.Burn"/> where coins of a side chain are to vanish while those that they
/// stand for are paid on the other ledger.
/// </param>
public sealed record TransferLeg(
    ulong ChainId, AccountAddress Contract, AccountAddress Token, TokenAmount Amount, AccountAddress Sender, AccountAddress Recipient);
