using System.Diagnostics.CodeAnalysis;
using Sdk.Core.Addressing;
using Sdk.Core.Networking;

namespace Sdk.Core.Overlay.Routing;

/// <summary>A node as the <see cref="OverlayRouter"/> knows it, connected or not. The router alone changes it.</summary>
internal sealed class OverlayPeer(NodeRecord record, NetworkGroup group, AddressReach floor) : RoutingPeer(record.Address, group)
{
    /// <summary>How much it may ask.</summary>
    public TokenBucket Questions;

    /// <summary>How many records it may bring: each may cost a signature.</summary>
    public TokenBucket Stores;

    /// <summary>How many unknown nodes it may name that are worth two signatures to verify.</summary>
    public TokenBucket Namings;

    private Dictionary<ulong, OverlayQuestion>? _asked;

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
    public bool IsAsked => _asked is { Count: > 0 };

    /// <summary>Whether it was the peer that ended the last connection.</summary>
    public bool HasHungUp { get; set; }

    public bool IsLinked => Standing != OverlayStanding.Away;

    /// <summary>The question waits for an answer from now on.</summary>
    public void Add(OverlayQuestion question) => (_asked ??= []).Add(question.Number, question);

    /// <summary>Takes a question that waits.</summary>
    public bool TryTake(ulong number, [NotNullWhen(true)] out OverlayQuestion? question)
    {
        question = null;
        return _asked is not null && _asked.Remove(number, out question);
    }

    /// <summary>Takes all questions that wait.</summary>
    public OverlayQuestion[] TakeAll()
    {
        OverlayQuestion[] all = _asked is null ? [] : [.. _asked.Values];
        _asked = null;
        return all;
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
