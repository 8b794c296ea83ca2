using System.Net;
using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Overlay;
using Sdk.Core.Overlay.Routing;
using Sdk.Core.Tests.Networking;

namespace Sdk.Core.Tests.Overlay.Routing;

/// <summary>One router with a clock that stands still, and nodes that say to it what a test wants.</summary>
internal sealed class RouterWorld : IDisposable
{
    public const ulong Network = 9;
    private readonly KeyPair _account = KeyPair.GenerateTestOnly();
    private readonly DeviceIdentity _device;
    private readonly Random _random = new(1);

    public RouterWorld(OverlayParameters? parameters = null)
    {
        _device = DeviceIdentity.Create(_account, KeyScopes.All, 1, Network, Clock.GetUtcNow() + TimeSpan.FromDays(300));
        Router = new OverlayRouter(RecordAt(IPAddress.Parse("203.0.113.1")), parameters ?? OverlayParameters.Default, Clock, new Random(2));
    }

    public ManualTimeProvider Clock { get; } = new();

    public OverlayRouter Router { get; }

    /// <summary>What the router wants, taken from it.</summary>
    public IReadOnlyList<OverlayEffect> Effects
    {
        get
        {
            var effects = new List<OverlayEffect>();
            while (Router.TryTakeEffect(out var effect))
            {
                effects.Add(effect);
            }

            return effects;
        }
    }

    /// <summary>A node of the device, with another nonce: another place in the overlay for one key, which a test need not pay for.</summary>
    public NodeRecord RecordAt(IPAddress address, ulong? network = null, TimeSpan age = default)
    {
        var nonce = new byte[NodeRecord.NonceBytes];
        _random.NextBytes(nonce);
        if (network is null or Network)
        {
            return NodeRecord.Create(_device, nonce, [Place(address)], isLight: false, Clock.GetUtcNow() - age);
        }

        using var other = DeviceIdentity.Create(_account, KeyScopes.All, 1, network.Value, Clock.GetUtcNow() + TimeSpan.FromDays(30));
        return NodeRecord.Create(other, nonce, [Place(address)], isLight: false, Clock.GetUtcNow() - age);
    }

    /// <summary>A later record of the same node, which only uses the overlay now.</summary>
    public NodeRecord LightTwinOf(NodeRecord record) => NodeRecord.Create(_device, record.Nonce, [], isLight: true, Clock.GetUtcNow());

    public NodeRecord Record(int number) => RecordAt(IpOf(number));

    /// <summary>An address in a network of its own.</summary>
    public static IPAddress IpOf(int number) => new([(byte)(11 + (number >> 16)), (byte)(number >> 8), (byte)number, 7]);

    public OverlayPeer Connect(NodeRecord record) => Router.Connected(record, AddressReach.World, NetworkGroup.Of(IPAddress.Parse(record.Addresses[0].ToString().Split('/')[2])));

    public void Tick(TimeSpan by)
    {
        Clock.Advance(by);
        Router.Tick();
    }

    public void Dispose()
    {
        _device.Dispose();
        _account.Dispose();
    }

    private static Multiaddr Place(IPAddress address) => Multiaddr.FromTcp(new IPEndPoint(address, 4001));
}
