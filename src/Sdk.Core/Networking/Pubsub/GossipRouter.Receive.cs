using System.Text;

namespace Sdk.Core.Networking.Pubsub;

/// <summary>What peers send: subscriptions and control.</summary>
internal sealed partial class GossipRouter
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>An RPC of a peer, which <see cref="RpcLimits.Check"/> passed.</summary>
    public void Receive(GossipPeer peer, ReadOnlySpan<byte> rpc)
    {
        if (!_peers.TryGetValue(peer.Id, out var known) || known != peer || IsGraylisted(peer))
        {
            return;
        }

        // Subscriptions first, whatever the order on the wire: a GRAFT beside one means it.
        ReceiveParts(peer, rpc, RpcFields.Subscriptions);
        ReceiveParts(peer, rpc, RpcFields.Publish);
        ReceiveParts(peer, rpc, RpcFields.Control);
    }

    /// <summary>The peer sent what is no RPC, or one that is too large.</summary>
    public void ReceivedGarbage(GossipPeer peer) => Misbehaved(peer, PubsubFault.Garbage);

    private void Misbehaved(GossipPeer peer, PubsubFault fault)
    {
        peer.Score.Behaviour++;
        Report(peer, fault);
    }

    private void ReceiveParts(GossipPeer peer, ReadOnlySpan<byte> rpc, int field)
    {
        var hasIHave = false;
        List<byte[]>? wanted = null;
        var reader = new RpcReader(rpc);
        while (reader.TryRead())
        {
            switch (reader.Field)
            {
                case var other when other != field || !reader.IsBytes:
                    break;
                case RpcFields.Subscriptions:
                    ReceiveSubscription(peer, reader.Bytes);
                    break;
                case RpcFields.Publish:
                    ReceiveMessage(peer, reader.Bytes);
                    break;
                default:
                    ReceiveControl(peer, reader.Bytes, ref hasIHave, ref wanted);
                    break;
            }
        }

        if (wanted is not null)
        {
            AskFor(peer, wanted);
        }
    }

    private void ReceiveSubscription(GossipPeer peer, ReadOnlySpan<byte> subscription)
    {
        var isSubscribed = false;
        ReadOnlySpan<byte> name = default;
        var reader = new RpcReader(subscription);
        while (reader.TryRead())
        {
            isSubscribed = reader.Field == RpcFields.Subscribe ? reader.Number != 0 : isSubscribed;
            name = reader.Field == RpcFields.SubscribeTopic ? reader.Bytes : name;
        }

        if (!isSubscribed)
        {
            if (FindTopic(name) is { } left)
            {
                left.Peers.Remove(peer);
                left.Mesh.Remove(peer);
                left.Fanout.Remove(peer);
                peer.Topics.Remove(left);
                ForgetIfIdle(left);
            }
        }
        else if (name.Length <= _parameters.MaxTopicBytes && peer.Topics.Count < _parameters.MaxTopicsPerPeer
            && (FindTopic(name) ?? TryAddTopic(name)) is { } topic)
        {
            topic.Peers.Add(peer);
            peer.Topics.Add(topic);
            if (topic.IsSubscribed && topic.Mesh.Count < _parameters.MeshLow && IsGraftable(topic, peer))
            {
                // Rather than at the next heartbeat: two nodes that meet can talk at once.
                Graft(topic, peer);
            }
        }
    }

    private Topic? TryAddTopic(ReadOnlySpan<byte> name)
    {
        try
        {
            return GetOrAddTopic(StrictUtf8.GetString(name));
        }
        catch (DecoderFallbackException)
        {
            // Names are UTF-8; what is not names nothing that anybody here could subscribe to.
            return null;
        }
    }

    private void ReceiveControl(GossipPeer peer, ReadOnlySpan<byte> control, ref bool hasIHave, ref List<byte[]>? wanted)
    {
        if (!peer.SpeaksMeshsub)
        {
            return;
        }

        var hasGossip = ScoreOf(peer) >= _parameters.Score.GossipThreshold;
        var reader = new RpcReader(control);
        while (reader.TryRead())
        {
            switch (reader.Field)
            {
                case RpcFields.Graft:
                    ReceiveGraft(peer, reader.Bytes);
                    break;
                case RpcFields.Prune:
                    ReceivePrune(peer, reader.Bytes);
                    break;
                case RpcFields.IHave when hasGossip && IsIHaveHeard(peer, ref hasIHave):
                    ReceiveIHave(peer, reader.Bytes, wanted ??= []);
                    break;
                case RpcFields.IWant when hasGossip:
                    ReceiveIWant(peer, reader.Bytes);
                    break;
                case RpcFields.IDontWant:
                    ReceiveIDontWant(peer, reader.Bytes);
                    break;
            }
        }
    }

    private void ReceiveGraft(GossipPeer peer, ReadOnlySpan<byte> graft)
    {
        // A GRAFT for a topic that is not ours is not answered: an answer would be what a flood wants.
        if (FindTopic(TopicOf(graft)) is not { IsSubscribed: true } topic || topic.Mesh.Contains(peer))
        {
            return;
        }

        if (topic.Backoff.TryGetValue(peer.Id, out var until) && until > Now)
        {
            Misbehaved(peer, PubsubFault.Backoff);
            if (Now < until - _parameters.PruneBackoff + _parameters.GraftFloodThreshold)
            {
                peer.Score.Behaviour++;
            }

            Prune(topic, peer, _parameters.PruneBackoff);
        }
        else if (ScoreOf(peer) < 0 || (topic.Mesh.Count >= _parameters.MeshHigh && !peer.IsOutbound))
        {
            Prune(topic, peer, _parameters.PruneBackoff);
        }
        else if (topic.Peers.Contains(peer) || peer.Topics.Count < _parameters.MaxTopicsPerPeer)
        {
            topic.Peers.Add(peer);
            peer.Topics.Add(topic);
            topic.Mesh.Add(peer);
        }
    }

    private void ReceivePrune(GossipPeer peer, ReadOnlySpan<byte> prune)
    {
        // A topic with backoffs is one that we left a moment ago and may come back to.
        if (FindTopic(TopicOf(prune)) is not { } topic || (!topic.IsSubscribed && topic.Backoff.Count == 0))
        {
            return;
        }

        ulong seconds = 0;
        var reader = new RpcReader(prune);
        while (reader.TryRead())
        {
            seconds = reader.Field == RpcFields.PruneBackoff && !reader.IsBytes ? reader.Number : seconds;
        }

        // A GRAFT that still waits would break the backoff that the peer just asked for.
        topic.Mesh.Remove(peer);
        peer.Outbound.ClearMesh(topic.Name);
        var backoff = seconds == 0 ? _parameters.PruneBackoff : TimeSpan.FromSeconds(Math.Min(seconds, _parameters.MaxBackoff.TotalSeconds));
        if (topic.Backoff.GetValueOrDefault(peer.Id) < Now + backoff)
        {
            StayAway(topic, peer, backoff);
        }
    }

    /// <summary>IHAVE of one RPC counts once, and only so many RPCs are heard between two heartbeats.</summary>
    private bool IsIHaveHeard(GossipPeer peer, ref bool isCounted)
    {
        if (!isCounted)
        {
            isCounted = true;
            if (++peer.IHaveMessages > _parameters.MaxIHaveMessages)
            {
                Misbehaved(peer, PubsubFault.Announcements);
            }
        }

        return peer.IHaveMessages <= _parameters.MaxIHaveMessages;
    }

    private void ReceiveIHave(GossipPeer peer, ReadOnlySpan<byte> ihave, List<byte[]> wanted)
    {
        if (FindTopic(TopicOf(ihave)) is not { IsSubscribed: true })
        {
            return;
        }

        var reader = new RpcReader(ihave);
        while (reader.TryRead() && peer.IdsAsked < _parameters.MaxIHaveLength)
        {
            if (reader.Field == RpcFields.IHaveIds && reader.Bytes.Length is > 0 and <= RpcLimits.MaxIdBytes && !IsKnown(reader.Bytes))
            {
                peer.IdsAsked++;
                wanted.Add(reader.Bytes.ToArray());
            }
        }
    }

    private void AskFor(GossipPeer peer, List<byte[]> wanted)
    {
        if (wanted.Count == 0)
        {
            return;
        }

        var sample = Sample(wanted);
        if (peer.Outbound.TryAddGossip(RpcWriter.IWant(sample)))
        {
            // One of them at random stands for all: who announces what it does not have is found out sooner or later.
            _promises.Enqueue(new Promise(sample[_random.Next(sample.Length)], peer, peer.Stream, Now + _parameters.IWantFollowup));
            Wake(peer);
        }
    }

    private void ReceiveIWant(GossipPeer peer, ReadOnlySpan<byte> iwant)
    {
        var reader = new RpcReader(iwant);
        while (reader.TryRead() && peer.IdsServed < _parameters.MaxIHaveLength)
        {
            if (reader.Field != RpcFields.WantIds || !reader.IsBytes)
            {
                continue;
            }

            peer.IdsServed++;
            if (_cache.Take(reader.Bytes, peer, _parameters.GossipRetransmission) is { } message)
            {
                Send(peer, message, isAnswer: true);
            }
        }
    }

    private void ReceiveIDontWant(GossipPeer peer, ReadOnlySpan<byte> idontwant)
    {
        var reader = new RpcReader(idontwant);
        while (reader.TryRead() && peer.Unwanted.Count < _parameters.MaxIDontWant)
        {
            if (reader.Field == RpcFields.WantIds && reader.Bytes.Length is > 0 and <= RpcLimits.MaxIdBytes)
            {
                peer.Unwanted[reader.Bytes.ToArray()] = _parameters.IDontWantHeartbeats;
            }
        }
    }

    private static ReadOnlySpan<byte> TopicOf(ReadOnlySpan<byte> control)
    {
        ReadOnlySpan<byte> topic = default;
        var reader = new RpcReader(control);
        while (reader.TryRead())
        {
            topic = reader.Field == RpcFields.ControlTopic ? reader.Bytes : topic;
        }

        return topic;
    }
}
