namespace Sdk.Interop.Ethereum;

/// <summary>
/// Where npm put what the tests of Ethereum need (<c>js/package.json</c>): anvil, the known answers of @ethersproject/testcases, viem.
/// <c>SDK_INTEROP_ETHEREUM</c> names the folder that holds <c>node_modules</c>; otherwise it is <c>artifacts/interop/ethereum</c>, where
/// <c>.ci/run</c> installs it.
/// </summary>
internal sealed class EthereumInstallation
{
    public const string Variable = "SDK_INTEROP_ETHEREUM";

    private static readonly string[] AnvilPath = ["@foundry-rs", "anvil-linux-amd64", "bin", "anvil"];
    private static readonly Lazy<EthereumInstallation?> Found = new(Find);

    private EthereumInstallation(string modules) => Modules = modules;

    /// <summary>Why these tests cannot run here; null where they can.</summary>
    public static string? Missing => Found.Value is null
        ? $"anvil is not installed here: .ci/run installs it by npm into artifacts/interop/ethereum, or {Variable} names a folder that has it."
        : null;

    /// <exception cref="InvalidOperationException">It is not installed.</exception>
    public static EthereumInstallation Instance => Found.Value ?? throw new InvalidOperationException(Missing);

    /// <summary>The folder <c>node_modules</c>.</summary>
    public string Modules { get; }

    /// <summary>The program anvil.</summary>
    public string Anvil => AnvilIn(Modules);

    /// <summary>A file of known answers, compressed by gzip.</summary>
    public string TestCases(string name) => Path.Combine(Modules, "@ethersproject", "testcases", "testcases", $"{name}.json.gz");

    private static EthereumInstallation? Find()
    {
        // The package is anvil for one platform only.
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        var folder = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named : InRepository();
        var modules = folder is null ? null : Path.GetFullPath(Path.Combine(folder, "node_modules"));
        return modules is not null && File.Exists(AnvilIn(modules)) ? new(modules) : null;
    }

    private static string AnvilIn(string modules) => Path.Combine([modules, .. AnvilPath]);

    private static string? InRepository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Sdk.sln")))
        {
            folder = folder.Parent;
        }

        return folder is null ? null : Path.Combine(folder.FullName, "artifacts", "interop", "ethereum");
    }
}
