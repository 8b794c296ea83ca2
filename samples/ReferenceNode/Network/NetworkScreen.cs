using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Sdk.ReferenceNode.Network;

/// <summary>What a person sees of a network: a bar while it starts, then one node's bins, a lookup hop by hop, and who keeps a record.</summary>
internal sealed class NetworkScreen(IAnsiConsole console)
{
    /// <summary>The width of a terminal that holds two tables beside each other.</summary>
    private const int SideBySideColumns = 112;

    /// <summary>Characters of an overlay address that tell nodes of one machine apart.</summary>
    private const int ShortAddressLength = 8;

    private const int BarColumns = 16;

    /// <summary>Rows of a long list that are worth reading.</summary>
    private const int MaxRows = 16;

    public async Task StartAsync(int nodes, Func<Action<int>, Task> start)
    {
        console.Write(new Rule($"[bold]{nodes} nodes and nobody in the middle[/]").LeftJustified().RuleStyle("grey"));
        if (!console.Profile.Capabilities.Interactive)
        {
            await start(_ => { });
            return;
        }

        await console.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn { CompletedStyle = "green", FinishedStyle = "green", RemainingStyle = "grey23" }, new SpinnerColumn(Spinner.Known.Dots))
            .StartAsync(async live =>
            {
                var bar = live.AddTask("Nodes start and find each other", maxValue: nodes);
                await start(count => bar.Value = Math.Max(bar.Value, count));
            });
    }

    public void Show(NetworkReport report)
    {
        console.MarkupLine(Line($"{report.Nodes} nodes on loopback TCP, joined through the first in [bold]{report.StartSeconds:0.0} s[/], {report.Connections} connections."));
        console.WriteLine();
        if (report.View is { } view)
        {
            ShowSideBySide(Bins(view), Neighbourhood(view));
        }

        if (report.Lookup is { } lookup)
        {
            ShowLookup(report.Nodes, lookup);
        }

        if (report.Record is { } record)
        {
            ShowRecord(record);
        }
    }

    private void ShowLookup(int nodes, LookupView lookup)
    {
        console.Write(Steps(lookup));
        console.MarkupLine(Line($"Nearest found: [bold]{Short(lookup.Nearest)}[/], which shares {lookup.NearestProximity} bits with {Short(lookup.Target)}…; {Hops(lookup.Hops)}, {lookup.Milliseconds:0.0} ms."));
        console.MarkupLine(lookup.IsTrueNearest
            ? $"[green bold]✓[/] It is the true nearest of all {nodes}."
            : $"[red bold]✗[/] The true nearest of all {nodes} is {Short(lookup.TrueNearest)}.");
        console.WriteLine();
    }

    private void ShowRecord(RecordView record)
    {
        console.Write(Holders(record));
        console.MarkupLine(Line($"{record.Kind}: put at {Short(record.PutAt)} in {record.PutMilliseconds:0.0} ms, when {record.Holders.Count} of the {record.Asked} nearest had said that they keep it; got at {Short(record.GotAt)} in {record.GetMilliseconds:0.0} ms."));
        console.MarkupLine(record.IsSame ? "[green bold]✓[/] What was got is what was put." : "[red bold]✗[/] The record did not come back.");
    }

    private void ShowSideBySide(params IRenderable[] tables)
    {
        console.Write(console.Profile.Width >= SideBySideColumns ? new Grid().AddColumns(tables.Length).AddRow(tables) : new Rows(tables));
        console.WriteLine();
    }

    private static Table Bins(NodeView view)
    {
        var table = NewTable($"Node {Short(view.Address)}: its bins", "Shared bits", "Connected", "Known").AddColumn("").AddColumn("");
        var most = Math.Max(1, view.Bins.Select(bin => bin.Known).DefaultIfEmpty().Max());
        var isDepthMarked = false;
        foreach (var bin in view.Bins)
        {
            var mark = bin.IsNeighbourhood && !isDepthMarked ? $"[bold]← depth {view.Depth}: the neighbourhood[/]" : "";
            isDepthMarked |= bin.IsNeighbourhood;
            table.AddRow(Number(bin.Proximity), Number(bin.Connected), Number(bin.Known), Bar(bin, most), mark);
        }

        return table;
    }

    private static Table Neighbourhood(NodeView view)
    {
        var table = NewTable("Its neighbourhood", "Node", "Shared bits");
        foreach (var neighbour in view.Neighbourhood.Take(MaxRows))
        {
            table.AddRow(Short(neighbour.Address), Number(neighbour.Proximity));
        }

        return Shortened(table, view.Neighbourhood.Count);
    }

    private static Table Steps(LookupView lookup)
    {
        var table = NewTable($"Lookup of {Short(lookup.Target)}… by {Short(lookup.From)}", "Asked", "Path", "Hop", "Shared bits", "Named", "Nearest named", "Time");
        foreach (var step in lookup.Steps)
        {
            table.AddRow(
                Short(step.Asked),
                step.Path < 0 ? "[grey]all[/]" : Number(step.Path + 1),
                Number(step.Depth),
                Number(step.Proximity),
                step.Named is { } named ? Number(named) : "[red]no answer[/]",
                step.NearestNamed is { } nearest ? (nearest > step.Proximity ? $"[green]{Number(nearest)}[/]" : Number(nearest)) : "",
                step.Milliseconds is { } time ? Line($"{time:0.0} ms") : "");
        }

        return table;
    }

    private static Table Holders(RecordView record)
    {
        var table = NewTable($"Record at {Short(record.Key)}…: its keepers", "Node", "Shared bits", "Nearest of all");
        foreach (var holder in record.Holders.Take(MaxRows))
        {
            table.AddRow(Short(holder.Address), Number(holder.Proximity), $"{Number(holder.Rank)}.");
        }

        return Shortened(table, record.Holders.Count);
    }

    /// <summary>A table whose first column is a name and whose others are numbers.</summary>
    private static Table NewTable(string title, params string[] columns)
    {
        var table = new Table().Border(TableBorder.Rounded).BorderColor(Color.Grey).Title($"[bold]{title}[/]");
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(column) { Alignment = column is "Node" or "Asked" ? Justify.Left : Justify.Right });
        }

        return table;
    }

    private static Table Shortened(Table table, int rows)
    {
        if (rows > MaxRows)
        {
            table.Caption($"[grey]and {rows - MaxRows} more[/]");
        }

        return table;
    }

    private static string Bar(BinView bin, int most)
    {
        var connected = (int)Math.Ceiling((double)BarColumns * bin.Connected / most);
        var known = (int)Math.Ceiling((double)BarColumns * bin.Known / most);
        return $"[green]{new string('█', connected)}[/][grey]{new string('░', Math.Max(0, known - connected))}[/]";
    }

    private static string Hops(int hops) => hops switch
    {
        0 => "known from the start",
        1 => "1 hop",
        _ => $"{Number(hops)} hops",
    };

    private static string Short(string address) => address.StartsWith("0x", StringComparison.Ordinal) ? address[2..(2 + ShortAddressLength)] : address[..ShortAddressLength];

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Line(FormattableString line) => FormattableString.Invariant(line);
}
