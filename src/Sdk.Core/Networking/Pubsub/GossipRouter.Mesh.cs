namespace Sdk.Core.Networking.Pubsub;

/// <summary>The upkeep of meshes, and the heartbeat that drives it.</summary>
internal sealed partial class GossipRouter
{
    /// <summary>Messages that were asked for and must have come by a time. In the order of the times.</summary>
    private readonly Queue<Promise> _promises = [];

    /// <summary>To be called once per heartbeat interval.</summary>
    public void Heartbeat()
    {
        var now = Now;
        _seen.Expire(now);
        _replays.Expire(now);
        PunishBrokenPromises(now);
        _scores.Heartbeat(now);
        foreach (var peer in _peers.Values)
        {
            BeginInterval(peer, now);
        }

        GatherGossip();
        foreach (var topic in _topics.Values)
        {
            KeepTopic(topic, now);
        }

        _cache.Shift();
    }

    private void KeepTopic(Topic topic, TimeSpan now)
    {
        foreach (var (peer, until) in topic.Backoff)
        {
            if (until + _parameters.BackoffSlack <= now || _mutations.HasFlag(GossipMutations.NoBackoff))
            {
                topic.Backoff.Remove(peer);
            }
        }

        if (topic.IsSubscribed)
        {
            KeepMesh(topic);
        }
        else if (topic.Fanout.Count > 0)
        {
            KeepFanout(topic, now);
        }

        EmitGossip(topic);
        topic.Gossip.Clear();

        // Removal during enumeration is allowed.
        ForgetIfIdle(topic);
    }

    private void KeepMesh(Topic topic)
    {
        foreach (var peer in topic.Mesh)
        {
            if (ScoreOf(peer) < 0)
            {
                topic.Mesh.Remove(peer);
                Prune(topic, peer, _parameters.PruneBackoff);
            }
        }

        if (topic.Mesh.Count < _parameters.MeshLow)
        {
            FillMesh(topic, _parameters.MeshSize, _ => true);
        }

        if (topic.Mesh.Count > _parameters.MeshHigh)
        {
            ThinMesh(topic);
        }

        var missing = _parameters.MeshOutbound - topic.Mesh.Count(peer => peer.IsOutbound);
        if (topic.Mesh.Count >= _parameters.MeshLow && missing > 0)
        {
            FillMesh(topic, topic.Mesh.Count + missing, peer => peer.IsOutbound);
        }
    }

    /// <summary>Grafts random peers that may be grafted until the mesh has <paramref name="size"/>.</summary>
    private void FillMesh(Topic topic, int size, Func<GossipPeer, bool> isWanted)
    {
        foreach (var peer in Choose(topic.Peers.Where(peer => isWanted(peer) && IsGraftable(topic, peer)), size - topic.Mesh.Count))
        {
            Graft(topic, peer);
        }
    }

    /// <summary>Down to D: the best stay, then chance decides, but some places are kept for peers that we dialled.</summary>
    private void ThinMesh(Topic topic)
    {
        GossipPeer[] ranked = [.. topic.Mesh];
        _random.Shuffle(ranked);
        ranked = [.. ranked.OrderByDescending(ScoreOf)];
        _random.Shuffle(ranked.AsSpan(_parameters.MeshBest));
        var kept = ranked[.._parameters.MeshSize];
        var missing = _parameters.MeshOutbound - kept.Count(peer => peer.IsOutbound);
        foreach (var peer in ranked[_parameters.MeshSize..].Where(peer => peer.IsOutbound).Take(Math.Max(missing, 0)))
        {
            kept[Array.FindLastIndex(kept, other => !other.IsOutbound)] = peer;
        }

        foreach (var peer in ranked.Except(kept))
        {
            topic.Mesh.Remove(peer);
            Prune(topic, peer, _parameters.PruneBackoff);
        }
    }

    private bool IsGraftable(Topic topic, GossipPeer peer) =>
        peer.SpeaksMeshsub && !topic.Mesh.Contains(peer) && !topic.Backoff.ContainsKey(peer.Id) && ScoreOf(peer) >= 0;

    private void Graft(Topic topic, GossipPeer peer)
    {
        topic.Mesh.Add(peer);
        peer.Outbound.SetMesh(topic.Name, topic.Graft);
        Wake(peer);
    }

    /// <summary>Tells a peer that it is out, and for how long. The caller takes it out of the mesh.</summary>
    private void Prune(Topic topic, GossipPeer peer, TimeSpan backoff)
    {
        StayAway(topic, peer, backoff);
        peer.Outbound.SetMesh(topic.Name, RpcWriter.Prune(topic.Name, backoff));
        Wake(peer);
    }

    private void StayAway(Topic topic, GossipPeer peer, TimeSpan backoff)
    {
        if (topic.Backoff.Count < _parameters.MaxBackoffs || topic.Backoff.ContainsKey(peer.Id))
        {
            topic.Backoff[peer.Id] = Now + backoff;
        }
    }

