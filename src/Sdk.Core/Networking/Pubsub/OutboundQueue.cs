using System.Buffers;

namespace Sdk.Core.Networking.Pubsub;

/// <summary>
/// What waits to be sent to one peer, and the packing of it into RPCs when the stream has room. Changes of subscription and mesh replace
/// each other, so that there is at most one per topic; advice (IHAVE, IWANT, IDONTWANT) is the first to be dropped; messages are bounded by
/// number and bytes.
/// </summary>
internal sealed class OutboundQueue(GossipParameters parameters, GossipMutations mutations)
{
    private readonly Dictionary<string, byte[]> _subscriptions = [];
    private readonly Dictionary<string, byte[]> _mesh = [];
    private readonly Queue<byte[]> _gossip = [];
    private readonly Queue<PubsubMessage> _messages = [];
    private int _messageBytes;

    public int Messages => _messages.Count;

    public bool IsEmpty => _messages.Count + _gossip.Count + _mesh.Count + _subscriptions.Count == 0;

    public bool HasRoom => mutations.HasFlag(GossipMutations.NoQueueLimit)
        || (_messages.Count < parameters.MaxQueuedMessages && _messageBytes < parameters.MaxQueuedBytes);

    private bool IsHalfFull => !mutations.HasFlag(GossipMutations.NoQueueLimit)
        && (2 * _messages.Count >= parameters.MaxQueuedMessages || 2 * _messageBytes >= parameters.MaxQueuedBytes);

    public void SetSubscription(string topic, bool isSubscribed) => _subscriptions[topic] = RpcWriter.Subscription(topic, isSubscribed);

    /// <summary>GRAFT or PRUNE, whichever is later.</summary>
    public void SetMesh(string topic, byte[] entry) => _mesh[topic] = entry;

    /// <summary>Takes back a GRAFT or PRUNE that has not left.</summary>
    public void ClearMesh(string topic) => _mesh.Remove(topic);

    /// <summary>False where it was dropped.</summary>
    public bool TryAddGossip(byte[] entry)
    {
        if (IsHalfFull || _gossip.Count >= parameters.MaxQueuedGossip)
        {
            return false;
        }

        _gossip.Enqueue(entry);
        return true;
    }

    /// <summary>False where it was dropped. An answer to IWANT gives way to messages of the mesh.</summary>
    public bool TryAddMessage(PubsubMessage message, bool isAnswer)
    {
        if (isAnswer ? IsHalfFull : !HasRoom)
        {
            return false;
        }

        _messages.Enqueue(message);
        _messageBytes += message.EncodedBytes;
        return true;
    }

    public void Clear()
    {
        _subscriptions.Clear();
        _mesh.Clear();
        _gossip.Clear();
        _messages.Clear();
        _messageBytes = 0;
    }

    /// <summary>Writes one frame, length first: as many parts as fit, and at least one. Messages in <paramref name="unwanted"/> are dropped.</summary>
    public bool TryTakeFrame(IBufferWriter<byte> output, Dictionary<byte[], int> unwanted)
    {
        var subscriptions = TakeWhileFits(_subscriptions, 0, out var subscriptionBytes);
        var mesh = TakeWhileFits(_mesh, subscriptionBytes, out var meshBytes);
        var before = subscriptionBytes + meshBytes;
        var gossip = 0;
        var gossipBytes = 0;
        foreach (var entry in _gossip)
        {
            if (before + gossipBytes > 0 && before + gossipBytes + entry.Length > parameters.FrameBytes)
            {
                break;
            }

            gossip++;
            gossipBytes += entry.Length;
        }

        var controlBytes = meshBytes + gossipBytes;
        var total = subscriptionBytes + (controlBytes == 0 ? 0 : RpcWriter.SizeOf(controlBytes));
        var messages = CountMessages(unwanted, ref total);
        if (total == 0)
        {
            return false;
        }

        var span = output.GetSpan(Varint.MaxBytes);
        output.Advance(Varint.Write(span, (ulong)total));
        WriteAll(output, subscriptions);
        for (; messages > 0; messages--)
        {
            var message = _messages.Dequeue();
            _messageBytes -= message.EncodedBytes;
            WriteHead(output, RpcFields.Publish, message.EncodedBytes);
            output.Write(message.Encoded);
        }

        if (controlBytes > 0)
        {
            WriteHead(output, RpcFields.Control, controlBytes);
            WriteAll(output, mesh);
            for (; gossip > 0; gossip--)
            {
                output.Write(_gossip.Dequeue());
            }
        }

        return true;
    }

    private static void WriteAll(IBufferWriter<byte> output, List<byte[]>? entries)
    {
        foreach (var entry in entries ?? [])
        {
            output.Write(entry);
        }
    }

    private static void WriteHead(IBufferWriter<byte> output, int field, int contentBytes) =>
        output.Advance(RpcWriter.WriteHead(output.GetSpan(1 + Varint.MaxBytes), field, contentBytes));

    /// <summary>How many of the first messages go into the frame; unwanted ones at the head are dropped.</summary>
    private int CountMessages(Dictionary<byte[], int> unwanted, ref int total)
    {
        while (unwanted.Count > 0 && _messages.TryPeek(out var first) && unwanted.ContainsKey(first.Id))
        {
            _messageBytes -= _messages.Dequeue().EncodedBytes;
        }

        var count = 0;
        foreach (var message in _messages)
        {
            var size = RpcWriter.SizeOf(message.EncodedBytes);
            if ((total > 0 && total + size > parameters.FrameBytes) || (count > 0 && unwanted.ContainsKey(message.Id)))
            {
                break;
            }

            count++;
            total += size;
        }

        return count;
    }

    private List<byte[]>? TakeWhileFits(Dictionary<string, byte[]> entries, int before, out int bytes)
    {
        bytes = 0;
        if (entries.Count == 0)
        {
            return null;
        }

        var taken = new List<byte[]>(entries.Count);
        foreach (var (topic, entry) in entries)
        {
            if (before + bytes > 0 && before + bytes + entry.Length > parameters.FrameBytes)
            {
                break;
            }

            taken.Add(entry);
            bytes += entry.Length;

            // Removal during enumeration is allowed, and keeps what is left for the next frame.
            entries.Remove(topic);
        }

        return taken;
    }
}
