using System.Diagnostics;
using System.Text.Json;

namespace Sdk.Benchmarks.Comparison;

/// <summary>This program once more, in a process of its own (<see cref="Twin"/>): it tells a line of JSON when it is ready, and ends with its input.</summary>
internal sealed class TwinProcess : IAsyncDisposable
{
    public const string Argument = "--twin";

    private readonly Process _process;

    private TwinProcess(Process process) => _process = process;

    /// <summary>What it told when it was ready.</summary>
    public JsonElement Ready { get; private set; }

    public static async Task<TwinProcess> StartAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };

        // Started as "dotnet Sdk.Benchmarks.dll", or by its own executable.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath!).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
        {
            start.ArgumentList.Add(typeof(TwinProcess).Assembly.Location);
        }

        start.ArgumentList.Add(Argument);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var twin = new TwinProcess(Process.Start(start)!);
        twin.Ready = await twin.ReadAsync();
        return twin;
    }

    /// <summary>Gives a command, a line, and returns the answer.</summary>
    public async Task<JsonElement> AskAsync(string command)
    {
        await _process.StandardInput.WriteLineAsync(command);
        await _process.StandardInput.FlushAsync();
        return await ReadAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task<JsonElement> ReadAsync()
    {
        var line = await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The twin process ended.");
        using var document = JsonDocument.Parse(line);
        return document.RootElement.Clone();
    }
}
