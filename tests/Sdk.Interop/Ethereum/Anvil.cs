using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Sdk.Core.Cryptography;

namespace Sdk.Interop.Ethereum;

/// <summary>
/// An Ethereum node in a process of its own, on a free port of the loopback, that does as the test says: it mines when told to, turns its
/// clock, and takes blocks back. Every wait has a limit. The process ends with the tests' process; disposing ends it.
/// </summary>
public sealed class Anvil : IAsyncLifetime, IAsyncDisposable
{
    /// <summary>anvil's own chain id, by which a development chain is known.</summary>
    public const ulong DevelopmentChainId = 31337;

    /// <summary>Anything that takes longer hangs.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    // Otherwise it keeps the state after every block, on the disk too, where those that were ended by force leave it.
    private const ulong StatesKept = 64;

    private const string Listening = "Listening on ";
    private const int PrivateKeyHexLength = 64;

    // anvil knows no end of its input: the shell waits for it instead, so that no anvil outlives a test run that was killed.
    private const string UntilInputEnds = "\"$0\" \"$@\" & anvil=$!; cat >/dev/null; kill \"$anvil\"; wait \"$anvil\"; true";

    private readonly AnvilOptions _options;
    private readonly HttpClient _http = new() { Timeout = Limit };
    private readonly List<KeyPair> _keys = [];
    private Process? _process;
    private Task _output = Task.CompletedTask;
    private Task<string> _complaints = Task.FromResult("");
    private int _lastId;

    public Anvil()
        : this(new AnvilOptions())
    {
    }

    internal Anvil(AnvilOptions options) => _options = options;

    /// <summary>Where it answers JSON-RPC.</summary>
    public Uri Url { get; private set; } = null!;

    /// <summary>Ten keys of 10 000 coins each; everybody knows them, so they are for tests only.</summary>
    public IReadOnlyList<KeyPair> Keys => _keys;

    /// <summary>The chain id.</summary>
    public ulong ChainId => _options.ChainId;

    public static async Task<Anvil> StartAsync(AnvilOptions? options = null)
    {
        var anvil = new Anvil(options ?? new AnvilOptions());
        try
        {
            await anvil.LaunchAsync();
            return anvil;
        }
        catch
        {
            await anvil.DisposeAsync();
            throw;
        }
    }

    /// <summary>As a fixture of xunit, which makes it for skipped tests too: nothing is started where anvil is not installed.</summary>
    Task IAsyncLifetime.InitializeAsync() => EthereumInstallation.Missing is null ? LaunchAsync() : Task.CompletedTask;

    /// <summary>Calls a JSON-RPC method; the result, which may be null.</summary>
    /// <exception cref="AnvilErrorException">anvil answered with an error.</exception>
    public async Task<JsonElement> CallAsync(string method, params object?[] parameters)
    {
        var id = Interlocked.Increment(ref _lastId);
        using var response = await _http.PostAsJsonAsync(Url, new { jsonrpc = "2.0", id, method, @params = parameters });
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        if (!answer.TryGetProperty("error", out var error))
        {
            return answer.GetProperty("result").Clone();
        }

        var data = error.TryGetProperty("data", out var given) && given.ValueKind == JsonValueKind.String ? given.GetString() : null;
        throw new AnvilErrorException(error.GetProperty("code").GetInt32(), error.GetProperty("message").GetString()!, data);
    }

    /// <summary>Sends a transaction that anvil signs, from one of <see cref="Keys"/>, and waits for its receipt: a test mines, or automining is on.</summary>
    /// <param name="from">The account, one of the funded or impersonated.</param>
    /// <param name="to">The contract or account; null makes a contract of <paramref name="data"/>.</param>
    /// <param name="data">Calldata, or a contract's creation code followed by its constructor's arguments.</param>
    /// <param name="valueWei">Native coin sent along.</param>
    /// <param name="gasLimit">Gas at most.</param>
    public async Task<AnvilReceipt> SendAsync(
        AccountAddress from, AccountAddress? to, ReadOnlyMemory<byte> data, UInt128 valueWei = default, ulong gasLimit = 10_000_000)
    {
        var hash = (await CallAsync("eth_sendTransaction", Transaction(from, to, data, valueWei, gasLimit))).GetString()!;
        var started = Stopwatch.GetTimestamp();
        JsonElement receipt;
        while ((receipt = await CallAsync("eth_getTransactionReceipt", hash)).ValueKind == JsonValueKind.Null)
        {
            if (Stopwatch.GetElapsedTime(started) > Limit)
            {
                throw new TimeoutException($"{hash} was not mined within {Limit}.");
            }

            await Task.Yield();
        }

        return new AnvilReceipt(
            hash,
            receipt.GetProperty("status").GetString() == "0x1",
            Number(receipt.GetProperty("gasUsed")),
            Number(receipt.GetProperty("blockNumber")),
            receipt.GetProperty("contractAddress").GetString(),
            receipt);
    }

    /// <summary>Makes a contract; its address.</summary>
    /// <exception cref="InvalidOperationException">The constructor reverted.</exception>
    public async Task<AccountAddress> DeployAsync(AccountAddress from, ReadOnlyMemory<byte> creationCode)
    {
        var receipt = await SendAsync(from, to: null, creationCode);
        return receipt.IsSuccess ? AccountAddress.Parse(receipt.ContractAddress!) : throw new InvalidOperationException("The constructor reverted.");
    }

