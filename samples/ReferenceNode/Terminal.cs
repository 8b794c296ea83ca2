using Spectre.Console;

namespace Sdk.ReferenceNode;

/// <summary>Where people read what a command shows.</summary>
internal static class Terminal
{
    /// <summary>Lines of output that nobody sees on a terminal are not broken to fit one.</summary>
    private const int FileColumns = 160;

    /// <summary>On standard output; on standard error where that is for the one JSON document.</summary>
    public static IAnsiConsole Open(bool isOutputForJson) => isOutputForJson
        ? ConsoleOn(Console.Error, Console.IsErrorRedirected)
        : ConsoleOn(Console.Out, Console.IsOutputRedirected);

    /// <summary>A console; without colours and motion where it is not a terminal.</summary>
    public static IAnsiConsole ConsoleOn(TextWriter writer, bool isRedirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isRedirected ? AnsiSupport.No : AnsiSupport.Detect,
            Interactive = isRedirected ? InteractionSupport.No : InteractionSupport.Detect,
        });
        if (isRedirected)
        {
            console.Profile.Width = FileColumns;
        }

        return console;
    }
}
