using Sdk.Core.Addressing;
using Sdk.Core.Overlay.Routing;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Overlay;

/// <summary>
/// Connections between nodes, with delays by where they stand. Whoever vanished is silent: nothing is reset, a dial runs into its timeout, and
/// what is sent is lost. While the network is cut in two, what is sent to the other part arrives when it is whole again, as TCP would
/// have it; dials between the parts fail.
/// </summary>
internal sealed class SimOverlayNetwork
{
    /// <summary>As long as a node's transport takes to give up.</summary>
    private static readonly TimeSpan DialTimeout = TimeSpan.FromSeconds(10);

    private static readonly SendOrPostCallback RunStep = static action => ((Action)action!)();
    private static readonly SendOrPostCallback DeliverStep = static delivery => ((Delivery)delivery!).Arrive();

    private readonly SimWorld _world;
    private readonly Geography _geography;
    private readonly Dictionary<(int Low, int High), SimLink> _links = [];
    private readonly Dictionary<OverlayAddress, SimOverlayNode> _nodes = [];
    private TimeSpan _wholeAgain;
    private Func<SimOverlayNode, bool> _side = static _ => false;

    public SimOverlayNetwork(SimWorld world)
    {
        _world = world;
        _geography = new Geography(world.Random("geography"));
    }

    public long Messages { get; private set; }

    public int Links => _links.Count;

    public void Add(SimOverlayNode node)
    {
        _nodes.Add(node.Address, node);
        _geography.Add();
    }

    public SimOverlayNode? Find(OverlayAddress address) => _nodes.GetValueOrDefault(address);

    /// <summary>Cuts the network between those on one side and the others, for a time.</summary>
    public void Cut(Func<SimOverlayNode, bool> side, TimeSpan duration) => (_side, _wholeAgain) = (side, _world.Scheduler.Now + duration);

    public void Dial(SimOverlayNode from, OverlayAddress address)
    {
        SimOverlayNode? to = Find(address);
        _world.Trace.Record("dial", from.Index, to?.Index ?? -1);
        if (to is null)
        {
            _world.Scheduler.Schedule(DialTimeout, () => from.DialFailed(address));
            return;
        }

        // TCP, TLS and the multiplexer, and then the record: three ways until the listener knows the dialer.
        TimeSpan way = _geography.Delay(from.Index, to.Index);
        _world.Scheduler.Schedule(3 * way, () => Accept(from, to, way));
    }

    public void Send(SimOverlayNode from, SimLink link, ulong request, bool isAnswer, OverlayMessage message)
    {
        if (link.IsClosed)
        {
            return;
        }

        Messages++;
        from.Sent++;
        SimOverlayNode to = link.Other(from);
        Schedule(link, from, to, DeliverStep, new Delivery(to, link, request, isAnswer, message));
    }

    /// <summary>The end that closes has forgotten the link; the other sees it later.</summary>
    public void Close(SimOverlayNode from, SimLink link)
    {
        if (!link.IsClosed)
        {
            link.IsClosed = true;
            _links.Remove(Key(link.Dialer, link.Listener));
            SimOverlayNode to = link.Other(from);
            _world.Trace.Record("close", from.Index, to.Index);
            Schedule(link, from, to, RunStep, () => to.LinkEnded(link));
        }
    }

    private static (int Low, int High) Key(SimOverlayNode one, SimOverlayNode other) =>
        one.Index < other.Index ? (one.Index, other.Index) : (other.Index, one.Index);

    private bool IsCut(SimOverlayNode one, SimOverlayNode other) => _world.Scheduler.Now < _wholeAgain && _side(one) != _side(other);

    private void Accept(SimOverlayNode from, SimOverlayNode to, TimeSpan way)
    {
        if (!to.IsAlive || !from.IsAlive || IsCut(from, to))
        {
            _world.Scheduler.Schedule(DialTimeout, () => from.DialFailed(to.Address));
            return;
        }

        if (_links.TryGetValue(Key(from, to), out SimLink? link))
        {
            // Both dialled at once, or one forgot what the other still has: they go on with the connection that there is.
            _world.Scheduler.Schedule(way, () => from.LinkOpened(link, to.Record));
            return;
        }

        link = new SimLink(from, to);
        _links.Add(Key(from, to), link);
        Schedule(link, to, from, RunStep, () => from.LinkOpened(link, to.Record));
        to.LinkOpened(link, from.Record);
    }

    private void Schedule(SimLink link, SimOverlayNode from, SimOverlayNode to, SendOrPostCallback arrive, object state)
    {
        TimeSpan now = _world.Scheduler.Now;
        TimeSpan arrival = (IsCut(from, to) ? _wholeAgain : now) + _geography.Delay(from.Index, to.Index);
        if (to == link.Dialer)
        {
            link.LastToDialer = arrival = Later(link.LastToDialer, arrival);
        }
        else
        {
            link.LastToListener = arrival = Later(link.LastToListener, arrival);
        }

        _world.Scheduler.Schedule(arrival - now, arrive, state);
    }

    private static TimeSpan Later(TimeSpan one, TimeSpan other) => one > other ? one : other;

    /// <summary>A message under way: most of what is scheduled.</summary>
    private sealed record Delivery(SimOverlayNode To, SimLink Link, ulong Request, bool IsAnswer, OverlayMessage Message)
    {
        public void Arrive() => To.Receive(Link, Request, IsAnswer, Message);
    }
}
