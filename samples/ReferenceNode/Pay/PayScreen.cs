using Spectre.Console;

namespace Sdk.ReferenceNode.Pay;

/// <summary>What a person sees of payments: each customer, and what the ledger says in the end.</summary>
internal sealed class PayScreen(IAnsiConsole console)
{
    public void Begin() => console.Write(new Rule("[bold]A provider and two customers[/]").LeftJustified().RuleStyle("grey"));

    public void Show(PayReport report)
    {
        console.MarkupLine(Line($"One node keeps an embedded ledger (chain {report.ChainId}); the others use it over loopback."));
        console.MarkupLine(Line($"A service costs {report.Price} tokens, and the provider lends a stranger {report.Threshold}."));
        var table = new Table().Border(TableBorder.Rounded).BorderColor(Color.Grey).Title("[bold]Customers[/]")
            .AddColumns("Customer", "Deposit", "Services", "Refused", "Cheques", "Paid", "Owed");
        foreach (var one in report.Customers)
        {
            table.AddRow(
                one.Who,
                one.Deposit,
                Line($"{one.Served}"),
                one.Refused is null ? "" : $"[yellow]{one.Refused}[/]",
                Line($"{one.Cheques}"),
                $"[green]{one.Paid}[/]",
                one.Owed);
        }

        console.Write(table);
        console.MarkupLine(Line($"The provider has {report.ProviderDeposit} tokens in the vault, from cashed cheques."));
        console.MarkupLine(report.Ok
            ? "[green bold]✓[/] Who had cover paid by cheque, who had none cost the provider no more than it lends, and no token was lost."
            : "[red bold]✗[/] Something did not come out as it had to.");
    }

    private static string Line(FormattableString line) => FormattableString.Invariant(line);
}
