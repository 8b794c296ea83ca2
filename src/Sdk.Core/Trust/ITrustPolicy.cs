using Sdk.Core.Cryptography;

namespace Sdk.Core.Trust;

/// <summary>
/// Judges accounts before this node deals with them: whom it serves, at what price, and from whom it buys. By default local lists
/// (<see cref="LocalTrustPolicy"/>). Implementations are safe for many threads.
/// </summary>
public interface ITrustPolicy
{
    /// <summary>What this node thinks of the account now. Asked often: answers come from memory, or within a short limit of time.</summary>
    /// <param name="account">The account.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<TrustVerdict> JudgeAsync(AccountAddress account, CancellationToken cancellationToken = default);
}
