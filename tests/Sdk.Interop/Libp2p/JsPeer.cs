using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sdk.Core.Networking;

namespace Sdk.Interop.Libp2p;

/// <summary>How a <see cref="JsPeer"/> is set up; <c>js/node.mjs</c> describes the same.</summary>
internal sealed record JsPeerOptions(string Security, string Key)
{
    public bool Gossip { get; init; }

    public int MonitorMs { get; init; }

    public bool Relay { get; init; }

    public int MdnsPort { get; init; }

    public IReadOnlyList<string> Listen { get; init; } = ["/ip4/127.0.0.1/tcp/0"];
}

/// <summary>What js-libp2p threw at a command.</summary>
internal sealed class JsErrorException(string name, string message) : Exception($"{name}: {message}")
{
    public string Name => name;
}

/// <summary>
/// A js-libp2p node in a process of its own (<c>js/peer.mjs</c>): told what to do by lines of JSON, and asked what it saw. Every wait has
/// a limit. The process ends with its standard input, so it cannot outlive the tests; disposing ends it.
/// </summary>
internal sealed class JsPeer : IAsyncDisposable
{
    /// <summary>Anything that takes longer hangs.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private readonly string _folder;
    private readonly Process _process;
    private readonly Task _reading;
    private readonly Task<string> _complaints;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonElement>> _questions = new();

    // ---- Under the gate ----
    private readonly Lock _gate = new();
    private readonly List<JsonElement> _events = [];
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _lastQuestion;

    private JsPeer(string folder, Process process)
    {
        _folder = folder;
        _process = process;
        _complaints = process.StandardError.ReadToEndAsync();
        _reading = ReadAsync();
    }

    public PeerId PeerId { get; private set; } = null!;

    /// <summary>Where it listens, with its peer id.</summary>
    public Multiaddr Address { get; private set; } = null!;

    public static async Task<JsPeer> StartAsync(JsPeerOptions options)
    {
        var installation = JsInstallation.Instance;

        // Node.js looks for packages beside the script, so the script goes to where a link to them can stand.
        var folder = Directory.CreateTempSubdirectory("sdk-js-").FullName;
        foreach (var script in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Libp2p", "js"), "*.mjs"))
        {
            File.Copy(script, Path.Combine(folder, Path.GetFileName(script)));
        }

        Directory.CreateSymbolicLink(Path.Combine(folder, "node_modules"), installation.Modules);
        var start = new ProcessStartInfo(installation.Node, [Path.Combine(folder, "peer.mjs"), JsonSerializer.Serialize(options, Json)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var peer = new JsPeer(folder, Process.Start(start)!);
        try
        {
            var ready = await peer.EventAsync("ready");
            peer.PeerId = PeerId.Parse(ready.GetProperty("peer").GetString()!);
            if (ready.GetProperty("addresses").EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.String } address)
            {
                peer.Address = Multiaddr.Parse(address.GetString()!);
            }

            return peer;
        }
        catch
        {
            await peer.DisposeAsync();
            throw;
        }
    }

    /// <summary>Gives a command and returns its answer.</summary>
    /// <exception cref="JsErrorException">js-libp2p threw.</exception>
    public async Task<JsonElement> AskAsync(string command, object? arguments = null, TimeSpan? limit = null)
    {
        var question = JsonSerializer.SerializeToNode(arguments ?? new { }, Json)!.AsObject();
        var id = Interlocked.Increment(ref _lastQuestion);
        question["id"] = id;
        question["do"] = command;
        var answer = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        _questions[id] = answer;
        await WriteAsync(question);
        if (_reading.IsCompleted)
        {
            // It ended before the question stood in the book: nobody else will say so.
            answer.TrySetException(await EndedAsync());
        }

        var told = await answer.Task.WaitAsync(limit ?? Limit);
        return told.GetProperty("ok").GetBoolean()
            ? told
            : throw new JsErrorException(told.GetProperty("error").GetString()!, told.GetProperty("message").GetString()!);
    }

    /// <summary>The first event of that name for which <paramref name="which"/> holds, told already or to come.</summary>
    public async Task<JsonElement> EventAsync(string name, Func<JsonElement, bool>? which = null)
    {
        using var limit = new CancellationTokenSource(Limit);
        for (var seen = 0; ;)
        {
            Task news;
            lock (_gate)
            {
                for (; seen < _events.Count; seen++)
                {
                    if (_events[seen].GetProperty("event").GetString() == name && which?.Invoke(_events[seen]) != false)
                    {
                        return _events[seen];
                    }
                }

                news = _news.Task;
            }

            if (_reading.IsCompleted)
            {
                throw await EndedAsync();
            }

            try
            {
                await news.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"js-libp2p told no '{name}' of the wanted kind within {Limit}.");
            }
        }
    }

    /// <summary>Whether such an event was told by now.</summary>
    public bool HasTold(string name, Func<JsonElement, bool> which)
    {
        lock (_gate)
        {
            return _events.Exists(told => told.GetProperty("event").GetString() == name && which(told));
        }
    }

    /// <summary>The event that concerns a peer.</summary>
    public Task<JsonElement> EventAsync(string name, PeerId peer) => EventAsync(name, told => told.GetProperty("peer").GetString() == peer.ToString());

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using (var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10)))
        {
            try
            {
                await _process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill();
                await _process.WaitForExitAsync();
            }
        }

        await _reading;
        await _complaints;
        _process.Dispose();
        _writing.Dispose();

        // Deletes the link, not what it leads to.
        Directory.Delete(_folder, recursive: true);
    }

    private async Task WriteAsync(JsonObject question)
    {
        await _writing.WaitAsync();
        try
        {
            await _process.StandardInput.WriteLineAsync(question.ToJsonString());
            await _process.StandardInput.FlushAsync();
        }
        catch (IOException)
        {
            throw await EndedAsync();
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            using var document = JsonDocument.Parse(line);
            var told = document.RootElement.Clone();
            if (told.TryGetProperty("id", out var id))
            {
                if (_questions.TryRemove(id.GetInt32(), out var question))
                {
                    question.SetResult(told);
                }
            }
            else
            {
                lock (_gate)
                {
                    _events.Add(told);
                    _news.SetResult();
                    _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
                }
            }
        }

        var ended = new InvalidOperationException("The js-libp2p process ended.");
        foreach (var question in _questions.Values)
        {
            question.TrySetException(ended);
        }

        lock (_gate)
        {
            _news.TrySetResult();
        }
    }

    private async Task<Exception> EndedAsync()
    {
        await _reading.WaitAsync(Limit);
        return new InvalidOperationException($"The js-libp2p process ended: {await _complaints}");
    }
}
