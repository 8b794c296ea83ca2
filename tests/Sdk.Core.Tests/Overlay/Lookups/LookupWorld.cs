using Sdk.Core.Addressing;
using Sdk.Core.Overlay.Lookups;

namespace Sdk.Core.Tests.Overlay.Lookups;

/// <summary>What somebody says of a node. A forgery bears the address, and proves nothing.</summary>
internal sealed record Contact(int Node, OverlayAddress Address, bool IsForged = false, int Version = 1);

/// <summary>
/// Nodes with random addresses and the tables that Kademlia promises: up to sixteen of each bin, drawn at random, and everybody of the
/// neighbourhood. Liars and dead nodes are told apart by <see cref="IsLiar"/> and <see cref="IsDead"/>; whoever knows better is the test.
/// </summary>
internal sealed class LookupWorld
{
    private const int BinSize = 16;
    private const int Neighbourhood = 8;

    private readonly Random _random;
    private readonly Contact[] _nodes;
    private readonly int[]?[] _tables;

    public LookupWorld(int nodes, int seed)
    {
        _random = new Random(seed);
        _nodes = [.. Enumerable.Range(0, nodes).Select(node => new Contact(node, RandomAddress()))];
        _tables = new int[nodes][];
        IsLiar = new bool[nodes];
        IsDead = new bool[nodes];
    }

    public IReadOnlyList<Contact> Nodes => _nodes;

    public bool[] IsLiar { get; }

    public bool[] IsDead { get; }

    /// <summary>What a liar that is asked names; by default nobody.</summary>
    public Func<int, OverlayAddress, Contact[]> Lie { get; set; } = (_, _) => [];

    public int Verifications { get; private set; }

    public OverlayAddress RandomAddress()
    {
        var bytes = new byte[OverlayAddress.LengthBytes];
        _random.NextBytes(bytes);
        return OverlayAddress.FromBytes(bytes);
    }

    public int RandomNode(Func<int, bool> condition)
    {
        while (true)
        {
            var node = _random.Next(_nodes.Length);
            if (condition(node))
            {
                return node;
            }
        }
    }

    public void Mark(bool[] marks, int percent)
    {
        for (var node = 0; node < marks.Length; node++)
        {
            marks[node] = _random.Next(100) < percent;
        }
    }

    /// <summary>By brute force.</summary>
    public Contact[] Nearest(OverlayAddress target, int count, Func<int, bool> condition) =>
        [.. _nodes.Where(node => condition(node.Node)).OrderBy(node => XorDistance.Between(target, node.Address)).Take(count)];

    public Lookup<Contact> Start(int from, OverlayAddress target, LookupParameters parameters)
    {
        var lookup = new Lookup<Contact>(target, _nodes[from].Address, parameters, contact => contact.Address, Verify);
        lookup.Seed(Known(from, target));
        return lookup;
    }

    /// <summary>Asks whom the lookup names and answers for them, in random order, until it is done.</summary>
    public void Run(Lookup<Contact> lookup)
    {
        var underWay = new List<Contact>();
        while (!lookup.IsDone)
        {
            while (lookup.TryNext(out var next))
            {
                underWay.Add(next);
            }

            if (underWay.Count == 0)
            {
                Assert.True(lookup.IsDone, "nothing is to be asked or waited for, and it does not end");
                return;
            }

            var contact = underWay[_random.Next(underWay.Count)];
            underWay.Remove(contact);
            if (IsDead[contact.Node])
            {
                lookup.Failed(contact);
            }
            else
            {
                Assert.True(lookup.Answered(contact, Answer(contact.Node, lookup.Target)));
            }
        }
    }

    public Contact[] Answer(int node, OverlayAddress target) => IsLiar[node] ? Lie(node, target) : Known(node, target);

    private bool Verify(Contact contact)
    {
        Verifications++;
        return !contact.IsForged;
    }

    private Contact[] Known(int node, OverlayAddress target) =>
        [.. TableOf(node).Select(other => _nodes[other]).OrderBy(other => XorDistance.Between(target, other.Address)).Take(16)];

    private int[] TableOf(int node)
    {
        if (_tables[node] is { } made)
        {
            return made;
        }

        var bins = _nodes.Where(other => other.Node != node).GroupBy(other => _nodes[node].Address.Proximity(other.Address)).OrderByDescending(bin => bin.Key);
        var table = new List<int>();
        foreach (var bin in bins)
        {
            var members = bin.Select(other => other.Node).ToArray();
            _random.Shuffle(members);
            table.AddRange(table.Count < Neighbourhood ? members : members.Take(BinSize));
        }

        return _tables[node] = [.. table];
    }
}
