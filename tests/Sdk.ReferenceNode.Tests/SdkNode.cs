using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Sdk.ReferenceNode.Tests;

/// <summary>What a run of the program left: its exit code and both outputs.</summary>
internal sealed record Outcome(int ExitCode, string Output, string Errors)
{
    /// <summary>The error output as the one line that it must be.</summary>
    public string ErrorLine => Assert.Single(Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
}

/// <summary>The reference node as a shell starts it: a process of its own, with redirected input and outputs.</summary>
internal sealed class SdkNode : IDisposable
{
    /// <summary>A run that takes longer hangs: it is killed, and the test fails.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Process _process;

    private SdkNode(Process process) => _process = process;

    public int Id => _process.Id;

    public static SdkNode Start(string? workingDirectory, params string[] arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "ReferenceNode.dll");
        return new SdkNode(Process.Start(new ProcessStartInfo("dotnet", [program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingDirectory ?? AppContext.BaseDirectory,
        })!);
    }

    public static Task<Outcome> RunAsync(params string[] arguments) => RunAsync(input: "", arguments);

    public static async Task<Outcome> RunAsync(string input, string[] arguments)
    {
        using var program = Start(null, arguments);
        await program._process.StandardInput.WriteAsync(input);
        program._process.StandardInput.Close();
        return await program.EndAsync();
    }

    /// <summary>The next line of standard output.</summary>
    public async Task<string?> ReadLineAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        return await _process.StandardOutput.ReadLineAsync(limit.Token);
    }

    /// <summary>The next line of the error output that contains <paramref name="text"/>.</summary>
    public async Task<string> ReadErrorLineAsync(string text)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (await _process.StandardError.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException($"The program ended without saying '{text}'.");
    }

    /// <summary>Sends a signal as a shell or an init system would.</summary>
    public void Signal(PosixSignal signal)
    {
        var number = signal switch { PosixSignal.SIGINT => 2, PosixSignal.SIGTERM => 15, _ => throw new ArgumentOutOfRangeException(nameof(signal)) };
        Assert.Equal(0, Kill(_process.Id, number));
    }

    /// <summary>Closes nothing, waits for the end.</summary>
    public async Task<Outcome> EndAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        var output = _process.StandardOutput.ReadToEndAsync(limit.Token);
        var errors = _process.StandardError.ReadToEndAsync(limit.Token);
        await _process.WaitForExitAsync(limit.Token);
        return new Outcome(_process.ExitCode, await output, await errors);
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
