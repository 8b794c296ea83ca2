using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Ethereum;

namespace Sdk.Core.Tests.Ledger.Ethereum;

/// <summary>A refusal that a scripted method answers.</summary>
internal sealed class ScriptedErrorException(long code, string message, string? data = null) : Exception(message)
{
    public JsonObject ToJson()
    {
        var error = new JsonObject { ["code"] = code, ["message"] = Message };
        if (data is not null)
        {
            error["data"] = data;
        }

        return error;
    }
}

/// <summary>A node with a chain in memory, which answers as a test says and lies where a test wants it to.</summary>
internal sealed class ScriptedNode : HttpMessageHandler
{
    private readonly Lock _gate = new();
    private readonly List<ScriptedBlock> _blocks = [];
    private readonly List<EthereumTransaction> _pool = [];
    private readonly List<EthereumTransaction> _sent = [];
    private readonly List<string> _calls = [];
    private readonly HashSet<string> _reverting = [];
    private int _salt;

    public ScriptedNode() => Mine();

    internal sealed record ScriptedBlock(ulong Number, string Hash, string Parent, IReadOnlyList<EthereumTransaction> Transactions);

    /// <summary>What takes the place of a method's answer: the parameters, and what would be answered.</summary>
    public ConcurrentDictionary<string, Func<JsonArray, Func<JsonNode?>, JsonNode?>> Lies { get; } = [];

    /// <summary>What takes the place of the whole HTTP exchange; null answers go on as usual.</summary>
    public Func<string, CancellationToken, Task<HttpResponseMessage?>>? Http { get; set; }

    /// <summary>What waits for a block.</summary>
    public IReadOnlyList<EthereumTransaction> Pool => Copy(_pool);

    /// <summary>Every raw transaction that came in, in order.</summary>
    public IReadOnlyList<EthereumTransaction> Sent => Copy(_sent);

    public bool IsAutomining { get; set; } = true;

    public ScriptedBlock Head => Copy(_blocks)[^1];

    public int CountOf(string method) => Copy(_calls).Count(call => call == method);

    /// <summary>A transaction is reverted wherever it is included from now on.</summary>
    public void Revert(string transaction)
    {
        lock (_gate)
        {
            _reverting.Add(transaction);
        }
    }

    /// <summary>Puts other transactions in the place of all that wait.</summary>
    public void SetPool(params EthereumTransaction[] transactions)
    {
        lock (_gate)
        {
            _pool.Clear();
            _pool.AddRange(transactions);
        }
    }

    public void Mine(int blocks = 1)
    {
        lock (_gate)
        {
            for (; blocks > 0; blocks--)
            {
                var included = _pool.GroupBy(waiting => waiting.Nonce).Select(same => same.Last()).OrderBy(waiting => waiting.Nonce).ToList();
                var number = (ulong)_blocks.Count;
                var hash = Hash($"{number}/{_salt++}");
                _blocks.Add(new ScriptedBlock(number, hash, number == 0 ? Hash("none") : _blocks[^1].Hash, included));
                _pool.Clear();
            }
        }
    }

    /// <summary>Takes blocks back, with what was in them, and puts as many empty ones in their place.</summary>
    public void Reorganize(int depth)
    {
        lock (_gate)
        {
            _blocks.RemoveRange(_blocks.Count - depth, depth);
        }

        Mine(depth);
    }

    public static string Hash(string text) => $"0x{Keccak256.Hash(Encoding.UTF8.GetBytes(text))}";

    public static HttpResponseMessage Respond(string body, HttpStatusCode status = HttpStatusCode.OK) => new(status)
    {
        Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json")),
    };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = await request.Content!.ReadAsStringAsync(cancellationToken);
        if (Http is not null && await Http(body, cancellationToken) is { } given)
        {
            return given;
        }

