using Sdk.Core.Cryptography;
using Sdk.Core.Discovery;
using Sdk.Core.Networking;
using Sdk.Core.Persistence;
using Sdk.Core.Tests.Networking;
using Sdk.Core.Tests.Persistence;
using Sdk.Core.Trust;

namespace Sdk.Core.Tests.Discovery;

/// <summary>A node that sells and buys over TCP on loopback. It can be stopped and started again with what its data directory holds.</summary>
internal sealed class Trader(MemoryBoard board, ManualTimeProvider clock, KeyScopes scopes) : IAsyncDisposable
{
    private readonly Party _party = new(scopes, expires: clock.GetUtcNow().AddYears(1));
    private readonly TemporaryDirectory _files = new();
    private TcpTransport? _transport;
    private DataDirectory? _directory;
    private Multiaddr? _address;

    public LocalTrustPolicy Trust { get; } = new();

    /// <summary>Asked in the place of <see cref="Trust"/>, from the next start on.</summary>
    public ITrustPolicy? Policy { get; set; }

    public DeviceIdentity Device => _party.Device;

    public AccountAddress Account => _party.Account;

    public Switch Switch { get; private set; } = null!;

    public ServiceDirectory Services { get; private set; } = null!;

    public string Folder => _files.FullPath;

    public static async Task<Trader> StartAsync(MemoryBoard board, ManualTimeProvider clock, KeyScopes scopes = KeyScopes.All)
    {
        var trader = new Trader(board, clock, scopes);
        await trader.StartAsync();
        return trader;
    }

    /// <summary>Starts at the address it had before, if it had one.</summary>
    public async Task StartAsync()
    {
        _transport = new TcpTransport();
        Switch = new Switch(new SwitchOptions { NodeKey = Device.NodeKey, Transports = [_transport] });
        _directory = DataDirectory.Open(Folder);
        var options = new ServiceOptions { TimeProvider = clock };
        Services = new ServiceDirectory(Switch, Device, board.For(Device.Device), Policy ?? Trust, overlayNonce: null, _directory, options);
        _address = (await Switch.ListenAsync(_address ?? Multiaddr.Parse("/ip4/127.0.0.1/tcp/0"))).WithoutPeer();
    }

    public async Task StopAsync()
    {
        await Services.DisposeAsync();
        await Switch.DisposeAsync();
        await _transport!.DisposeAsync();
        _directory!.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _files.Dispose();
        _party.Dispose();
    }
}
