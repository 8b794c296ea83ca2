namespace Sdk.Core.Networking.Pubsub;

/// <summary>
/// A peer's standing (gossipsub 1.1, "Peer Scoring"): P2 first deliveries, P4 invalid messages, P6 peers at one address, P7 behaviour. P1 and
/// P3 are not counted: they need the expected rate of each topic, which a library does not know.
/// </summary>
internal sealed class PeerScore(PeerId peer)
{
    public PeerId Peer { get; } = peer;

    public double FirstDeliveries { get; set; }

    public double Invalid { get; set; }

    public double Behaviour { get; set; }

    /// <summary>Peers at the same address, this one included.</summary>
    public int AtSameAddress { get; set; }

    public double Value(ScoreParameters parameters)
    {
        var behaviour = Math.Max(0, Behaviour - parameters.BehaviourThreshold);
        var crowd = Math.Max(0, AtSameAddress - parameters.ColocationThreshold);
        return (parameters.FirstDeliveryWeight * FirstDeliveries)
            + (parameters.InvalidWeight * Invalid * Invalid)
            + (parameters.ColocationWeight * crowd * crowd)
            + (parameters.BehaviourWeight * behaviour * behaviour);
    }

    public void Decay(ScoreParameters parameters)
    {
        FirstDeliveries = Decayed(FirstDeliveries, parameters.FirstDeliveryDecay, parameters);
        Invalid = Decayed(Invalid, parameters.InvalidDecay, parameters);
        Behaviour = Decayed(Behaviour, parameters.BehaviourDecay, parameters);
    }

    private static double Decayed(double value, double factor, ScoreParameters parameters) =>
        value * factor is var rest && rest < parameters.DecayToZero ? 0 : rest;
}

/// <summary>All standings. Those of peers that left are kept for a while, or a new connection would be a new name.</summary>
internal sealed class ScoreBook(ScoreParameters parameters)
{
    private readonly Dictionary<PeerId, PeerScore> _present = [];
    private readonly Dictionary<PeerId, (PeerScore Score, TimeSpan Until)> _departed = [];
    private readonly Queue<(PeerId Peer, TimeSpan Until)> _departures = [];
    private readonly Dictionary<string, List<PeerScore>> _addresses = [];

    public PeerScore Arrive(PeerId peer, string? address)
    {
        var score = _departed.Remove(peer, out var known) ? known.Score : new PeerScore(peer);
        _present[peer] = score;
        if (address is not null)
        {
            var crowd = _addresses.TryGetValue(address, out var there) ? there : _addresses[address] = [];
            crowd.Add(score);
            Count(crowd);
        }

        return score;
    }

    public void Depart(PeerScore score, string? address, TimeSpan now)
    {
        _present.Remove(score.Peer);
        if (address is not null && _addresses.TryGetValue(address, out var crowd))
        {
            crowd.Remove(score);
            score.AtSameAddress = 0;
            Count(crowd);
            if (crowd.Count == 0)
            {
                _addresses.Remove(address);
            }
        }

        // Good standing is lost, or leaving at the right moment would keep it.
        score.FirstDeliveries = 0;
        if (score.Value(parameters) < 0 || score.Behaviour > 0)
        {
            _departed[score.Peer] = (score, now + parameters.RetainScore);
            _departures.Enqueue((score.Peer, now + parameters.RetainScore));
        }
    }

    public void Heartbeat(TimeSpan now)
    {
        foreach (var score in _present.Values)
        {
            score.Decay(parameters);
        }

        while (_departures.TryPeek(out var oldest) && (oldest.Until <= now || _departures.Count > parameters.MaxRetained))
        {
            _departures.Dequeue();
            if (_departed.TryGetValue(oldest.Peer, out var departed) && departed.Until == oldest.Until)
            {
                _departed.Remove(oldest.Peer);
            }
        }
    }

    private static void Count(List<PeerScore> crowd)
    {
        foreach (var score in crowd)
        {
            score.AtSameAddress = crowd.Count;
        }
    }
}
