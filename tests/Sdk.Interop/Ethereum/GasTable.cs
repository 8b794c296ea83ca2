using System.Globalization;
using System.Text;

namespace Sdk.Interop.Ethereum;

/// <summary>
/// The table of gas in <c>docs/GAS.md</c>, between two marks: written there with <c>SDK_REWRITE_GAS=1</c>, compared otherwise. What stands
/// around it is written by hand.
/// </summary>
internal sealed class GasTable
{
    public const string RewriteVariable = "SDK_REWRITE_GAS";

    private const string Begin = "<!-- measured: begin -->";
    private const string End = "<!-- measured: end -->";

    private readonly StringBuilder _text = new();

    /// <summary>The operations whose bound is not held.</summary>
    public List<string> Exceeded { get; } = [];

    public void Section(string name) => _text.Append(CultureInfo.InvariantCulture, $"\n### {name}\n\n| operation | gas | bound | elsewhere |\n|---|---:|---:|---|\n");

    /// <param name="operation">What is done.</param>
    /// <param name="gas">What it took.</param>
    /// <param name="bound">What it may take; null where nothing was promised.</param>
    /// <param name="elsewhere">What others take for the like.</param>
    public void Add(string operation, ulong gas, ulong? bound = null, string elsewhere = "")
    {
        _text.Append(CultureInfo.InvariantCulture, $"| {operation} | {Spaced(gas)} | {(bound is { } most ? Spaced(most) : "")} | {elsewhere} |\n");
        if (gas > bound)
        {
            Exceeded.Add($"{operation}: {gas} > {bound}");
        }
    }

    /// <summary>The table that is committed, and the one that was measured.</summary>
    public (string Committed, string Measured) Compare(string file)
    {
        var committed = File.ReadAllText(file);
        var (start, end) = (committed.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, committed.IndexOf(End, StringComparison.Ordinal));
        var measured = _text + "\n";
        if (Environment.GetEnvironmentVariable(RewriteVariable) == "1")
        {
            committed = $"{committed[..start]}\n{measured}{committed[end..]}";
            File.WriteAllText(file, committed);
            end = committed.IndexOf(End, StringComparison.Ordinal);
        }

        return (committed[(start + 1)..end], measured);
    }

    private static string Spaced(ulong gas) => gas.ToString("N0", CultureInfo.InvariantCulture).Replace(',', ' ');
}