    /// <summary>What a call would return (eth_call).</summary>
    /// <exception cref="AnvilErrorException">The call reverts; <see cref="AnvilErrorException.RevertData"/> says with what.</exception>
    public async Task<byte[]> QueryAsync(AccountAddress to, ReadOnlyMemory<byte> data, AccountAddress from = default, UInt128 valueWei = default)
    {
        var result = await CallAsync("eth_call", Transaction(from, to, data, valueWei, gasLimit: 10_000_000), "latest");
        return Convert.FromHexString(result.GetString()!.AsSpan(2));
    }

    /// <summary>Makes blocks now.</summary>
    /// <param name="blocks">How many.</param>
    /// <param name="intervalSeconds">Chain time from one to the next.</param>
    public Task MineAsync(int blocks = 1, int intervalSeconds = 1) => CallAsync("anvil_mine", Hex((ulong)blocks), Hex((ulong)intervalSeconds));

    /// <summary>Whether each transaction gets a block at once.</summary>
    public Task SetAutomineAsync(bool isOn) => CallAsync("evm_setAutomine", isOn);

    /// <summary>Lets chain time pass: the next block is so much later.</summary>
    public Task IncreaseTimeAsync(TimeSpan by) => CallAsync("evm_increaseTime", (long)by.TotalSeconds);

    /// <summary>Sets the time of the next block, unix seconds.</summary>
    public Task SetNextTimestampAsync(ulong unixSeconds) => CallAsync("evm_setNextBlockTimestamp", unixSeconds);

    /// <summary>Sets the base fee of the next block, in wei for a unit of gas.</summary>
    public Task SetNextBaseFeeAsync(ulong baseFeeWei) => CallAsync("anvil_setNextBlockBaseFeePerGas", Hex(baseFeeWei));

    /// <summary>Takes the last blocks back and puts as many empty ones in their place: what was in them is in no block, and not in the pool either.</summary>
    public Task ReorganizeAsync(int depth) => CallAsync("anvil_reorg", depth, Array.Empty<object>());

    /// <summary>Takes the last blocks back, without others in their place.</summary>
    public Task RollBackAsync(int depth) => CallAsync("anvil_rollback", depth);

    /// <summary>Forgets a transaction that waits for a block.</summary>
    public Task DropTransactionAsync(string hash) => CallAsync("anvil_dropTransaction", hash);

    /// <summary>Gives an account so much native coin.</summary>
    public Task SetBalanceAsync(AccountAddress account, UInt128 balanceWei) => CallAsync("anvil_setBalance", account.ToString(), Hex(balanceWei));

    /// <summary>Remembers all state, once, for <see cref="RevertAsync"/>.</summary>
    public async Task<string> SnapshotAsync() => (await CallAsync("evm_snapshot")).GetString()!;

    /// <summary>Goes back to a snapshot, which is used up by it.</summary>
    public async Task RevertAsync(string snapshot)
    {
        if (!(await CallAsync("evm_revert", snapshot)).GetBoolean())
        {
            throw new InvalidOperationException($"anvil has no snapshot {snapshot}.");
        }
    }

    /// <summary>The number of the newest block.</summary>
    public async Task<ulong> BlockNumberAsync() => Number(await CallAsync("eth_blockNumber"));

    /// <summary>The time of the newest block, unix seconds.</summary>
    public async Task<ulong> TimestampAsync() => Number((await CallAsync("eth_getBlockByNumber", "latest", false)).GetProperty("timestamp"));

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        foreach (var key in _keys)
        {
            key.Dispose();
        }

        if (_process is not { } process)
        {
            return;
        }

        process.StandardInput.Close();
        using (var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10)))
        {
            try
            {
                await process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync();
            }
        }

        await _output;
        await _complaints;
        process.Dispose();
    }

    private async Task LaunchAsync()
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", UntilInputEnds, EthereumInstallation.Instance.Anvil, .. Arguments()])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(start)!;
        _complaints = _process.StandardError.ReadToEndAsync();
        Url = await ReadGreetingAsync(_process.StandardOutput).WaitAsync(Limit);
        _output = _process.StandardOutput.ReadToEndAsync();
    }

    private static object Transaction(AccountAddress from, AccountAddress? to, ReadOnlyMemory<byte> data, UInt128 valueWei, ulong gasLimit) => new
    {
        from = from.ToString(),
        to = to?.ToString(),
        data = $"0x{Convert.ToHexStringLower(data.Span)}",
        value = Hex(valueWei),
        gas = Hex(gasLimit),
    };

    private static string Hex(UInt128 number) => $"0x{number:x}";

    private static ulong Number(JsonElement hex) => ulong.Parse(hex.GetString()!.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private IEnumerable<string> Arguments()
    {
        string Text(ulong number) => number.ToString(CultureInfo.InvariantCulture);
        IEnumerable<string> arguments =
        [
            "--prune-history", Text(StatesKept),
            "--port", "0", "--threads", "1", "--chain-id", Text(_options.ChainId), "--slots-in-an-epoch", Text((ulong)_options.SlotsInEpoch),
        ];
        return arguments
            .Concat(_options.IsAutomining ? [] : ["--no-mining"])
            .Concat(_options.GenesisTimestampSeconds is { } seconds ? ["--timestamp", Text(seconds)] : []);
    }

    /// <summary>What it prints before it listens: its keys. Then where it listens.</summary>
    private async Task<Uri> ReadGreetingAsync(StreamReader output)
    {
        while (await output.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(Listening, StringComparison.Ordinal))
            {
                return new Uri($"http://{line[Listening.Length..].Trim()}");
            }

            if (line.StartsWith('(') && line.Split(" 0x") is [_, { Length: PrivateKeyHexLength } hex])
            {
                _keys.Add(KeyPair.FromPrivateKey(Convert.FromHexString(hex), isTestOnly: true));
            }
        }

        throw new InvalidOperationException($"anvil ended: {await _complaints}");
    }
}
