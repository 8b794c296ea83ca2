using System.Text.Json;
using System.Text.Unicode;

namespace Sdk.Core.Ledger.Ethereum;

/// <summary>What a node answers to one call: a result, which may be null, or an error.</summary>
internal readonly record struct JsonRpcAnswer(JsonElement Result, JsonRpcError? Error)
{
    private const int MessageLengthMax = 300;
    private const string RevertedWord = "Reverted ";
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Whether the result is null: what was asked for does not exist.</summary>
    public bool IsNull => Error is null && Result.ValueKind == JsonValueKind.Null;

    /// <summary>
    /// Reads the answers to calls with ids from <paramref name="firstId"/> on: an object to one call, an array to several, in any order,
    /// each id exactly once (JSON-RPC 2.0, sections 5 and 6).
    /// </summary>
    /// <exception cref="LedgerException">The body is anything else (<see cref="LedgerFailure.Untrustworthy"/>).</exception>
    public static JsonRpcAnswer[] Read(ReadOnlySpan<byte> body, long firstId, int count, bool isBatch)
    {
        if (!Utf8.IsValid(body))
        {
            throw EthereumJson.Wrong("it is not UTF-8");
        }

        JsonElement root;
        try
        {
            root = JsonElement.Parse(body, Strict);
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            throw new LedgerException(LedgerFailure.Untrustworthy, "The node's answer is not JSON, or says something twice.", broken);
        }

        if (!isBatch)
        {
            return [ReadOne(root, firstId, out _)];
        }

        if (root.ValueKind != JsonValueKind.Array || root.GetArrayLength() != count)
        {
            throw EthereumJson.Wrong($"{count} calls have no {count} answers");
        }

        var answers = new JsonRpcAnswer?[count];
        foreach (var item in root.EnumerateArray())
        {
            var answer = ReadOne(item, expectedId: null, out var id);
            if (id < firstId || id - firstId >= count || answers[id - firstId] is not null)
            {
                throw EthereumJson.Wrong("an answer has an id that no call has, or that another answer has");
            }

            answers[id - firstId] = answer;
        }

        return [.. answers.Select(answer => answer!.Value)];
    }

    private static JsonRpcAnswer ReadOne(JsonElement answer, long? expectedId, out long id)
    {
        var version = EthereumJson.Member(answer, "jsonrpc");
        var member = EthereumJson.Member(answer, "id");
        if (version.ValueKind != JsonValueKind.String || !version.ValueEquals("2.0"u8)
            || member.ValueKind != JsonValueKind.Number || !member.TryGetInt64(out id) || (expectedId is { } expected && id != expected))
        {
            throw EthereumJson.Wrong("it is no JSON-RPC 2.0, or answers another call");
        }

        var hasResult = EthereumJson.TryMember(answer, "result", out var result);
        var error = EthereumJson.Optional(answer, "error");
        return hasResult == error.HasValue
            ? throw EthereumJson.Wrong("it has neither a result nor an error, or both")
            : new JsonRpcAnswer(result, error is { } given ? ReadError(given) : null);
    }

    private static JsonRpcError ReadError(JsonElement error)
    {
        var code = EthereumJson.Member(error, "code");
        var message = EthereumJson.Member(error, "message");
        if (code.ValueKind != JsonValueKind.Number || !code.TryGetInt64(out var number) || message.ValueKind != JsonValueKind.String)
        {
            throw EthereumJson.Wrong("an error has no code or no message");
        }

        return new JsonRpcError(number, Shown(message), RevertData(error));
    }

    private static string Shown(JsonElement message)
    {
        try
        {
            var text = message.GetString()!;
            return text.Length <= MessageLengthMax ? text : text[..MessageLengthMax];
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair. The message is for people only.
            return "(not Unicode)";
        }
    }

    /// <summary>What a reverted call came back with: 0x and digits; on some nodes after a word, or in an object under the same name again.</summary>
    private static byte[]? RevertData(JsonElement error)
    {
        var data = EthereumJson.Optional(error, "data");
        if (data is { ValueKind: JsonValueKind.Object } inner)
        {
            data = EthereumJson.Optional(inner, "data");
        }

        // Other errors put texts of any kind there. The raw text of hexadecimal digits is the text: they need no escapes.
        var text = data is { ValueKind: JsonValueKind.String } given ? given.GetRawText().AsSpan().Trim('"') : default;
        text = text.StartsWith(RevertedWord) ? text[RevertedWord.Length..] : text;
        if (!text.StartsWith("0x") || text.Length % 2 != 0)
        {
            return null;
        }

        var bytes = new byte[(text.Length - 2) / 2];
        return Convert.FromHexString(text[2..], bytes, out _, out _) == System.Buffers.OperationStatus.Done ? bytes : null;
    }
}

/// <summary>A node's refusal (JSON-RPC 2.0, section 5.1).</summary>
/// <param name="Code">What kind of error; nodes agree on few.</param>
/// <param name="Message">What it says to people, shortened.</param>
/// <param name="Data">What a contract reverted with; null where it does not say.</param>
internal sealed record JsonRpcError(long Code, string Message, byte[]? Data)
{
    /// <summary>go-ethereum's code of a call that a contract reverted; others have taken it over.</summary>
    private const long RevertCode = 3;

    /// <summary>Whether a contract refused the call.</summary>
    public bool IsRevert => Data is not null || Code == RevertCode || Says("revert");

    public bool Says(string words) => Message.Contains(words, StringComparison.OrdinalIgnoreCase);
}
