using System.Collections.Concurrent;
using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Sdk.ReferenceNode.Demo;

/// <summary>
/// What a person sees of a demo: one line with a bar for each stage while it runs, tables at the end. Where nobody looks (output is a
/// file or a pipe) a stage is one plain line when it is done.
/// </summary>
internal sealed class DemoScreen(IAnsiConsole console)
{
    /// <summary>The width of a terminal that holds both tables of the end beside each other.</summary>
    private const int SideBySideColumns = 112;

    private readonly NoteColumn _notes = new();
    private ProgressContext? _live;

    public async Task RunAsync(Func<Task> stages)
    {
        console.Write(new Rule("[bold]A folder on a disk that survives its nodes[/]").LeftJustified().RuleStyle("grey"));
        if (!console.Profile.Capabilities.Interactive)
        {
            await stages();
            return;
        }

        await console.Progress()
            .HideCompleted(false)
            .AutoClear(false)
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn { Width = 24, CompletedStyle = "green", FinishedStyle = "green", RemainingStyle = "grey23" },
                _notes,
                new SpinnerColumn(Spinner.Known.Dots) { CompletedText = "[green]✓[/]", Style = "green" })
            .StartAsync(async live =>
            {
                _live = live;
                await stages();
                _live = null;
            });
    }

    /// <summary>Begins a stage that ends when <paramref name="total"/> is reached or <see cref="Stage.Done"/> is called.</summary>
    public Stage Begin(string name, double total = 1) => new(console, _live?.AddTask(Markup.Escape(name), maxValue: Math.Max(1, total)), _notes, name);

    public void Show(DemoReport report)
    {
        console.WriteLine();
        IRenderable[] tables = [Processes(report), new Rows(Figures(report), Certificates(report))];
        console.Write(console.Profile.Width >= SideBySideColumns ? new Grid().AddColumns(tables.Length).AddRow(tables) : new Rows(tables));
        console.WriteLine();
        console.MarkupLine(report.Ok
            ? $"[green bold]Every byte is right[/]: {report.FilesCopied} files, {ByteSize.Format(report.BytesVerified)}, "
              + $"after {report.MembersKilled} of {report.Members} members were killed while the copy ran."
            : $"[red bold]{report.Mismatches} of {report.FilesCopied} files did not come back right.[/]");
    }

    private static Table Processes(DemoReport report)
    {
        var table = new Table().Border(TableBorder.Rounded).BorderColor(Color.Grey).Title("[bold]Processes[/]");
        table.AddColumn("Role").AddColumn("Peer").AddColumn(new TableColumn("Process").RightAligned()).AddColumn(new TableColumn("Peak memory").RightAligned());
        foreach (var process in report.Processes)
        {
            var peer = process.PeerId is { Length: > 6 } id ? "…" + id[^6..] : "";
            table.AddRow(
                process.Killed ? $"[red]✗[/] {process.Role}, killed" : $"[green]✓[/] {process.Role}",
                $"[grey]{peer}[/]",
                $"[grey]{process.ProcessId.ToString(CultureInfo.InvariantCulture)}[/]",
                process.PeakWorkingSetBytes > 0 ? ByteSize.Format(process.PeakWorkingSetBytes) : "[grey]?[/]");
        }

        return table;
    }

    private static Table Figures(DemoReport report)
    {
        var table = new Table().Border(TableBorder.Rounded).BorderColor(Color.Grey).Title("[bold]Figures[/]").HideHeaders();
        table.AddColumn("").AddColumn(new TableColumn("").RightAligned());
        table.AddRow("Copied", $"{report.FilesCopied} files, {ByteSize.Format(report.BytesCopied)}");
        table.AddRow("Taken when the members died", ByteSize.Format(report.BytesCopiedBeforeKill));
        table.AddRow("Written and flushed", Rate(report.WriteMiBPerSecond));
        table.AddRow("Read in a new process", Rate(report.ReadMiBPerSecond));
        table.AddRow("[grey]This machine, fsynced writes[/]", $"[grey]{Rate(report.FsyncedMiBPerSecond)}[/]");
        table.AddRow("[grey]Expected of a large copy here[/]", $"[grey]{Rate(report.FloorMiBPerSecond)}[/]");
        return table;
    }

    private static Table Certificates(DemoReport report)
    {
        var table = new Table().Border(TableBorder.Rounded).BorderColor(Color.Grey).Title("[bold]Certificates[/]");
        table.AddColumn("Held by").AddColumn(new TableColumn("Slices").RightAligned()).AddColumn("");
        var most = Math.Max(1, report.CertificatesByHolders.Values.DefaultIfEmpty().Max());
        foreach (var (holders, slices) in report.CertificatesByHolders.Reverse())
        {
            var bar = new string('█', (int)Math.Ceiling(12.0 * slices / most));
            table.AddRow($"{holders} of {report.Members}", slices.ToString(CultureInfo.InvariantCulture), $"[green]{bar}[/]");
        }

        return table;
    }

    private static string Rate(double miBPerSecond) => string.Create(CultureInfo.InvariantCulture, $"{miBPerSecond:0.0} MiB/s");

    /// <summary>The right end of a stage's line: what it has reached, in words.</summary>
    internal sealed class NoteColumn : ProgressColumn
    {
        private readonly ConcurrentDictionary<int, string> _notes = [];

        public void Set(ProgressTask task, string note) => _notes[task.Id] = note;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Text(_notes.GetValueOrDefault(task.Id, ""), new Style(Color.Grey));
    }

    /// <summary>One line of the screen. Safe to call from any thread.</summary>
    internal sealed class Stage(IAnsiConsole console, ProgressTask? live, NoteColumn notes, string name)
    {
        private string _note = "";

        public void Reach(double value, string note)
        {
            _note = note;
            if (live is not null)
            {
                notes.Set(live, note);
                live.Value = Math.Min(value, live.MaxValue * 0.999); // only Done ends a stage
            }
        }

        public void Done(string? note = null)
        {
            _note = note ?? _note;
            if (live is not null)
            {
                notes.Set(live, _note);
                live.Value = live.MaxValue;
                live.StopTask();
            }
            else
            {
                console.WriteLine($"{name}: {_note}");
            }
        }
    }
}
