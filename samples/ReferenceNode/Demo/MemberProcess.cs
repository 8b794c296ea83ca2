using System.Text.Json;
using Sdk.Core.Networking;
using Sdk.ReferenceNode.Commands;

namespace Sdk.ReferenceNode.Demo;

/// <summary>One storage member of the demo: the <c>node</c> command in a process and a data directory of its own.</summary>
internal sealed class MemberProcess : IAsyncDisposable
{
    private readonly ChildProcess _process;

    private MemberProcess(int number, ChildProcess process)
    {
        Number = number;
        _process = process;
    }

    public int Number { get; }

    public NodeReady Ready { get; private set; } = null!;

    public bool Killed { get; private set; }

    /// <summary>Where it can be reached, with its peer id.</summary>
    public Multiaddr Address => Multiaddr.Parse(Ready.Addresses[0]);

    /// <summary>Starts the process and waits until it says where it listens.</summary>
    public static async Task<MemberProcess> StartAsync(int number, string dataDirectory, long capacityBytes, CancellationToken cancellationToken)
    {
        var process = ChildProcess.Start(
        [
            "node", "--data", dataDirectory, "--listen", "/ip4/127.0.0.1/tcp/0", "--capacity", $"{capacityBytes}", "--json", "--until-input-closes",
        ]);
        var member = new MemberProcess(number, process);
        try
        {
            await member.WaitUntilReadyAsync(cancellationToken);
            return member;
        }
        catch
        {
            await member.DisposeAsync();
            throw;
        }
    }

    /// <summary>SIGKILL, to this member's process id.</summary>
    public void Kill()
    {
        _process.Kill();
        Killed = true;
    }

    public Task StopAsync() => Killed ? Task.CompletedTask : _process.StopAsync();

    public ProcessReport Report() => new($"member {Number}", _process.Id, Ready.PeerId, Killed, _process.PeakWorkingSetBytes);

    /// <summary>Why the process ended although nobody killed it; null while it runs.</summary>
    public string? Fault() => _process.HasExited && !Killed ? $"Member {Number} ended by itself: {_process.Complaint}" : null;

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        var line = await _process.ReadLineAsync(cancellationToken);
        if (line is null)
        {
            await _process.WaitForExitAsync(cancellationToken);
            throw new CommandException($"Member {Number} did not start: {_process.Complaint}");
        }

        Ready = JsonSerializer.Deserialize(line, NodeJson.Default.NodeReady)
            ?? throw new CommandException($"Member {Number} did not say where it listens.");
        _process.DiscardOutput();
    }
}
