namespace Sdk.Interop.Libp2p;

/// <summary>
/// Where js-libp2p stands on this machine: a folder <c>node_modules</c> made by npm from <c>js/package.json</c>, with the Node.js that
/// js-libp2p needs in it. <c>SDK_INTEROP_JS</c> names the folder that holds it; otherwise it is <c>artifacts/interop/js</c>, where
/// <c>.ci/run</c> installs it.
/// </summary>
internal sealed class JsInstallation
{
    public const string Variable = "SDK_INTEROP_JS";

    private static readonly Lazy<JsInstallation?> Found = new(Find);

    private JsInstallation(string modules) => Modules = modules;

    /// <summary>Why tests against js-libp2p cannot run here; null where they can.</summary>
    public static string? Missing => Found.Value is null
        ? $"js-libp2p is not installed here: .ci/run installs it by npm into artifacts/interop/js, or {Variable} names a folder that has it."
        : null;

    /// <exception cref="InvalidOperationException">It is not installed.</exception>
    public static JsInstallation Instance => Found.Value ?? throw new InvalidOperationException(Missing);

    /// <summary>The folder <c>node_modules</c>.</summary>
    public string Modules { get; }

    /// <summary>The program: npm's package <c>node</c> brings it, since the machine's own may be too old.</summary>
    public string Node => NodeIn(Modules);

    private static JsInstallation? Find()
    {
        var folder = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named : InRepository();
        var modules = folder is null ? null : Path.GetFullPath(Path.Combine(folder, "node_modules"));
        return modules is not null && File.Exists(NodeIn(modules)) && Directory.Exists(Path.Combine(modules, "libp2p")) ? new(modules) : null;
    }

    private static string NodeIn(string modules) => Path.Combine(modules, ".bin", OperatingSystem.IsWindows() ? "node.exe" : "node");

    private static string? InRepository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Sdk.sln")))
        {
            folder = folder.Parent;
        }

        return folder is null ? null : Path.Combine(folder.FullName, "artifacts", "interop", "js");
    }
}
