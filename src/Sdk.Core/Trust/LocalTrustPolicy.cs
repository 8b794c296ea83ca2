using System.Collections.Concurrent;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Trust;

/// <summary>Lists that the node's owner keeps: accounts that are blocked, and scores of accounts that are known. Kept in memory. Thread-safe.</summary>
public sealed class LocalTrustPolicy : ITrustPolicy
{
    private readonly ConcurrentDictionary<AccountAddress, byte> _blocked = new();
    private readonly ConcurrentDictionary<AccountAddress, int> _scores = new();

    /// <summary>No more dealings with the account.</summary>
    public void Block(AccountAddress account) => _blocked[account] = 0;

    /// <summary>Dealings with the account again.</summary>
    public void Unblock(AccountAddress account) => _blocked.TryRemove(account, out _);

    /// <summary>Sets an account's score.</summary>
    /// <param name="account">The account.</param>
    /// <param name="score"><see cref="Reputation.Min"/> to <see cref="Reputation.Max"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The score is not on the scale.</exception>
    public void SetScore(AccountAddress account, int score)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(score, Reputation.Min);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(score, Reputation.Max);
        _scores[account] = score;
    }

    /// <inheritdoc/>
    public ValueTask<TrustVerdict> JudgeAsync(AccountAddress account, CancellationToken cancellationToken = default) =>
        new(new TrustVerdict(_blocked.ContainsKey(account), _scores.GetValueOrDefault(account, Reputation.Unknown)));
}
