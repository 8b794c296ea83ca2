namespace Sdk.Interop;

/// <summary>A test that talks to a foreign program, and is skipped, with the reason, on a machine that does not have it.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ForeignFactAttribute : FactAttribute
{
    /// <param name="program">The name of an executable on the PATH.</param>
    public ForeignFactAttribute(string program)
    {
        Program = program;
        var found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));
        if (!found)
        {
            Skip = $"{program} is not installed here.";
        }
    }

    public string Program { get; }
}
