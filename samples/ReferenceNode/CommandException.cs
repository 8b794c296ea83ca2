namespace Sdk.ReferenceNode;

/// <summary>Something that the person at the keyboard can put right. Its message is one line and is all that they see.</summary>
internal sealed class CommandException : Exception
{
    public CommandException(string message)
        : base(message)
    {
    }

    public CommandException(string message, Exception cause)
        : base(message, cause)
    {
    }

    public int ExitCode { get; init; } = ExitCodes.Failure;
}
