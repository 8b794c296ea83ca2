using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Storage;

namespace Sdk.ReferenceNode.Tests;

/// <summary>The code on the README's first screen compiles and does what it says.</summary>
public sealed class ReadmeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_code_in_the_README_works()
    {
        var folder = _folder.FullName;

        // <readme>
        var members = new List<Node>();
        for (var i = 0; i < 4; i++) // four storage nodes; in life each on a machine of its own
        {
            var options = NodeOptions.Provider(KeyPair.Generate(), $"{folder}/{i}", Multiaddr.Parse("/ip4/127.0.0.1/tcp/0"));
            members.Add(await Node.StartAsync(options));
            await StorageNode.StartAsync(members[i], new StorageNodeOptions { CapacityBytes = 64 << 20 });
        }

        await using var node = await Node.StartAsync(NodeOptions.Local()); // throw-away keys, this machine only
        var disk = await node.Storage().CreateDiskAsync("notes", 8 << 20, [.. members.Select(member => member.Addresses[0])]);
        await disk.WriteAsync(5000, "kept by more than two thirds"u8.ToArray());
        await disk.FlushAsync(); // more than two thirds hold it durably, or this throws
        await disk.DisposeAsync();

        await members[3].DisposeAsync(); // one of four may fail or lie
        await using var again = await node.Storage().OpenDiskAsync("notes", members[0].Addresses[0]); // any member will do
        var bytes = new byte[28];
        await again.ReadAsync(5000, bytes);
        // </readme>

        Assert.Equal("kept by more than two thirds"u8.ToArray(), bytes);
        await again.DisposeAsync();
        foreach (var member in members)
        {
            await member.DisposeAsync();
        }
    }

    [Fact]
    public void The_README_shows_the_code_that_was_tested()
    {
        var repository = Repository();
        var tested = Between(File.ReadAllText(Path.Combine(repository, "tests/Sdk.ReferenceNode.Tests/ReadmeTests.cs")), "// <readme>\n", "// </readme>");
        var shown = Between(File.ReadAllText(Path.Combine(repository, "README.md")), "```csharp\n", "```");
        Assert.Equal(Lines(tested), Lines(shown));
    }

    private static string[] Lines(string text) => [.. text.TrimEnd().Split('\n').Select(line => line.Trim())];

    private static string Between(string text, string from, string to)
    {
        var start = text.IndexOf(from, StringComparison.Ordinal) + from.Length;
        return text[start..text.IndexOf(to, start, StringComparison.Ordinal)];
    }

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Sdk.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests do not lie below Sdk.sln.");
        }

        return folder.FullName;
    }
}
