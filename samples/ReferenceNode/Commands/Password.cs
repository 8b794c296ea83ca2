using System.Text;
using Spectre.Console;

namespace Sdk.ReferenceNode.Commands;

/// <summary>
/// Where a password comes from: a file, a hidden prompt, or the first line of redirected input. Never from an argument, which every
/// process of the machine can read.
/// </summary>
internal static class Password
{
    /// <summary>A password file holds one line; more is a mistake.</summary>
    private const long MaxFileBytes = 4 * ByteSize.KiB;

    public static string Read(string prompt, FileInfo? file, bool twice = false)
    {
        if (file is not null)
        {
            return ReadFile(file);
        }

        if (Console.IsInputRedirected)
        {
            return NotEmpty(Console.In.ReadLine(), "Standard input ended before the password.");
        }

        var screen = Terminal.ConsoleOn(Console.Error, Console.IsErrorRedirected);
        var password = screen.Prompt(new TextPrompt<string>(prompt).Secret(null));
        if (twice && screen.Prompt(new TextPrompt<string>("The same again").Secret(null)) != password)
        {
            throw new CommandException("The two passwords differ.");
        }

        return password;
    }

    private static string ReadFile(FileInfo file)
    {
        try
        {
            if (file.Length > MaxFileBytes)
            {
                throw new CommandException($"{file.FullName} is too long for a password file.");
            }

            return NotEmpty(File.ReadAllText(file.FullName, Encoding.UTF8).TrimEnd('\r', '\n'), $"{file.FullName} is empty.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"Cannot read the password file {file.FullName}: {e.Message}", e);
        }
    }

    private static string NotEmpty(string? password, string otherwise) =>
        string.IsNullOrEmpty(password) ? throw new CommandException(otherwise) : password;
}
