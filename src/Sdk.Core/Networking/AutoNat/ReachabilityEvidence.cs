namespace Sdk.Core.Networking.AutoNat;

/// <summary>
/// What peers found when they tried to dial this node: the last answer of each. Three that agree, and outnumber those that do not, make
/// a conclusion, which stands until as many say otherwise or the answers have grown old.
/// </summary>
internal sealed class ReachabilityEvidence(TimeProvider time)
{
    /// <summary>Answers that agree before anything is concluded.</summary>
    public const int Confidence = 3;

    /// <summary>Peers whose answers are kept; the oldest answer makes room.</summary>
    private const int MaxAnswers = 16;

    /// <summary>Older answers say nothing of the network that the node is in now.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromHours(1);

    private readonly Dictionary<PeerId, Answer> _answers = [];

    public Reachability Conclusion { get; private set; }

    /// <summary>The address at which most of the peers that reached the node did so lately; null where none did.</summary>
    public Multiaddr? Address => _answers.Values
        .Where(answer => answer.Reached is not null)
        .GroupBy(answer => answer.Reached!)
        .OrderByDescending(group => group.Count())
        .FirstOrDefault()?.Key;

    public void Add(PeerId peer, bool isPublic, Multiaddr? reached)
    {
        if (_answers.Count >= MaxAnswers && !_answers.ContainsKey(peer))
        {
            _answers.Remove(_answers.MinBy(entry => entry.Value.At).Key);
        }

        _answers[peer] = new Answer(isPublic, reached, time.GetTimestamp());
    }

    /// <summary>Forgets the answers.</summary>
    public void Clear() => _answers.Clear();

    public void Conclude()
    {
        foreach (var (peer, _) in _answers.Where(entry => time.GetElapsedTime(entry.Value.At) > MaxAge).ToArray())
        {
            _answers.Remove(peer);
        }

        var reached = _answers.Values.Count(answer => answer.IsPublic);
        var missed = _answers.Count - reached;
        if (reached >= Confidence && reached > missed)
        {
            Conclusion = Reachability.Public;
        }
        else if (missed >= Confidence && missed > reached)
        {
            Conclusion = Reachability.Private;
        }
        else if (_answers.Count == 0)
        {
            Conclusion = Reachability.Unknown;
        }
    }

    public void ConcludePrivate()
    {
        Clear();
        Conclusion = Reachability.Private;
    }

    private sealed record Answer(bool IsPublic, Multiaddr? Reached, long At);
}
