namespace Sdk.ReferenceNode;

/// <summary>What the process answers to the shell.</summary>
internal static class ExitCodes
{
    public const int Success = 0;
    public const int Failure = 1;
    public const int Usage = 2;

    /// <summary>128 + SIGINT, as shells count.</summary>
    public const int Interrupted = 130;
}
