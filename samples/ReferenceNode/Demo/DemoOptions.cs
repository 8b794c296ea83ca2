namespace Sdk.ReferenceNode.Demo;

/// <summary>What a demo is asked to do.</summary>
internal sealed record DemoOptions
{
    public const int DefaultNodes = 7;
    public const int MinNodes = 4;
    public const int MaxNodes = 7;
    public const int DefaultKill = 2;

    /// <summary>The folder or file to copy; null for the repository around the current folder.</summary>
    public string? Path { get; init; }

    public int Nodes { get; init; } = DefaultNodes;

    /// <summary>How many members are killed while the copy runs.</summary>
    public int Kill { get; init; } = DefaultKill;

    /// <summary>The size of the disk; null to fit what is copied.</summary>
    public long? DiskBytes { get; init; }

    /// <summary>Where the members' data stays; null for a temporary folder that is removed.</summary>
    public string? DataDirectory { get; init; }

    public bool Json { get; init; }

    /// <exception cref="CommandException">A number is out of its range.</exception>
    public void Validate()
    {
        if (Nodes is < MinNodes or > MaxNodes)
        {
            throw new CommandException($"--nodes takes {MinNodes} to {MaxNodes}.") { ExitCode = ExitCodes.Usage };
        }

        if (Kill < 0 || Kill > Nodes)
        {
            throw new CommandException("--kill takes 0 up to the number of nodes.") { ExitCode = ExitCodes.Usage };
        }
    }
}
