using System.Diagnostics;
using System.Security.Cryptography;
using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;

namespace Sdk.Storage.Tests.BadInput;

/// <summary>Hosts whose disk is full, or smaller than what was promised.</summary>
public sealed class FullHostTests
{
    [Fact]
    public async Task A_node_that_contributes_more_than_its_host_has_free_says_so_at_its_start()
    {
        var folder = Directory.CreateTempSubdirectory("sdk-storage-").FullName;
        using var key = KeyPair.GenerateTestOnly();
        await using (var node = await Node.StartAsync(NodeOptions.Provider(key, folder)))
        {
            var error = await Assert.ThrowsAsync<DiskFullException>(
                () => StorageNode.StartAsync(node, new StorageNodeOptions { CapacityBytes = 1L << 60 }).AsTask());
            Assert.Matches(@"^The host has \d+ bytes free, fewer than the \d+ that are to be contributed\.$", error.Message);
        }

        Directory.Delete(folder, recursive: true);
    }

    [FactOnASmallHost]
    public async Task A_host_that_fills_up_takes_no_further_disk_and_loses_nothing_of_those_it_keeps()
    {
        using var host = SmallHost.Mount(megabytes: 96);
        await using var network = await TestNetwork.StartAsync(3);
        using var key = KeyPair.GenerateTestOnly();
        using var account = KeyPair.GenerateTestOnly();
        await using var client = await TestNetwork.StartClientAsync(account);
        var content = new byte[3 << 20];
        RandomNumberGenerator.Fill(content);

        await using (var node = await StartAsync(host, key))
        {
            Multiaddr[] members = [.. network.Members, node.Addresses[0]];
            await using var disk = await client.Storage().CreateDiskAsync("first", 4 << 20, members);
            host.Fill();

            // The space of a disk is taken when it is made: writing it never runs out of room.
            await network.StopNodeAsync(0);
            await disk.WriteAsync(0, content);
            await disk.FlushAsync();
            await network.RestartNodeAsync(0);

            var error = await Assert.ThrowsAsync<DiskRefusedException>(
                () => client.Storage().CreateDiskAsync("second", 4 << 20, members).AsTask());
            Assert.Contains("no room", error.Message, StringComparison.Ordinal);
            Assert.Single(Directory.GetFiles(host.Folder, "span-*"));
        }

        await Assert.ThrowsAsync<DiskFullException>(() => StartAsync(host, key, capacityBytes: 80 << 20));
        host.Empty();
        await using var again = await StartAsync(host, key);
        await network.StopNodeAsync(1);
        await using var reopened = await client.Storage().OpenDiskAsync("first", again.Addresses[0]);
        var read = new byte[content.Length];
        await reopened.ReadAsync(0, read);
        Assert.True(read.AsSpan().SequenceEqual(content));
    }

    private static async Task<Node> StartAsync(SmallHost host, KeyPair key, long capacityBytes = 64 << 20)
    {
        var node = await Node.StartAsync(NodeOptions.Provider(key, host.Folder, Multiaddr.Parse("/ip4/127.0.0.1/tcp/" + host.Port)));
        try
        {
            await StorageNode.StartAsync(node, new StorageNodeOptions { CapacityBytes = capacityBytes });
            host.Port = node.Addresses[0].ToString().Split('/')[4];
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }
}

/// <summary>A file system of a few megabytes, in memory, with a data directory on it.</summary>
internal sealed class SmallHost : IDisposable
{
    private readonly string _mount;

    private SmallHost(string mount)
    {
        _mount = mount;
        Folder = Path.Combine(mount, "data");
    }

    public string Folder { get; }

    /// <summary>Where the node listened last: 0 before its first start.</summary>
    public string Port { get; set; } = "0";

    private string Filler => Path.Combine(_mount, "filler");

    public static SmallHost Mount(int megabytes) => TryMount(megabytes) ?? throw new InvalidOperationException("Mounting is not possible here.");

    /// <summary>Null where this process may not mount.</summary>
    public static SmallHost? TryMount(int megabytes)
    {
        var folder = Directory.CreateTempSubdirectory("sdk-small-host-").FullName;
        if (OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", folder))
        {
            return new SmallHost(folder);
        }

        Directory.Delete(folder);
        return null;
    }

    /// <summary>Takes all the space that is left.</summary>
    public void Fill()
    {
        using var file = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            for (var piece = new byte[4096]; ;)
            {
                file.Write(piece);
            }
        }
        catch (IOException)
        {
            // Full, as intended.
        }
    }

    public void Empty() => File.Delete(Filler);

    public void Dispose()
    {
        Run("umount", "-l", _mount);
        Directory.Delete(_mount);
    }

    private static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true });
        process!.WaitForExit();
        return process.ExitCode == 0;
    }
}

/// <summary>A test that needs a host disk of its own size: skipped where mounting one is not possible.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FactOnASmallHostAttribute : FactAttribute
{
    private static readonly Lazy<bool> CanMount = new(() =>
    {
        using var host = SmallHost.TryMount(1);
        return host is not null;
    });

    public FactOnASmallHostAttribute() => Skip = CanMount.Value ? null : "needs a small file system, and this process may not mount one";
}
