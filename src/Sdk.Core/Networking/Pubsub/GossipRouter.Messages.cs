namespace Sdk.Core.Networking.Pubsub;

/// <summary>The verdict on a message: what a shell finds out about its signature, and what a validator says.</summary>
internal enum MessageVerdict
{
    /// <summary>Delivered and passed on.</summary>
    Accept,

    /// <summary>Dropped without blame, and remembered.</summary>
    Ignore,

    /// <summary>Dropped and remembered; everybody who sends it is blamed.</summary>
    Reject,

    /// <summary>The signature is wrong, so the id says nothing: another copy may be true.</summary>
    Forged,

    /// <summary>There was no time to look: dropped and forgotten.</summary>
    Unjudged,
}

/// <summary>The way of a message: received, judged, delivered, passed on.</summary>
internal sealed partial class GossipRouter
{
    /// <summary>Messages whose verdict is awaited, by id, each with the copies that came meanwhile.</summary>
    private readonly Dictionary<byte[], Pending> _pending = new(BytesComparer.Instance);

    /// <summary>
    /// Whether a publisher should wait: at least half of the peers that the message would go to have full queues. Peers whose queue does not
    /// move at all are not waited for.
    /// </summary>
    public bool IsCongested(string name)
    {
        if (!_topics.TryGetValue(name, out var topic))
        {
            return false;
        }

        int full = 0, all = 0;
        foreach (var peer in TargetsOfOwn(topic))
        {
            if (!peer.Outbound.HasRoom && Now - peer.MovedAt >= _parameters.StallAfter)
            {
                continue;
            }

            all++;
            full += peer.Outbound.HasRoom ? 0 : 1;
        }

        return full > 0 && 2 * full >= all;
    }

    /// <summary>Sends this node's own message.</summary>
    /// <returns>To how many peers; 0 also where the id was seen before.</returns>
    public int Publish(PubsubMessage message)
    {
        if (IsKnown(message.Id))
        {
            return 0;
        }

        Remember(message, isInvalid: false);
        _cache.Add(message);
        var topic = GetOrAddTopic(message.Topic);
        topic.PublishedAt = Now;
        if (!topic.IsSubscribed)
        {
            FillFanout(topic);
        }

        var sent = 0;
        foreach (var peer in TargetsOfOwn(topic))
        {
            sent += Send(peer, message, isAnswer: false) ? 1 : 0;
        }

        ForgetIfIdle(topic);
        return sent;
    }

    /// <summary>The verdict on a message that <see cref="GossipEffectKind.Validate"/> asked for.</summary>
    public void Validated(PubsubMessage message, MessageVerdict verdict)
    {
        if (!_pending.TryGetValue(message.Id, out var pending) || pending.Current.Message != message)
        {
            return;
        }

        var (peer, _) = pending.Current;
        if (verdict == MessageVerdict.Forged)
        {
            BroughtInvalid(peer, PubsubFault.Forged);
            if (pending.Copies.TryDequeue(out var next))
            {
                pending.Current = next;
                _effects.Enqueue(new GossipEffect(GossipEffectKind.Validate, next.Peer, next.Message));
                return;
            }
        }

        _pending.Remove(message.Id);
        switch (verdict)
        {
            case MessageVerdict.Accept:
                Remember(message, isInvalid: false);
                peer.Score.FirstDeliveries = Math.Min(peer.Score.FirstDeliveries + 1, _parameters.Score.FirstDeliveryCap);
                Accept(message, pending);
                break;
            case MessageVerdict.Ignore:
                Remember(message, isInvalid: false);
                break;
            case MessageVerdict.Reject:
                Remember(message, isInvalid: true);
                BroughtInvalid(peer, PubsubFault.Rejected);
                foreach (var copy in pending.Copies)
                {
                    BroughtInvalid(copy.Peer, PubsubFault.Rejected);
                }

                break;
        }
    }

    private void ReceiveMessage(GossipPeer peer, ReadOnlySpan<byte> encoded)
    {
        var fields = MessageFields.Read(encoded);
        if (FindTopic(fields.Topic) is not { IsSubscribed: true } topic)
        {
            // We may have left while it was under way.
            return;
        }

        if (!IsOfPolicy(fields))
        {
            BroughtInvalid(peer, PubsubFault.Policy);
            return;
        }

        if (_parameters.IsSigned && fields.From.SequenceEqual(_self.Bytes.Span))
        {
            // Our own come back while they are known; older ones are replayed, and are no news.
            return;
        }

        if (_parameters.MessageId is null && _parameters.IsSigned)
        {
            // Most copies end here, before anything is allocated.
            Span<byte> id = stackalloc byte[RpcLimits.MaxIdBytes];
            var length = fields.From.Length + PubsubMessage.SequenceNumberBytes;
            fields.From.CopyTo(id);
            fields.SequenceNumber.CopyTo(id[fields.From.Length..]);
            if (IsDuplicate(peer, id[..length]))
            {
                return;
            }
        }

        var message = PubsubMessage.Receive(fields, topic.Name, peer.Id, _parameters.MessageId);
        if (message.Id.Length is 0 or > RpcLimits.MaxIdBytes || IsDuplicate(peer, message.Id))
        {
            return;
        }

        if (IsReplay(message))
        {
            Report(peer, PubsubFault.Replayed);
            KeepPromises(peer, message.Id);
            return;
        }

        Judge(peer, topic, message);
    }

