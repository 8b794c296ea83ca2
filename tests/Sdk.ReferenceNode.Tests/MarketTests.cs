using System.Text.Json;

namespace Sdk.ReferenceNode.Tests;

/// <summary>Services on the overlay as a newcomer meets them: nodes that sell, and one that buys.</summary>
public sealed class MarketTests
{
    [Fact]
    public async Task Offers_are_found_negotiated_and_agreed_or_refused_by_name()
    {
        var outcome = await SdkNode.RunAsync("market", "--nodes", "9", "--json");

        Assert.True(outcome.ExitCode == 0, outcome.Errors + outcome.Output);
        using var report = JsonDocument.Parse(outcome.Output); // one document and nothing else
        var root = report.RootElement;
        Assert.True(root.GetProperty("ok").GetBoolean());
        Assert.Equal(3, root.GetProperty("announced").GetInt32());
        Assert.Equal(3, root.GetProperty("found").GetArrayLength());
        var purchases = root.GetProperty("purchases").EnumerateArray().ToArray();
        Assert.Equal(["agreed", "Price", "agreed", "agreed", "agreed", "Capacity", "Blocked"], purchases.Select(one => one.GetProperty("outcome").GetString()));
        Assert.Equal("0.6336", purchases[0].GetProperty("total").GetString()); // 4 places, 8 hours, 0.0198 each
        Assert.Equal("0.0198", purchases[1].GetProperty("pricePerUnit").GetString()); // what the provider asked for
        Assert.Equal("0.01485", purchases[3].GetProperty("pricePerUnit").GetString()); // the second band
        Assert.Equal(4, purchases[4].GetProperty("quantity").GetInt32()); // of ten, six were sold
    }

    [Fact]
    public async Task For_people_it_shows_offers_and_what_came_of_each_attempt()
    {
        var outcome = await SdkNode.RunAsync("market", "--nodes", "6");
        Assert.True(outcome.ExitCode == 0, outcome.Errors + outcome.Output);
        foreach (var words in new[] { "2 of 2 offers", "Price per hour", "agreed", "Blocked", "both signatures" })
        {
            Assert.Contains(words, outcome.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_wrong_argument_is_one_clear_line()
    {
        var outcome = await SdkNode.RunAsync("market", "--nodes", "2");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("--nodes takes 3 to 60", outcome.ErrorLine, StringComparison.Ordinal);
    }
}
