using System.Diagnostics.CodeAnalysis;
using Sdk.Core.Addressing;

namespace Sdk.Core.Overlay.Lookups;

/// <summary>
/// Kademlia's iterative lookup of the nodes nearest to an address (Maymounkov and Mazières, 2002): who is asked names nearer ones, which are
/// asked in turn, until the nearest known have all answered. The contacts known from the start are dealt to disjoint paths, each of which
/// goes its own way (S/Kademlia, Baumgart and Mies, 2007), so that a liar spoils one path only. When a path has come to its
/// neighbourhood, the nearest of all paths are asked together, and they are the result.
/// </summary>
/// <remarks>
/// Nothing here waits or has a clock: <see cref="TryNext"/> says whom to ask, <see cref="Answered"/> and <see cref="Failed"/> take what came
/// of it. Records are verified only when their contact is about to be asked. Each naming of an address is tried for itself, so that a
/// forged or outdated record does not hide the true one. Not thread-safe.
/// </remarks>
/// <typeparam name="TContact">A node with its record, as somebody named it.</typeparam>
internal sealed class Lookup<TContact>
    where TContact : notnull
{
    private readonly OverlayAddress _self;
    private readonly LookupParameters _parameters;
    private readonly Func<TContact, OverlayAddress> _addressOf;
    private readonly Func<TContact, bool> _verify;
    private readonly IEqualityComparer<TContact> _records;
    private readonly Dictionary<OverlayAddress, LookupCandidate<TContact>> _candidates;
    private readonly LookupFrontier<TContact>[] _paths;
    private readonly LookupFrontier<TContact> _all;
    private readonly List<LookupHop<TContact>> _trace = [];
    private readonly List<TContact> _forgers = [];
    private int _seeded;
    private int _turn;
    private int _inFlight;

    /// <param name="target">The address whose nearest nodes are wanted.</param>
    /// <param name="self">This node, which is never asked.</param>
    /// <param name="parameters">Numbers and limits.</param>
    /// <param name="addressOf">The address that a contact claims; cheap.</param>
    /// <param name="verify">Whether the contact's record proves its address; may be expensive.</param>
    /// <param name="records">Whether two contacts of an address are the same record; left out, what the type itself says.</param>
    public Lookup(
        OverlayAddress target, OverlayAddress self, LookupParameters parameters, Func<TContact, OverlayAddress> addressOf, Func<TContact, bool> verify,
        IEqualityComparer<TContact>? records = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parameters.Count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(parameters.Paths, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(parameters.Parallel, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(parameters.PathWidth, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(parameters.ContactsMax, parameters.Count);
        (Target, _self, _parameters, _addressOf, _verify) = (target, self, parameters, addressOf, verify);
        _records = records ?? EqualityComparer<TContact>.Default;
        _paths = new LookupFrontier<TContact>[parameters.Paths];
        for (var path = 0; path < _paths.Length; path++)
        {
            _paths[path] = new LookupFrontier<TContact>(Math.Min(parameters.PathWidth, parameters.Count));
        }

        _all = new LookupFrontier<TContact>(parameters.Count);

        // So many are heard of where each path's first answer names others, and later ones the same.
        _candidates = new(parameters.Paths * parameters.NamedMax);
    }

    /// <summary>What is looked for.</summary>
    public OverlayAddress Target { get; }

    /// <summary>Nothing more is to be asked or waited for. What was asked and is not among the nearest any more may still be under way.</summary>
    public bool IsDone => !_all.IsWaiting() && (IsSpent || _all.NextToAsk() is null) && Array.TrueForAll(_paths, IsFinished);

    /// <summary>The limit of contacts asked was reached: the result may be worse than it could be.</summary>
    public bool IsSpent => _trace.Count >= _parameters.AsksMax;

    /// <summary>The nearest that answered, nearest first; at most as many as wanted.</summary>
    public IReadOnlyList<TContact> Nearest => [.. _all.Answered().Take(_parameters.Count).Select(candidate => candidate.Contact)];

    /// <summary>How many answers led to the nearest: 0 if it was known from the start.</summary>
    public int Hops => _all.Answered().FirstOrDefault()?.Depth ?? 0;

    /// <summary>All that were asked, in this order.</summary>
    public IReadOnlyList<LookupHop<TContact>> Trace => _trace;

    /// <summary>Who named a contact that proved forged, once for each.</summary>
    public IReadOnlyList<TContact> Forgers => _forgers;

    /// <summary>Contacts to start from; the nearest are dealt to the paths in turn.</summary>
    public void Seed(ReadOnlySpan<TContact> contacts)
    {
        if (!AreSorted(contacts))
        {
            var sorted = contacts.ToArray();
            Array.Sort(sorted, (one, other) => OverlayAddress.CompareDistance(Target, _addressOf(one), _addressOf(other)));
            contacts = sorted;
        }

        foreach (var contact in contacts[..Math.Min(contacts.Length, _parameters.ContactsMax)])
        {
            Hear(contact, namer: null, _paths[_seeded++ % _paths.Length]);
        }
    }

    /// <summary>Whom to ask now, beside those who were asked before.</summary>
    /// <returns>False if it is to wait for answers, or <see cref="IsDone"/>.</returns>
    public bool TryNext([MaybeNullWhen(false)] out TContact contact)
    {
        contact = default;
        if (IsSpent || _inFlight >= _paths.Length * _parameters.Parallel)
        {
            return false;
        }

        var someFinished = false;
        for (var i = 0; i < _paths.Length; i++)
        {
            var path = (_turn + i) % _paths.Length;
            if (MayAsk(_paths[path]) && TryAsk(_paths[path], path, out contact))
            {
                _turn = path + 1;
                return true;
            }

            someFinished |= IsFinished(_paths[path]);
        }

        // Not only when all are: one that waits for a dead contact would hold up the others.
        return someFinished && TryAsk(_all, LookupHop<TContact>.AllPaths, out contact);
    }

    /// <summary>A contact that was asked answered, be it after <see cref="Failed"/>.</summary>
    /// <returns>False if it was not asked, or answered before: nothing changed.</returns>
    public bool Answered(TContact contact, ReadOnlySpan<TContact> nearer)
    {
        if (!_candidates.TryGetValue(_addressOf(contact), out var candidate) || candidate.Attempts == 0 || candidate.State == LookupState.Answered)
        {
            return false;
        }

        var path = candidate.Path == LookupHop<TContact>.AllPaths ? null : _paths[candidate.Path];
        Land(candidate, path);
        candidate.State = LookupState.Answered;
        Place(candidate, path);
        var named = nearer[..Math.Min(nearer.Length, _parameters.NamedMax)];
        int? nearest = null;
        foreach (var other in named)
        {
            nearest = Math.Max(nearest ?? 0, Target.Proximity(_addressOf(other)));
            Hear(other, candidate, path);
        }

        _trace[candidate.Hop] = _trace[candidate.Hop] with { Named = named.Length, NearestNamed = nearest };
        return true;
    }

    /// <summary>A contact that was asked could not be reached, or did not answer in time.</summary>
    public void Failed(TContact contact)
    {
        if (_candidates.TryGetValue(_addressOf(contact), out var candidate) && candidate.State == LookupState.Asked)
        {
            Land(candidate, candidate.Path == LookupHop<TContact>.AllPaths ? null : _paths[candidate.Path]);
            candidate.State = candidate.HasNamings && candidate.Attempts < _parameters.AttemptsMax ? LookupState.Heard : LookupState.Failed;
        }
    }

    private bool AreSorted(ReadOnlySpan<TContact> contacts)
    {
        for (var i = 1; i < contacts.Length; i++)
        {
            if (OverlayAddress.CompareDistance(Target, _addressOf(contacts[i - 1]), _addressOf(contacts[i])) > 0)
            {
                return false;
            }
        }

        return true;
    }

    private bool MayAsk(LookupFrontier<TContact> path) => path.InFlight < _parameters.Parallel && path.Asks < _parameters.PathAsksMax;

    private bool IsFinished(LookupFrontier<TContact> path) =>
        !path.IsWaiting() && (IsSpent || path.Asks >= _parameters.PathAsksMax || path.NextToAsk() is null);

    private bool TryAsk(LookupFrontier<TContact> frontier, int path, [MaybeNullWhen(false)] out TContact contact)
    {
        while (frontier.NextToAsk() is { } candidate)
        {
            if (!TryProve(candidate))
            {
                Drop(candidate);
                continue;
            }

            candidate.State = LookupState.Asked;
            candidate.Attempts++;
            candidate.Path = path;
            candidate.Hop = _trace.Count;
            frontier.Asks++;
            frontier.InFlight++;
            _inFlight++;
            contact = candidate.Contact;
            _trace.Add(new LookupHop<TContact>(contact, path, candidate.Depth, Target.Proximity(candidate.Address), Named: null, NearestNamed: null));
            return true;
        }

        contact = default;
        return false;
    }

    /// <summary>Verifies what was said of the candidate, one naming after the other, until one holds.</summary>
    private bool TryProve(LookupCandidate<TContact> candidate)
    {
        while (candidate.TryTakeNaming(out var contact, out var namer))
        {
            var isKnownToFail = candidate.Attempts > 0 && _records.Equals(contact, candidate.Contact);
            if (isKnownToFail || namer?.Forgeries >= _parameters.ForgeriesMax)
            {
                continue;
            }

            if (_verify(contact))
            {
                candidate.Prove(contact, namer);
                return true;
            }

            if (namer is not null)
            {
                namer.Forgeries++;
                _forgers.Add(namer.Contact);
            }
        }

        return false;
    }

    /// <summary>Somebody named the contact, or it was known from the start.</summary>
    private void Hear(TContact contact, LookupCandidate<TContact>? namer, LookupFrontier<TContact>? path)
    {
        var address = _addressOf(contact);
        if (address == _self)
        {
            return;
        }

        if (!_candidates.TryGetValue(address, out var candidate))
        {
            candidate = new LookupCandidate<TContact>(address, XorDistance.Between(Target, address));
            _candidates.Add(address, candidate);
        }
        else if (candidate.State == LookupState.Failed)
        {
            if (candidate.Attempts >= _parameters.AttemptsMax || _records.Equals(contact, candidate.Contact))
            {
                return;
            }

            candidate.State = LookupState.Heard;
        }

        if (candidate.State != LookupState.Answered)
        {
            candidate.Add(contact, namer);
        }

        Place(candidate, path);
    }

    private void Place(LookupCandidate<TContact> candidate, LookupFrontier<TContact>? path)
    {
        path?.Add(candidate);
        _all.Add(candidate);
        if (_all.Count > _parameters.ContactsMax)
        {
            var farthest = _all.RemoveFarthest();
            if (farthest.Attempts == 0)
            {
                Drop(farthest);
            }
        }
    }

    /// <summary>What was asked stays known as failed; the rest as if it had never been named.</summary>
    private void Drop(LookupCandidate<TContact> candidate)
    {
        candidate.State = candidate.Attempts > 0 ? LookupState.Failed : LookupState.Dropped;
        if (candidate.Attempts == 0)
        {
            _candidates.Remove(candidate.Address);
        }
    }

    /// <summary>It is not under way any more, if it still was.</summary>
    private void Land(LookupCandidate<TContact> candidate, LookupFrontier<TContact>? path)
    {
        if (candidate.State == LookupState.Asked)
        {
            (path ?? _all).InFlight--;
            _inFlight--;
        }
    }
}