        var json = JsonNode.Parse(body)!;
        return Respond(json is JsonArray batch ? new JsonArray([.. batch.Select(call => Answer(call!))]).ToJsonString() : Answer(json).ToJsonString());
    }

    private List<T> Copy<T>(List<T> list)
    {
        lock (_gate)
        {
            return [.. list];
        }
    }

    private JsonObject Answer(JsonNode call)
    {
        var method = call["method"]!.GetValue<string>();
        var parameters = call["params"]!.AsArray();
        lock (_gate)
        {
            _calls.Add(method);
            try
            {
                var result = Lies.TryGetValue(method, out var lie) ? lie(parameters, () => Truth(method, parameters)) : Truth(method, parameters);
                return new JsonObject { ["jsonrpc"] = "2.0", ["id"] = call["id"]!.DeepClone(), ["result"] = result?.DeepClone() };
            }
            catch (ScriptedErrorException refusal)
            {
                return new JsonObject { ["jsonrpc"] = "2.0", ["id"] = call["id"]!.DeepClone(), ["error"] = refusal.ToJson() };
            }
        }
    }

    private JsonNode? Truth(string method, JsonArray parameters) => method switch
    {
        "eth_chainId" => "0x7a69",
        "eth_getCode" => "0x",
        "eth_maxPriorityFeePerGas" => "0x3b9aca00",
        "eth_estimateGas" => "0x5208",
        "eth_getBalance" => "0x10",
        "eth_call" => "0x",
        "eth_getBlockByNumber" => Block(parameters[0]!.GetValue<string>()),
        "eth_getBlockByHash" => _blocks.Find(block => block.Hash == parameters[0]!.GetValue<string>()) is { } found ? Json(found) : null,
        "eth_getTransactionCount" => $"0x{Count(parameters[0]!.GetValue<string>(), parameters[1]!.GetValue<string>()):x}",
        "eth_getTransactionReceipt" => Receipt(parameters[0]!.GetValue<string>()),
        "eth_getTransactionByHash" => _pool.Concat(_blocks.SelectMany(block => block.Transactions)).Any(known => Name(known) == parameters[0]!.GetValue<string>())
            ? new JsonObject() : null,
        "eth_sendRawTransaction" => Take(parameters[0]!.GetValue<string>()),
        "eth_getLogs" => new JsonArray(),
        _ => throw new ScriptedErrorException(-32601, "Method not found"),
    };

    private string Take(string raw)
    {
        var transaction = EthereumTransaction.Decode(Convert.FromHexString(raw.AsSpan(2)));
        _sent.Add(transaction);
        _pool.Add(transaction);
        if (IsAutomining)
        {
            Mine();
        }

        return Name(transaction);
    }

    private JsonObject? Block(string tag)
    {
        var number = tag == "latest" ? Head.Number : Convert.ToUInt64(tag[2..], 16);
        return number < (ulong)_blocks.Count ? Json(_blocks[(int)number]) : null;
    }

    private ulong Count(string account, string tag)
    {
        var last = tag is "latest" or "pending" ? Head.Number : Convert.ToUInt64(tag[2..], 16);
        var all = _blocks.Where(block => block.Number <= last).SelectMany(block => block.Transactions).Concat(tag == "pending" ? _pool : []);
        return (ulong)all.Where(known => known.RecoverSender().ToString() == account).Select(known => known.Nonce).Distinct().Count();
    }

    private JsonObject? Receipt(string transaction)
    {
        var block = _blocks.Find(block => block.Transactions.Any(known => Name(known) == transaction));
        return block is null ? null : new JsonObject
        {
            ["transactionHash"] = transaction,
            ["blockNumber"] = $"0x{block.Number:x}",
            ["blockHash"] = block.Hash,
            ["status"] = _reverting.Contains(transaction) ? "0x0" : "0x1",
            ["gasUsed"] = "0x5208",
            ["contractAddress"] = null,
            ["logs"] = new JsonArray(),
        };
    }

    private static JsonObject Json(ScriptedBlock block) => new()
    {
        ["number"] = $"0x{block.Number:x}",
        ["hash"] = block.Hash,
        ["parentHash"] = block.Parent,
        ["timestamp"] = $"0x{2_000_000_000 + block.Number:x}",
        ["baseFeePerGas"] = "0x3b9aca00",
        ["transactions"] = new JsonArray([.. block.Transactions.Select(known => JsonValue.Create(Name(known)))]),
    };

    private static string Name(EthereumTransaction transaction) => $"0x{transaction.Hash()}";
}
