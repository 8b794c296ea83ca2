using System.Security.Cryptography;
using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Storage.Replication;
using Sdk.Storage.Space;
using Sdk.Storage.Space.Wire;

namespace Sdk.Storage.Tests.BadInput;

/// <summary>
/// An honest owner's disk over four real nodes, for others to molest. It must go on, and it must keep what it was told.
/// </summary>
internal sealed class ServedDisk : IAsyncDisposable
{
    public const string Name = "home";

    private readonly byte[] _content = new byte[2 << 20];

    private ServedDisk(TestNetwork network, KeyPair account, Node client, VirtualDisk disk) =>
        (Network, Account, Client, Disk) = (network, account, client, disk);

    public TestNetwork Network { get; }

    public KeyPair Account { get; }

    public Node Client { get; }

    public VirtualDisk Disk { get; }

    public DiskDescriptor Descriptor => DiskDescriptor.Verify(SignedDescriptor, Client.NetworkId, now: null);

    /// <summary>As it lies at a member.</summary>
    public SignedDescriptor SignedDescriptor =>
        SignedDescriptor.Parser.ParseFrom(File.ReadAllBytes(Assert.Single(Directory.GetFiles(Network.DirectoryOf(0), "disk-*"))));

    public GroupPeers Group => Assert.Single(Descriptor.Groups);

    public static async Task<ServedDisk> StartAsync()
    {
        var network = await TestNetwork.StartAsync(4);
        var account = KeyPair.GenerateTestOnly();
        var client = await TestNetwork.StartClientAsync(account);
        var disk = await client.Storage().CreateDiskAsync(Name, 2 << 20, network.Members);
        var served = new ServedDisk(network, account, client, disk);
        await served.WriteAsync(0, 1 << 20);
        await disk.FlushAsync();
        return served;
    }

    public async Task WriteAsync(int offsetBytes, int lengthBytes)
    {
        RandomNumberGenerator.Fill(_content.AsSpan(offsetBytes, lengthBytes));
        await Disk.WriteAsync(offsetBytes, _content.AsMemory(offsetBytes, lengthBytes));
    }

    /// <summary>
    /// Writes on with one other member gone, so that the molested one is needed for every certificate; then all that was ever
    /// written is read back, and again by a new session that found the disk through the molested member.
    /// </summary>
    public async Task AssertGoesOnWithAsync(int member)
    {
        await Network.StopNodeAsync((member + 1) % Network.Nodes.Count);
        await WriteAsync(500_000, 700_000);
        await Disk.FlushAsync();
        await AssertReadsAsync(Disk);

        await using var client = await TestNetwork.StartClientAsync(Account);
        await using var again = await client.Storage().OpenDiskAsync(Name, Network.Members[member]);
        await AssertReadsAsync(again);
    }

    public async Task AssertReadsAsync(VirtualDisk disk)
    {
        var read = new byte[_content.Length];
        await disk.ReadAsync(0, read);
        Assert.True(read.AsSpan().SequenceEqual(_content));
    }

    public async ValueTask DisposeAsync()
    {
        Disk.Abort();
        await Disk.DisposeAsync();
        await Client.DisposeAsync();
        await Network.DisposeAsync();
        Account.Dispose();
    }
}
