using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger;

/// <summary>Where a ledger stands.</summary>
/// <param name="Number">The newest block.</param>
/// <param name="Hash">Its hash.</param>
/// <param name="Time">Its time; contracts see it in whole seconds.</param>
/// <param name="FinalNumber">The newest block that cannot be taken back.</param>
public readonly record struct LedgerHead(ulong Number, Hash256 Hash, DateTimeOffset Time, ulong FinalNumber);
