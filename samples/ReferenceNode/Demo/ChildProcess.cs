using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Sdk.ReferenceNode.Demo;

/// <summary>
/// Another process of this same program. Its standard input stays open for as long as this process lives: a child that was told to stop
/// with its input ends by itself even when its parent is killed, so that nothing is left behind. Kills go to the child's own id.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    /// <summary>What is kept of a child's error output, to explain why it ended.</summary>
    private const int ComplaintChars = 4096;

    /// <summary>How long a child may take to put its data in order before it is killed.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly StringBuilder _complaint = new();
    private readonly Task _complaining;
    private Task _discarding = Task.CompletedTask;
    private long _peakWorkingSetBytes;

    private ChildProcess(Process process)
    {
        _process = process;
        _complaining = ReadComplaintAsync();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>The last line that the child wrote to its error output, or an empty string.</summary>
    public string Complaint
    {
        get
        {
            lock (_complaint)
            {
                return _complaint.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "";
            }
        }
    }

    /// <summary>The most memory that the child ever had resident (VmHWM), as far as it was looked at while it lived.</summary>
    public long PeakWorkingSetBytes
    {
        get
        {
            try
            {
                _process.Refresh();
                _peakWorkingSetBytes = Math.Max(_peakWorkingSetBytes, _process.PeakWorkingSet64);
            }
            catch (InvalidOperationException)
            {
                // It has ended: what was seen last stands.
            }

            return _peakWorkingSetBytes;
        }
    }

    public static ChildProcess Start(IEnumerable<string> arguments)
    {
        var (program, first) = Self();
        var start = new ProcessStartInfo(program, [.. first, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            return new ChildProcess(Process.Start(start)!);
        }
        catch (Win32Exception e)
        {
            throw new CommandException($"Cannot start another process of {program}: {e.Message}", e);
        }
    }

    /// <summary>The next line of the child's output; null when it has ended.</summary>
    public async Task<string?> ReadLineAsync(CancellationToken cancellationToken) =>
        await _process.StandardOutput.ReadLineAsync(cancellationToken);

    /// <summary>Nobody reads further lines: they are taken and dropped, so that the child never waits for a reader.</summary>
    public void DiscardOutput() => _discarding = _process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);

    public async Task WriteLineAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Ends the child as a power cut would (SIGKILL). It cannot write, flush or say goodbye.</summary>
    public void Kill()
    {
        _ = PeakWorkingSetBytes;
        _process.Kill();
    }

    /// <summary>Waits until the child has ended by itself and its whole error output was read.</summary>
    public async Task WaitForExitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        await _complaining;
    }

    /// <summary>Asks the child to stop by closing its input; kills it when it does not.</summary>
    public async Task StopAsync()
    {
        _ = PeakWorkingSetBytes;
        try
        {
            _process.StandardInput.Close();
            using var limit = new CancellationTokenSource(StopLimit);
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            _process.Kill();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        await _process.WaitForExitAsync();
        await _complaining;
        await _discarding;
        _process.Dispose();
    }

    /// <summary>How this program was started: by its own executable, or by <c>dotnet program.dll</c>.</summary>
    private static (string Program, string[] First) Self()
    {
        var program = Environment.ProcessPath ?? throw new CommandException("This system does not say which program is running.");
        return Path.GetFileNameWithoutExtension(program).Equals("dotnet", StringComparison.OrdinalIgnoreCase)
            ? (program, [Path.GetFullPath(Environment.GetCommandLineArgs()[0])])
            : (program, []);
    }

    private async Task ReadComplaintAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            lock (_complaint)
            {
                _complaint.AppendLine(line);
                if (_complaint.Length > ComplaintChars)
                {
                    _complaint.Remove(0, _complaint.Length - ComplaintChars);
                }
            }
        }
    }
}
