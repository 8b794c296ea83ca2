using System.Security.Cryptography;
using Sdk.Core.Cryptography;

namespace Sdk.Storage.Tests;

/// <summary>Disks over real nodes: real sockets, real files, real bytes.</summary>
public sealed class DiskOverNodesTests
{
    [Fact]
    public async Task What_was_flushed_is_read_back_by_another_process_of_the_account()
    {
        await using var network = await TestNetwork.StartAsync(4);
        using var account = KeyPair.GenerateTestOnly();
        var content = RandomNumberGenerator.GetBytes(3_000_001);

        await using (var writer = await TestNetwork.StartClientAsync(account))
        {
            await using var disk = await writer.Storage().CreateDiskAsync("home", 8 << 20, network.Members);
            await disk.WriteAsync(12_345, content);
            await disk.FlushAsync();
        }

        await using var reader = await TestNetwork.StartClientAsync(account);
        await using var again = await reader.Storage().OpenDiskAsync("home", network.Members[2]);
        var read = new byte[content.Length];
        await again.ReadAsync(12_345, read);
        Assert.Equal(content, read);
    }

    [Fact]
    public async Task A_disk_goes_on_while_fewer_than_a_third_of_its_members_are_gone_and_they_catch_up_when_they_return()
    {
        await using var network = await TestNetwork.StartAsync(4);
        using var account = KeyPair.GenerateTestOnly();
        await using var client = await TestNetwork.StartClientAsync(account);
        await using var disk = await client.Storage().CreateDiskAsync("home", 4 << 20, network.Members);
        var first = RandomNumberGenerator.GetBytes(1 << 20);
        var second = RandomNumberGenerator.GetBytes(100_000);
        await disk.WriteAsync(0, first);
        await disk.FlushAsync();

        await network.StopNodeAsync(3);
        await disk.WriteAsync(50_000, second);
        await disk.FlushAsync();
        Assert.Equal(4, disk.CountHolders().Values.Sum());
        Assert.All(disk.CountHolders().Keys, holders => Assert.InRange(holders, 3, 4));

        // The one that comes back has missed a write; with another one gone its vote is needed.
        await network.RestartNodeAsync(3);
        await network.StopNodeAsync(0);
        var third = RandomNumberGenerator.GetBytes(5000);
        await disk.WriteAsync(70_000, third);
        await disk.FlushAsync();

        second.CopyTo(first, 50_000);
        third.CopyTo(first, 70_000);
        var read = new byte[first.Length];
        await disk.ReadAsync(0, read);
        Assert.Equal(first, read);
    }
}
