using System.Text.Json;

namespace Sdk.ReferenceNode.Tests;

/// <summary>Payments as a newcomer meets them: a provider, a customer that pays, and one that cannot.</summary>
public sealed class PayTests
{
    [Fact]
    public async Task Who_has_cover_pays_by_cheque_and_who_has_none_gets_the_threshold_and_no_more()
    {
        var outcome = await SdkNode.RunAsync("pay", "--json");

        Assert.True(outcome.ExitCode == 0, outcome.Errors + outcome.Output);
        using var report = JsonDocument.Parse(outcome.Output); // one document and nothing else
        var root = report.RootElement;
        Assert.True(root.GetProperty("ok").GetBoolean());
        Assert.Equal("0.004", root.GetProperty("providerDeposit").GetString());
        var customers = root.GetProperty("customers").EnumerateArray().ToArray();
        Assert.Equal((40, "0.004", "0"), (customers[0].GetProperty("served").GetInt32(), customers[0].GetProperty("paid").GetString(), customers[0].GetProperty("owed").GetString()));
        Assert.Equal((10, "Threshold", "0.001"), (customers[1].GetProperty("served").GetInt32(), customers[1].GetProperty("refused").GetString(), customers[1].GetProperty("owed").GetString()));
    }

    [Fact]
    public async Task For_people_it_shows_the_customers_and_what_the_ledger_says()
    {
        var outcome = await SdkNode.RunAsync("pay");
        Assert.True(outcome.ExitCode == 0, outcome.Errors + outcome.Output);
        foreach (var words in new[] { "embedded ledger", "has a deposit", "Threshold", "no token was lost" })
        {
            Assert.Contains(words, outcome.Output, StringComparison.Ordinal);
        }
    }
}
