namespace Sdk.Core.Trust;

/// <summary>What this node thinks of an account.</summary>
/// <param name="IsBlocked">Whether it has no dealings with the account at all.</param>
/// <param name="Score">The account's reputation, <see cref="Reputation.Min"/> to <see cref="Reputation.Max"/>.</param>
public readonly record struct TrustVerdict(bool IsBlocked, int Score);
