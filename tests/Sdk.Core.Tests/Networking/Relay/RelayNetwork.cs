using System.Security.Cryptography;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Relay;

namespace Sdk.Core.Tests.Networking.Relay;

/// <summary>A relay and nodes around it, over TCP on loopback or in memory. Nodes other than the relay listen nowhere by themselves.</summary>
internal sealed class RelayNetwork : IAsyncDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly List<IAsyncDisposable> _parts = [];
    private readonly MemoryTransport _memory = new();
    private readonly bool _isTcp;

    private RelayNetwork(bool isTcp) => _isTcp = isTcp;

    public Switch Relay { get; private set; } = null!;

    public RelayServer Server { get; private set; } = null!;

    /// <summary>The relay's address, with its peer id.</summary>
    public Multiaddr Address { get; private set; } = null!;

    /// <summary>The clock of the nodes' places, not of their connections.</summary>
    public ManualTimeProvider ClientClock { get; } = new();

    public ManualTimeProvider ServerClock { get; } = new();

    public static async Task<RelayNetwork> StartAsync(string kind = "tcp", Action<RelayServerOptions>? configure = null)
    {
        var network = new RelayNetwork(kind == "tcp");
        network.Relay = network.AddNode();
        var options = new RelayServerOptions { TimeProvider = network.ServerClock };
        configure?.Invoke(options);
        network.Server = RelayServer.Start(network.Relay, options);
        network.Address = await network.ListenAsync(network.Relay);
        return network;
    }

    public ValueTask<Multiaddr> ListenAsync(Switch node) => node.ListenAsync(Multiaddr.Parse(_isTcp ? "/ip4/127.0.0.1/tcp/0" : "/memory/0"));

    public Switch AddNode(KeyPair? key = null)
    {
        var node = new Switch(new SwitchOptions
        {
            NodeKey = key ?? KeyPair.GenerateTestOnly(),
            Transports = [_isTcp ? new TcpTransport() : _memory, new RelayTransport(ClientClock)],
        });
        node.Register(Handler.Echo);
        _parts.Add(node);
        return node;
    }

    /// <summary>A node that is reached through the relay only; also its address.</summary>
    public async Task<(Switch Node, Multiaddr Address)> AddHiddenNodeAsync()
    {
        var node = AddNode();
        return (node, await node.ListenAsync(Address.WithCircuit()));
    }

    /// <summary>Moves the clocks on until the condition holds.</summary>
    public static async Task AdvanceUntilAsync(TimeSpan step, Func<bool> condition, params ManualTimeProvider[] clocks)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!condition())
        {
            Array.ForEach(clocks, clock => clock.Advance(step));
            await Task.Delay(5, limit.Token);
        }
    }

    public static Task UntilAsync(Func<bool> condition) => AdvanceUntilAsync(TimeSpan.Zero, condition);

    public static async Task<bool> EchoesAsync(Connection connection, int bytes)
    {
        var sent = RandomNumberGenerator.GetBytes(bytes);
        await using var stream = await connection.OpenStreamAsync(Handler.Echo.Id);
        var reading = stream.Input.ReadToEndAsync();
        await stream.Output.WriteAsync(sent);
        await stream.CloseWriteAsync();
        var received = await reading.WaitAsync(Limit);
        return sent.AsSpan().SequenceEqual(received);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var part in Enumerable.Reverse(_parts))
        {
            await part.DisposeAsync().AsTask().WaitAsync(Limit);
        }

        await _memory.DisposeAsync();
    }
}
