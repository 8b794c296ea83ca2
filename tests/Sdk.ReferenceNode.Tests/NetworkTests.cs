using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Sdk.ReferenceNode.Tests;

/// <summary>The overlay as a newcomer meets it: many nodes in one process, shown through one of them.</summary>
public sealed class NetworkTests
{
    [Fact]
    public async Task Nodes_find_the_true_nearest_of_all_and_keep_a_record()
    {
        const string Target = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        var outcome = await SdkNode.RunAsync("network", "--nodes", "12", "--target", Target, "--json");

        Assert.True(outcome.ExitCode == 0, outcome.Errors + outcome.Output);
        using var report = JsonDocument.Parse(outcome.Output); // one document and nothing else
        var root = report.RootElement;
        Assert.True(root.GetProperty("ok").GetBoolean());
        Assert.InRange(root.GetProperty("connections").GetInt32(), 11, 12 * 11 / 2);

        var view = root.GetProperty("view");
        var bins = view.GetProperty("bins").EnumerateArray().ToArray();
        Assert.Equal(11, bins.Sum(bin => bin.GetProperty("known").GetInt32()));
        Assert.All(bins, bin => Assert.Equal(bin.GetProperty("proximity").GetInt32() >= view.GetProperty("depth").GetInt32(), bin.GetProperty("isNeighbourhood").GetBoolean()));

        var lookup = root.GetProperty("lookup");
        Assert.Contains(Target, lookup.GetProperty("target").GetString(), StringComparison.Ordinal);
        Assert.Equal(lookup.GetProperty("trueNearest").GetString(), lookup.GetProperty("nearest").GetString());
        var steps = lookup.GetProperty("steps").EnumerateArray().ToArray();
        Assert.NotEmpty(steps);
        Assert.All(steps, step => Assert.True(step.GetProperty("milliseconds").GetDouble() > 0));

        var record = root.GetProperty("record");
        Assert.True(record.GetProperty("isSame").GetBoolean());
        Assert.NotEqual(record.GetProperty("putAt").GetString(), record.GetProperty("gotAt").GetString());
        var ranks = record.GetProperty("holders").EnumerateArray().Select(holder => holder.GetProperty("rank").GetInt32()).ToArray();
        Assert.True(2 * ranks.Length > record.GetProperty("asked").GetInt32());
        Assert.Equal(ranks.Order().Distinct(), ranks);
    }

    [Fact]
    public async Task For_people_it_shows_bins_hops_and_holders_and_takes_a_moment()
    {
        var begin = Stopwatch.StartNew();
        var outcome = await SdkNode.RunAsync("network", "--nodes", "20");

        Assert.True(outcome.ExitCode == 0, outcome.Errors + outcome.Output);
        Assert.True(begin.Elapsed < TimeSpan.FromSeconds(60), $"It took {begin.Elapsed}.");
        foreach (var words in new[] { "20 nodes", "depth", "Shared bits", "Nearest found", "the true nearest of all 20", "What was got is what was put" })
        {
            Assert.Contains(words, outcome.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Interrupted_it_ends_at_once_and_says_so()
    {
        using var network = SdkNode.Start(null, "network", "--nodes", "50", "--json");
        await network.ReadErrorLineAsync("50 nodes");
        network.Signal(PosixSignal.SIGINT);
        var outcome = await network.EndAsync();
        Assert.Equal(130, outcome.ExitCode);
        Assert.Equal("interrupted", JsonDocument.Parse(outcome.Output).RootElement.GetProperty("error").GetString());
    }

    [Theory]
    [InlineData("--nodes takes 2 to 200", "--nodes", "1")]
    [InlineData("--nodes takes 2 to 200", "--nodes", "201")]
    [InlineData("--nodes takes 2 to 200", "--nodes", "many")]
    [InlineData("not an overlay address", "--target", "abc")]
    [InlineData("--colour", "--colour")]
    public async Task A_wrong_argument_is_one_clear_line(string expected, params string[] arguments)
    {
        var outcome = await SdkNode.RunAsync(["network", .. arguments]);
        Assert.Equal(2, outcome.ExitCode);
        Assert.StartsWith("error: ", outcome.ErrorLine, StringComparison.Ordinal);
        Assert.Contains(expected, outcome.ErrorLine, StringComparison.Ordinal);
    }
}
