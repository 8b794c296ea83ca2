using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;

namespace Sdk.Storage.Tests.BadInput;

/// <summary>What owners get wrong: each is an error that says so, and leaves nothing behind.</summary>
public sealed class OwnerMistakesTests
{
    [Fact]
    public async Task A_disk_of_another_account_is_not_found()
    {
        await using var served = await ServedDisk.StartAsync();
        using var otherAccount = KeyPair.GenerateTestOnly();
        await using var other = await TestNetwork.StartClientAsync(otherAccount);
        await Assert.ThrowsAsync<DiskNotFoundException>(
            () => other.Storage().OpenDiskAsync(ServedDisk.Name, served.Network.Members[0]).AsTask());
        await Assert.ThrowsAsync<DiskNotFoundException>(
            () => served.Client.Storage().OpenDiskAsync("another name", served.Network.Members[0]).AsTask());
        await served.AssertGoesOnWithAsync(0);
    }

    [Fact]
    public async Task No_disk_is_made_with_a_member_that_does_not_answer()
    {
        await using var network = await TestNetwork.StartAsync(4);
        await network.StopNodeAsync(2);
        await AssertNotMadeAsync<DialException>(network, network.Members);
    }

    [Fact]
    public async Task No_disk_is_made_with_a_member_that_answers_as_somebody_else()
    {
        await using var network = await TestNetwork.StartAsync(4);
        await using var absent = await Node.StartAsync(NodeOptions.Local());
        await AssertNotMadeAsync<PeerRefusedException>(network, [.. network.Members.Take(3), network.Members[3].WithPeer(absent.PeerId)]);
    }

    [Fact]
    public async Task No_disk_is_made_with_a_peer_that_stores_nothing()
    {
        await using var network = await TestNetwork.StartAsync(3);
        await using var idle = await Node.StartAsync(NodeOptions.Local());
        await AssertNotMadeAsync<PeerRefusedException>(network, [.. network.Members, idle.Addresses[0]]);
    }

    [Fact]
    public async Task No_disk_is_made_with_too_few_members_or_with_one_member_twice()
    {
        await using var network = await TestNetwork.StartAsync(4);
        var byAnotherName = Multiaddr.Parse(network.Members[0].ToString().Replace("/ip4/127.0.0.1/", "/dns4/localhost/", StringComparison.Ordinal));
        await AssertNotMadeAsync<ArgumentException>(network, []);
        await AssertNotMadeAsync<ArgumentException>(network, [.. network.Members.Take(3)]);
        await AssertNotMadeAsync<ArgumentException>(network, [.. network.Members.Take(3), network.Members[0]]);
        await AssertNotMadeAsync<ArgumentException>(network, [.. network.Members.Take(3), byAnotherName]);
    }

    [Fact]
    public async Task A_second_disk_of_the_same_name_is_refused_and_the_first_goes_on()
    {
        await using var served = await ServedDisk.StartAsync();
        var error = await Assert.ThrowsAsync<DiskRefusedException>(
            () => served.Client.Storage().CreateDiskAsync(ServedDisk.Name, 1 << 20, served.Network.Members).AsTask());
        Assert.Contains("has this name", error.Message, StringComparison.Ordinal);
        await served.AssertGoesOnWithAsync(0);
    }

    [Fact]
    public async Task A_member_without_room_for_the_disk_says_so_and_gives_up_what_it_had_begun()
    {
        await using var network = await TestNetwork.StartAsync(4, capacityBytes: 30 << 20);
        var error = await AssertNotMadeAsync<DiskRefusedException>(network, network.Members, sizeBytes: 64 << 20);
        Assert.Contains("of the contributed space are free", error.Message, StringComparison.Ordinal);
        Assert.All(network.Members, (_, i) => Assert.Empty(Directory.GetFiles(network.DirectoryOf(i), "span-*")));
    }

    private static async Task<T> AssertNotMadeAsync<T>(TestNetwork network, IReadOnlyList<Multiaddr> members, long sizeBytes = 1 << 20)
        where T : Exception
    {
        using var account = KeyPair.GenerateTestOnly();
        await using var client = await TestNetwork.StartClientAsync(account);
        var error = await Assert.ThrowsAsync<T>(() => client.Storage().CreateDiskAsync("home", sizeBytes, members).AsTask());
        Assert.All(network.Members, (_, i) => Assert.Empty(Directory.GetFiles(network.DirectoryOf(i), "disk-*")));
        return error;
    }
}