    private void KeepFanout(Topic topic, TimeSpan now)
    {
        if (now - topic.PublishedAt >= _parameters.FanoutLifetime)
        {
            topic.Fanout.Clear();
            return;
        }

        topic.Fanout.RemoveWhere(peer => !topic.Peers.Contains(peer) || ScoreOf(peer) < _parameters.Score.PublishThreshold);
        FillFanout(topic);
    }

    private void FillFanout(Topic topic)
    {
        var candidates = topic.Peers.Where(peer =>
            peer.SpeaksMeshsub && !topic.Fanout.Contains(peer) && ScoreOf(peer) >= _parameters.Score.PublishThreshold);
        foreach (var peer in Choose(candidates, _parameters.MeshSize - topic.Fanout.Count))
        {
            topic.Fanout.Add(peer);
        }
    }

    /// <summary>Tells some peers outside the mesh which messages are here.</summary>
    private void EmitGossip(Topic topic)
    {
        if (!IsGossiped(topic))
        {
            return;
        }

        var inside = topic.IsSubscribed ? topic.Mesh : topic.Fanout;
        GossipPeer[] candidates =
        [
            .. topic.Peers.Where(peer => peer.SpeaksMeshsub && !inside.Contains(peer) && ScoreOf(peer) >= _parameters.Score.GossipThreshold),
        ];

        // A quarter of them, where that is more: in a large topic D_lazy alone would reach too few.
        var count = Math.Max(_parameters.LazySize, candidates.Length / 4);
        if (candidates.Length == 0)
        {
            return;
        }

        var entry = RpcWriter.IHave(topic.Name, Sample(topic.Gossip));
        foreach (var peer in Choose(candidates, count))
        {
            if (peer.Outbound.TryAddGossip(entry))
            {
                Wake(peer);
            }
        }
    }

    private void GatherGossip()
    {
        foreach (var message in _cache.Newest(_parameters.HistoryGossip))
        {
            if (_topics.TryGetValue(message.Topic, out var topic))
            {
                topic.Gossip.Add(message.Id);
            }
        }
    }

    private bool IsGossiped(Topic topic) => topic.Gossip.Count > 0 && !_mutations.HasFlag(GossipMutations.NoGossip);

    /// <summary>Random ids, within the limits of one entry.</summary>
    private ReadOnlySpan<byte[]> Sample(List<byte[]> ids)
    {
        var sample = ids.ToArray();
        _random.Shuffle(sample);
        var count = 0;
        for (var bytes = 0; count < sample.Length && count < _parameters.MaxIHaveLength; count++)
        {
            bytes += RpcWriter.SizeOf(sample[count].Length);
            if (bytes > _parameters.MaxGossipBytes)
            {
                break;
            }
        }

        return sample.AsSpan(0, count);
    }

    private IEnumerable<GossipPeer> Choose(IEnumerable<GossipPeer> candidates, int count)
    {
        if (count <= 0)
        {
            return [];
        }

        GossipPeer[] all = [.. candidates];
        _random.Shuffle(all);
        return all.Take(count);
    }

    private void BeginInterval(GossipPeer peer, TimeSpan now)
    {
        (peer.IHaveMessages, peer.IdsAsked, peer.IdsServed) = (0, 0, 0);
        foreach (var (id, heartbeats) in peer.Unwanted)
        {
            if (heartbeats <= 1)
            {
                peer.Unwanted.Remove(id);
            }
            else
            {
                peer.Unwanted[id] = heartbeats - 1;
            }
        }

        if (peer.IsAwake && !peer.Outbound.IsEmpty && now - peer.MovedAt >= _parameters.StallLimit)
        {
            peer.MovedAt = now;
            Report(peer, PubsubFault.Deaf);
            _effects.Enqueue(new GossipEffect(GossipEffectKind.Reset, peer, null));
        }
    }

    private void PunishBrokenPromises(TimeSpan now)
    {
        while (_promises.TryPeek(out var promise) && promise.Deadline <= now)
        {
            _promises.Dequeue();
            if (!promise.IsKept && promise.From.Stream == promise.Stream && !_seen.Contains(promise.Id) && !_pending.ContainsKey(promise.Id))
            {
                Misbehaved(promise.From, PubsubFault.Promise);
            }
        }
    }

    /// <summary>The peer sent what was asked of it, though it is not remembered here.</summary>
    private void KeepPromises(GossipPeer from, byte[] id)
    {
        foreach (var promise in _promises)
        {
            promise.IsKept |= promise.From == from && promise.Id.AsSpan().SequenceEqual(id);
        }
    }

    private sealed record Promise(byte[] Id, GossipPeer From, int Stream, TimeSpan Deadline)
    {
        public bool IsKept { get; set; }
    }
}
