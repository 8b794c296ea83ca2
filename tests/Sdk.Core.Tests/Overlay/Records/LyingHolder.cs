using Sdk.Core.Addressing;
using Sdk.Core.Networking;
using Sdk.Core.Overlay;
using Sdk.Core.Overlay.Routing;
using Sdk.Core.Overlay.Wire;

namespace Sdk.Core.Tests.Overlay.Records;

/// <summary>A node that shows a good record, stands in others' tables, and says of records whatever a test wants.</summary>
internal sealed class LyingHolder : IAsyncDisposable
{
    private readonly Node _node;
    private readonly NodeRecord _record;
    private readonly Func<OverlayMessage, OverlayMessage?> _answer;
    private readonly List<Task> _conversations = [];
    private readonly List<PeerStream> _streams = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _sending = new(1);
    private readonly NodeRecordCache _received = new();
    private ulong _lastRequest = 1;

    private LyingHolder(Node node, Func<OverlayMessage, OverlayMessage?> answer)
    {
        (_node, _answer) = (node, answer);
        _record = NodeRecord.Create(node.Device, new byte[NodeRecord.NonceBytes], node.Switch.ListenAddresses, isLight: false, TimeProvider.System.GetUtcNow());
    }

    public OverlayAddress Address => _record.Address;

    /// <summary>What it was asked about records.</summary>
    public List<OverlayMessage> Asked { get; } = [];

    /// <summary>Joins every node of the town; each has it in its table when this returns.</summary>
    /// <param name="town">Whom to join.</param>
    /// <param name="answer">What it answers to what is asked about records; null to say nothing.</param>
    public static async Task<LyingHolder> JoinAsync(Town town, Func<OverlayMessage, OverlayMessage?> answer)
    {
        var holder = new LyingHolder(await Node.StartAsync(NodeOptions.Local(), town.Cancelled), answer);
        foreach (var node in town.Nodes)
        {
            var connection = await holder._node.Switch.DialAsync(node.Addresses[0], town.Cancelled);
            var stream = await connection.OpenStreamAsync(OverlayWire.Protocol, town.Cancelled);
            holder._streams.Add(stream);
            var joined = new TaskCompletionSource();
            holder._conversations.Add(Task.Run(() => holder.ConverseAsync(stream, joined)));
            await joined.Task.WaitAsync(town.Cancelled);
        }

        return holder;
    }

    /// <summary>How often it was asked this.</summary>
    public int Count<T>()
    {
        lock (Asked)
        {
            return Asked.OfType<T>().Count();
        }
    }

    /// <summary>Asks a node of the town, and does not wait for the answer.</summary>
    public Task AskAsync(int node, OverlayMessage question) => SendAsync(_streams[node], OverlayWire.Write(++_lastRequest, isAnswer: false, question));

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_conversations).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _node.DisposeAsync();
        _stopping.Dispose();
        _sending.Dispose();
    }

    private async Task ConverseAsync(PeerStream stream, TaskCompletionSource joined)
    {
        await SendAsync(stream, OverlayWire.Hello(_record));
        await ReadAsync(stream);

        // The answer to a question shows that it stands in the table.
        await SendAsync(stream, OverlayWire.Write(1, isAnswer: false, PingMessage.Instance));
        while (await ReadAsync(stream) is { } frame)
        {
            if (frame.Answer)
            {
                joined.TrySetResult();
            }
            else if (frame.Request != 0 && AnswerTo(OverlayWire.Read(frame, _received)) is { } answer)
            {
                await SendAsync(stream, OverlayWire.Write(frame.Request, isAnswer: true, answer));
            }
        }
    }

    private OverlayMessage? AnswerTo(OverlayMessage question)
    {
        switch (question)
        {
            case PingMessage:
                return PongMessage.Instance;
            case FindNodesMessage:
                return new NodesMessage([]);
            default:
                lock (Asked)
                {
                    Asked.Add(question);
                }

                return _answer(question);
        }
    }

    private async Task SendAsync(PeerStream stream, OverlayFrame frame)
    {
        await _sending.WaitAsync();
        try
        {
            ProtobufFrame.Write(stream.Output, frame);
            await stream.Output.FlushAsync();
        }
        finally
        {
            _sending.Release();
        }
    }

    private ValueTask<OverlayFrame?> ReadAsync(PeerStream stream) =>
        ProtobufFrame.ReadAsync(stream.Input, OverlayFrame.Parser, OverlayWire.MaxFrameBytes, _stopping.Token);
}
