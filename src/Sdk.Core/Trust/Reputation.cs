namespace Sdk.Core.Trust;

/// <summary>The scale of reputation scores, from nobody trusts it to the best.</summary>
public static class Reputation
{
    /// <summary>The lowest score.</summary>
    public const int Min = 0;

    /// <summary>The score of an account of which nothing is known: medium (Mainframe, reward packet routing).</summary>
    public const int Unknown = 500;

    /// <summary>The highest score.</summary>
    public const int Max = 1000;
}