    private void Judge(GossipPeer peer, Topic topic, PubsubMessage message)
    {
        if (_pending.TryGetValue(message.Id, out var pending))
        {
            if (pending.Copies.Count < _parameters.MaxCopies)
            {
                pending.Copies.Enqueue((peer, message));
            }

            return;
        }

        _pending.Add(message.Id, new Pending { Current = (peer, message) });
        _effects.Enqueue(new GossipEffect(GossipEffectKind.Validate, peer, message));
        if (message.EncodedBytes >= _parameters.IDontWantThresholdBytes)
        {
            SendIDontWant(peer, topic, message);
        }
    }

    /// <summary>Tells the mesh before the message is judged: that is when the copies are on their way.</summary>
    private void SendIDontWant(GossipPeer from, Topic topic, PubsubMessage message)
    {
        byte[]? entry = null;
        foreach (var peer in topic.Mesh)
        {
            if (peer != from && peer.Version >= GossipVersion.Meshsub12 && peer.Outbound.TryAddGossip(entry ??= RpcWriter.IDontWant([message.Id])))
            {
                Wake(peer);
            }
        }
    }

    private void Accept(PubsubMessage message, Pending pending)
    {
        _effects.Enqueue(new GossipEffect(GossipEffectKind.Deliver, null, message));
        _cache.Add(message);
        if (!_topics.TryGetValue(message.Topic, out var topic))
        {
            return;
        }

        foreach (var peer in topic.Mesh)
        {
            Forward(peer, message, pending);
        }

        foreach (var peer in topic.Peers)
        {
            if (!peer.SpeaksMeshsub && ScoreOf(peer) >= _parameters.Score.PublishThreshold)
            {
                Forward(peer, message, pending);
            }
        }
    }

    private void Forward(GossipPeer peer, PubsubMessage message, Pending pending)
    {
        // Neither its author nor those who sent it need it.
        if (peer != pending.Current.Peer && peer.Id != message.From && !pending.Copies.Any(copy => copy.Peer == peer))
        {
            Send(peer, message, isAnswer: false);
        }
    }

    private bool Send(GossipPeer peer, PubsubMessage message, bool isAnswer)
    {
        if (peer.Unwanted.ContainsKey(message.Id))
        {
            return false;
        }

        if (!peer.Outbound.TryAddMessage(message, isAnswer))
        {
            DroppedMessages++;
            return false;
        }

        Wake(peer);
        return true;
    }

    private IEnumerable<GossipPeer> TargetsOfOwn(Topic topic)
    {
        if (!_parameters.FloodsOwn)
        {
            var few = topic.IsSubscribed ? topic.Mesh : topic.Fanout;
            return few.Concat(topic.Peers.Where(peer => !peer.SpeaksMeshsub));
        }

        return topic.Peers.Where(peer => topic.Mesh.Contains(peer) || ScoreOf(peer) >= _parameters.Score.PublishThreshold);
    }

    /// <summary>Whether the fields are those that the signature policy asks for. Unsigned ones may carry nothing that names their author.</summary>
    private bool IsOfPolicy(in MessageFields fields) => _parameters.IsSigned
        ? fields.SequenceNumber.Length == PubsubMessage.SequenceNumberBytes && !fields.Signature.IsEmpty
            && fields.From.Length is > 0 and <= RpcLimits.MaxIdBytes - PubsubMessage.SequenceNumberBytes
        : !fields.Has(RpcFields.From) && !fields.Has(RpcFields.SequenceNumber) && !fields.Has(RpcFields.Signature) && !fields.Has(RpcFields.Key);

    private bool IsDuplicate(GossipPeer peer, ReadOnlySpan<byte> id)
    {
        if (!_seen.Contains(id, out var isInvalid))
        {
            return false;
        }

        if (isInvalid)
        {
            BroughtInvalid(peer, PubsubFault.Rejected);
        }

        return true;
    }

    /// <summary>Forged or true, a message below its publisher's floor is no news, so its signature need not be looked at.</summary>
    private bool IsReplay(PubsubMessage message) =>
        KeepsNumbers && (_mutations & GossipMutations.NoReplayGuard) == 0 && _replays.IsReplay(message.FromField, message.SequenceNumber!.Value);

    private bool KeepsNumbers => _parameters.IsSigned && _parameters.IgnoresReplays;

    private void BroughtInvalid(GossipPeer peer, PubsubFault fault)
    {
        peer.Score.Invalid++;
        Report(peer, fault);
    }

    private bool IsKnown(ReadOnlySpan<byte> id) =>
        _seen.Contains(id, out _) || _pending.GetAlternateLookup<ReadOnlySpan<byte>>().ContainsKey(id);

    /// <summary>The message, proven to be its publisher's where messages are signed, is not judged again.</summary>
    private void Remember(PubsubMessage message, bool isInvalid)
    {
        if ((_mutations & GossipMutations.NoSeenCache) != 0)
        {
            return;
        }

        var publisher = KeepsNumbers ? _replays.Heard(message.FromField, Now) : null;
        _seen.Add(message.Id, isInvalid, Now, publisher, message.SequenceNumber ?? 0);
    }

    private sealed class Pending
    {
        public required (GossipPeer Peer, PubsubMessage Message) Current { get; set; }

        public Queue<(GossipPeer Peer, PubsubMessage Message)> Copies { get; } = [];
    }
}
