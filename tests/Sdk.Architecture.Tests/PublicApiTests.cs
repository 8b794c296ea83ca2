using System.Reflection;

namespace Sdk.Architecture.Tests;

/// <summary>
/// What users can type changes only on purpose: each package has its surface committed beside its project. To accept a change run the
/// test with <c>SDK_REWRITE_PUBLIC_API=1</c> and commit what it wrote.
/// </summary>
public sealed class PublicApiTests
{
    private const string RewriteVariable = "SDK_REWRITE_PUBLIC_API";

    public static TheoryData<string> Packages => [.. ArrowTests.Packages];

    [Theory]
    [MemberData(nameof(Packages))]
    public void The_public_surface_is_the_committed_one(string package)
    {
        var path = Path.Combine(Repository(), "src", package, "PublicApi.txt");
        var surface = PublicApi.Of(Assembly.Load(package));
        if (Environment.GetEnvironmentVariable(RewriteVariable) == "1")
        {
            File.WriteAllText(path, surface);
        }

        Assert.Equal(File.ReadAllText(path).ReplaceLineEndings("\n"), surface);
    }

    [Fact]
    public void Packages_without_content_yet_have_nothing_public()
    {
        foreach (var package in new[] { "Sdk.Messaging", "Sdk.Identity", "Sdk.IpShare" })
        {
            Assert.Empty(Assembly.Load(package).GetExportedTypes());
        }
    }

    /// <summary>The folder of the solution. Not from the compiler: a deterministic build maps the paths of its sources away.</summary>
    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Sdk.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests do not lie below Sdk.sln.");
        }

        return folder.FullName;
    }
}
