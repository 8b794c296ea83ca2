using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sdk.Core.Ledger.Ethereum;

/// <summary>
/// Calls methods of a node by JSON-RPC 2.0 over HTTP, several at once where wanted. The node is not trusted: answers have a limit of
/// length and of time, redirects are refused, ids are compared. Every failure is a <see cref="LedgerException"/>; an error that the node
/// answers is a value.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class JsonRpcClient : IDisposable
{
    /// <summary>How many calls go in one request: what public nodes commonly take.</summary>
    private const int BatchMax = 50;

    private const int BufferBytesAtFirst = 16 * 1024;
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly HttpClient _http;
    private readonly Uri _endpoint;
    private readonly int _answerBytesMax;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private long _lastId;

    /// <param name="endpoint">Where the node answers.</param>
    /// <param name="answerBytesMax">Longer answers are refused.</param>
    /// <param name="timeout">How long an answer may take, to its last byte.</param>
    /// <param name="time">The clock.</param>
    /// <param name="handler">What carries HTTP; null for sockets. Disposed with this.</param>
    public JsonRpcClient(Uri endpoint, int answerBytesMax, TimeSpan timeout, TimeProvider time, HttpMessageHandler? handler = null)
    {
        (_endpoint, _answerBytesMax, _timeout, _time) = (endpoint, answerBytesMax, timeout, time);
        _http = new HttpClient(handler ?? new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = !endpoint.IsLoopback,
            AutomaticDecompression = DecompressionMethods.None,
        });

        // The time limit below is of our own clock, and names itself.
        _http.Timeout = Timeout.InfiniteTimeSpan;
    }

    /// <summary>Calls one method.</summary>
    public async Task<JsonRpcAnswer> CallAsync(JsonRpcRequest request, CancellationToken cancellationToken)
    {
        var id = Interlocked.Increment(ref _lastId);
        var body = await PostAsync(Envelope(id, request), cancellationToken).ConfigureAwait(false);
        return JsonRpcAnswer.Read(body.Span, id, count: 1, isBatch: false)[0];
    }

    /// <summary>Calls several methods; the answers stand in the calls' order.</summary>
    public async Task<IReadOnlyList<JsonRpcAnswer>> CallAsync(IReadOnlyList<JsonRpcRequest> requests, CancellationToken cancellationToken)
    {
        var answers = new List<JsonRpcAnswer>(requests.Count);
        foreach (var chunk in requests.Chunk(BatchMax))
        {
            var firstId = Interlocked.Add(ref _lastId, chunk.Length) - chunk.Length + 1;
            var batch = new JsonArray([.. chunk.Select((request, i) => Envelope(firstId + i, request))]);
            var body = await PostAsync(batch, cancellationToken).ConfigureAwait(false);
            answers.AddRange(JsonRpcAnswer.Read(body.Span, firstId, chunk.Length, isBatch: true));
        }

        return answers;
    }

    public void Dispose() => _http.Dispose();

    private static JsonObject Envelope(long id, JsonRpcRequest request) => new()
    {
        ["jsonrpc"] = "2.0",
        ["id"] = id,
        ["method"] = request.Method,
        ["params"] = new JsonArray([.. request.Parameters.Select(parameter => parameter?.DeepClone())]),
    };

    private async Task<ReadOnlyMemory<byte>> PostAsync(JsonNode body, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_timeout, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var buffer = new MemoryStream();
            using (var writer = new Utf8JsonWriter(buffer))
            {
                body.WriteTo(writer);
            }

            using var content = new ByteArrayContent(buffer.GetBuffer(), 0, (int)buffer.Length);
            content.Headers.ContentType = Json;
            using var request = new HttpRequestMessage(HttpMethod.Post, _endpoint) { Content = content };
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, both.Token).ConfigureAwait(false);
            return await ReadAsync(response, both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new LedgerException(LedgerFailure.Unreachable, $"The node did not answer within {_timeout.TotalSeconds:0.#} s.", late);
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException)
        {
            throw new LedgerException(LedgerFailure.Unreachable, "The node cannot be reached, or broke off its answer.", broken);
        }
    }

    private async Task<ReadOnlyMemory<byte>> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.StatusCode != HttpStatusCode.OK)
        {
            // A redirect could lead a signed transaction, or the key in a URL, to anybody.
            throw new LedgerException(LedgerFailure.Unreachable, $"The node answers with HTTP status {(int)response.StatusCode}.");
        }

        if (response.Content.Headers.ContentLength > _answerBytesMax)
        {
            throw TooLong();
        }

        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using var closing = stream.ConfigureAwait(false);
        var buffer = new byte[Math.Min(BufferBytesAtFirst, _answerBytesMax + 1)];
        for (var end = 0; ;)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(end), cancellationToken).ConfigureAwait(false);
            end += read;
            if (read == 0)
            {
                return buffer.AsMemory(0, end);
            }

            if (end > _answerBytesMax)
            {
                throw TooLong();
            }

            if (end == buffer.Length)
            {
                Array.Resize(ref buffer, (int)Math.Min(2L * buffer.Length, _answerBytesMax + 1L));
            }
        }
    }

    private LedgerException TooLong() => new(LedgerFailure.TooLarge, $"The node's answer is longer than {_answerBytesMax} bytes.");
}
