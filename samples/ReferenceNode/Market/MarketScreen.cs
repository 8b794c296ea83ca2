using Spectre.Console;

namespace Sdk.ReferenceNode.Market;

/// <summary>What a person sees of a market: the offers that were found, and what came of each attempt to buy.</summary>
internal sealed class MarketScreen(IAnsiConsole console)
{
    /// <summary>Rows of a long list that are worth reading.</summary>
    private const int MaxRows = 12;

    public void Begin(int nodes) => console.Write(new Rule($"[bold]A market of {nodes} nodes[/]").LeftJustified().RuleStyle("grey"));

    public void Show(MarketReport report)
    {
        var offers = NewTable("Offers that the buyer found in the overlay, the cheapest first", "Provider", "Region", "Price per hour from reputation", "Places");
        foreach (var offer in report.Found.Take(MaxRows))
        {
            offers.AddRow(offer.Provider, offer.Region ?? "", string.Join("   ", offer.Prices), Line($"{offer.Capacity}"));
        }

        console.Write(offers);
        console.MarkupLine(Line($"{report.Found.Count} of {report.Announced} offers found in [bold]{report.FindMilliseconds:0} ms[/]."));
        var purchases = NewTable("Attempts to buy eight hours of the cheapest", "Wanted", "Outcome", "Places", "Per hour", "Total", "Agreement");
        foreach (var one in report.Purchases)
        {
            purchases.AddRow(
                one.What,
                one.Agreement is null ? $"[yellow]{one.Outcome}[/]" : $"[green]{one.Outcome}[/]",
                Line($"{one.Quantity}"),
                one.PricePerUnit ?? "",
                one.Total ?? "",
                one.Agreement?[..8] ?? "");
        }

        console.Write(purchases);
        console.MarkupLine(report.Ok
            ? "[green bold]✓[/] Every attempt came out as it had to; every agreement carries both signatures and is kept by both sides."
            : "[red bold]✗[/] Something did not come out as it had to.");
    }

    private static Table NewTable(string title, params string[] columns) =>
        new Table().Border(TableBorder.Rounded).BorderColor(Color.Grey).Title($"[bold]{title}[/]").AddColumns(columns);

    private static string Line(FormattableString line) => FormattableString.Invariant(line);
}
