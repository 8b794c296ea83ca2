using System.Diagnostics.CodeAnalysis;
using Sdk.Core.Addressing;
using Sdk.Core.Networking;

namespace Sdk.Core.Overlay.Routing;

/// <summary>A node as the <see cref="OverlayRouter"/> knows it, connected or not. The router alone changes it.</summary>
internal sealed class OverlayPeer(NodeRecord record, NetworkGroup group, AddressReach floor) : RoutingPeer(record.Address, group)
{
    // Answers come in the order of the questions, or nearly so.
    private OverlayQuestion? _firstAsked;
    private OverlayQuestion? _lastAsked;

    /// <summary>What it may still do. Made for those who do something: most of whom a node knows never connect.</summary>
    public PeerAllowance Allowance => field ??= new();

    /// <summary>The newest record of it that was verified.</summary>
    public NodeRecord Record { get; set; } = record;

    /// <summary>Where whoever told of it was: addresses that reach less far are not dialled.</summary>
    public AddressReach Floor { get; set; } = floor;

    public OverlayStanding Standing { get; set; }

    /// <summary>What drives the router keeps here how it is reached.</summary>
    public object? Link { get; set; }

    /// <summary>False things it said, and rules it broke.</summary>
    public int Faults { get; set; }

    /// <summary>When it last wanted something of this node; pings do not count.</summary>
    public TimeSpan LastAsked { get; set; }

    /// <summary>Whether a question to it waits for an answer.</summary>
    public bool IsAsked => _firstAsked is not null;

    /// <summary>Whether this node dialled it.</summary>
    public bool IsDialled { get; set; }

    /// <summary>Whether it was the peer that ended the last connection.</summary>
    public bool HasHungUp { get; set; }

    public bool IsLinked => Standing != OverlayStanding.Away;

    /// <summary>The question waits for an answer from now on.</summary>
    public void Add(OverlayQuestion question)
    {
        _ = _lastAsked is null ? _firstAsked = question : _lastAsked.NextOfPeer = question;
        _lastAsked = question;
    }

    /// <summary>Takes a question that waits.</summary>
    public bool TryTake(ulong number, [NotNullWhen(true)] out OverlayQuestion? question)
    {
        OverlayQuestion? before = null;
        question = _firstAsked;
        while (question is not null && question.Number != number)
        {
            (before, question) = (question, question.NextOfPeer);
        }

        if (question is null)
        {
            return false;
        }

        _ = before is null ? _firstAsked = question.NextOfPeer : before.NextOfPeer = question.NextOfPeer;
        _lastAsked = _lastAsked == question ? before : _lastAsked;
        question.NextOfPeer = null;
        return true;
    }

    /// <summary>Takes the question that waits for longest.</summary>
    public bool TryTakeFirst([NotNullWhen(true)] out OverlayQuestion? question)
    {
        question = null;
        return _firstAsked is not null && TryTake(_firstAsked.Number, out question);
    }
}

/// <summary>How a peer is connected.</summary>
internal enum OverlayStanding
{
    /// <summary>Not at all; it may be known.</summary>
    Away,

    /// <summary>It stands in the routing table.</summary>
    Routed,

    /// <summary>There is no place for it in the table: it is answered, and let go when it asks nothing any more.</summary>
    Visiting,

    /// <summary>It only uses the overlay, and is reached through the nodes near it.</summary>
    Light,
}
