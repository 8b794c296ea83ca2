using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Sdk.ReferenceNode.Tests;

/// <summary>The demo as a newcomer starts it: processes, sockets, kills and all.</summary>
public sealed class DemoTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_folder_comes_back_byte_by_byte_after_members_were_killed_while_it_was_copied()
    {
        for (var file = 0; file < 20; file++)
        {
            _folder.Write($"folder-{file % 3}/file-{file}", 200_000 + file);
        }

        var outcome = await SdkNode.RunAsync("demo", _folder.FullName, "--nodes", "7", "--kill", "2", "--json");

        Assert.True(outcome.ExitCode == 0, outcome.Errors);
        using var report = JsonDocument.Parse(outcome.Output); // one document and nothing else
        Assert.Equal(20, report.RootElement.GetProperty("filesCopied").GetInt32());
        Assert.Equal(4_000_190, report.RootElement.GetProperty("bytesCopied").GetInt64());
        Assert.Equal(4_000_190, report.RootElement.GetProperty("bytesVerified").GetInt64());
        Assert.Equal(0, report.RootElement.GetProperty("mismatches").GetInt32());
        Assert.Equal(2, report.RootElement.GetProperty("membersKilled").GetInt32());
        Assert.True(report.RootElement.GetProperty("writeMiBPerSecond").GetDouble() > 0);
        Assert.True(report.RootElement.GetProperty("readMiBPerSecond").GetDouble() > 0);
        Assert.InRange(report.RootElement.GetProperty("bytesCopiedBeforeKill").GetInt64(), 2_000_000, 3_999_999);
        AssertNothingRuns(report);
    }

    [Fact]
    public async Task Killing_more_members_than_the_group_can_bear_ends_with_a_refusal()
    {
        _folder.Write("file", 3_000_000);

        var outcome = await SdkNode.RunAsync("demo", _folder.FullName, "--nodes", "4", "--kill", "2", "--json");

        Assert.Equal(1, outcome.ExitCode);
        using var report = JsonDocument.Parse(outcome.Output);
        Assert.StartsWith("Refused: 2 of 4 members are left", report.RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.False(report.RootElement.GetProperty("ok").GetBoolean());
        Assert.Single(outcome.Errors.Split('\n'), line => line.StartsWith("error:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Members_keep_their_data_where_they_were_told_and_none_of_it_is_plaintext()
    {
        var secret = "a sentence that nobody but its owner may read, 4711 times over\n";
        File.WriteAllText(Path.Combine(_folder.FullName, "secret.txt"), string.Concat(Enumerable.Repeat(secret, 4711)));
        using var data = new TemporaryFolder();

        var outcome = await SdkNode.RunAsync("demo", _folder.FullName, "--nodes", "4", "--kill", "1", "--data", data.FullName);

        Assert.True(outcome.ExitCode == 0, outcome.Errors);
        var stored = Directory.EnumerateFiles(data.FullName, "*", SearchOption.AllDirectories).ToList();
        Assert.True(stored.Sum(path => new FileInfo(path).Length) > 4 * secret.Length * 4711, "four members hold the file");
        Assert.All(stored, path => Assert.Equal(-1, File.ReadAllBytes(path).AsSpan().IndexOf("nobody but its owner"u8)));
        Assert.All(stored, path => Assert.Equal(-1, File.ReadAllBytes(path).AsSpan().IndexOf("secret.txt"u8)));
    }

    [Fact]
    public async Task An_interrupted_demo_ends_its_processes_and_removes_its_folder()
    {
        _folder.Write("file", 64_000_000);
        var before = Directory.GetDirectories(Path.GetTempPath(), "sdk-demo-*");
        using var demo = SdkNode.Start(null, "demo", _folder.FullName, "--nodes", "4", "--kill", "0", "--json");
        await demo.ReadErrorLineAsync("Start members");

        demo.Signal(PosixSignal.SIGINT);
        var outcome = await demo.EndAsync();

        Assert.Equal(130, outcome.ExitCode);
        Assert.Equal("interrupted", JsonDocument.Parse(outcome.Output).RootElement.GetProperty("error").GetString());
        Assert.Equal(before, Directory.GetDirectories(Path.GetTempPath(), "sdk-demo-*"));
    }

    [Theory]
    [InlineData("There is no file or folder /no/such/folder.", "/no/such/folder")]
    [InlineData("is too small", "--disk-size", "1MiB")]
    [InlineData("Not enough room", "--disk-size", "4000TiB")]
    public async Task Bad_input_is_one_clear_line(string expected, params string[] arguments)
    {
        _folder.Write("file", 2_000_000);
        string[] path = arguments[0].StartsWith('/') ? [] : [_folder.FullName];

        var outcome = await SdkNode.RunAsync(["demo", .. path, .. arguments]);

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains(expected, outcome.ErrorLine, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--nodes", "3")]
    [InlineData("--nodes", "many")]
    [InlineData("--kill", "8")]
    [InlineData("--disk-size", "much")]
    [InlineData("--colour", "red")]
    [InlineData("--colour")]
    public async Task A_wrong_argument_is_one_clear_line(params string[] arguments)
    {
        var outcome = await SdkNode.RunAsync(["demo", .. arguments]);
        Assert.Equal(2, outcome.ExitCode);
        Assert.StartsWith("error: ", outcome.ErrorLine, StringComparison.Ordinal);
    }

    private static void AssertNothingRuns(JsonDocument report)
    {
        foreach (var process in report.RootElement.GetProperty("processes").EnumerateArray())
        {
            Assert.Throws<ArgumentException>(() => Process.GetProcessById(process.GetProperty("processId").GetInt32()));
        }
    }
}
