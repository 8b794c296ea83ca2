using System.CommandLine;
using System.Text.Json;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Spectre.Console;

namespace Sdk.ReferenceNode.Commands;

/// <summary><c>keys</c>: keystores in a folder, one file for each name (Web3 Secret Storage version 3, which other wallets open).</summary>
internal static class KeysCommand
{
    private const string DefaultName = "default";
    private const string Extension = ".json";

    /// <summary>A keystore is about 600 bytes; a file that is larger is none, and is not read.</summary>
    private const long MaxFileBytes = 64 * ByteSize.KiB;

    public static Command Create()
    {
        var folder = new Option<string>("--dir")
        {
            Description = "The folder of the keystores.",
            DefaultValueFactory = _ => Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "sdk-node", "keys"),
            Recursive = true,
        };
        var name = new Argument<string>("NAME") { Description = "The name of the keystore.", DefaultValueFactory = _ => DefaultName };
        var passwordFile = new Option<FileInfo?>("--password-file") { Description = "A file with the password; otherwise it is asked for." };

        var create = new Command("new", "Make a new key and keep it in an encrypted keystore.") { name, passwordFile };
        create.SetAction((parsed, cancellationToken) => NewAsync(
            FileOf(parsed.GetRequiredValue(folder), parsed.GetRequiredValue(name)), parsed.GetValue(passwordFile), cancellationToken));

        var list = new Command("list", "List the keystores and their accounts. Needs no password.");
        list.SetAction(parsed => List(parsed.GetRequiredValue(folder)));

        var show = new Command("show", "Open a keystore and show what the key stands for. The private key is never shown.") { name, passwordFile };
        show.SetAction((parsed, cancellationToken) => ShowAsync(
            FileOf(parsed.GetRequiredValue(folder), parsed.GetRequiredValue(name)), parsed.GetValue(passwordFile), cancellationToken));

        return new Command("keys", "Manage keystores.") { folder, create, list, show };
    }

    private static async Task<int> NewAsync(string path, FileInfo? passwordFile, CancellationToken cancellationToken)
    {
        if (File.Exists(path))
        {
            throw new CommandException($"{path} exists already; a keystore is never overwritten.");
        }

        var password = Password.Read("A password for the new key", passwordFile, twice: true);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var key = KeyPair.Generate();
        await WithPatienceAsync(() => Keystore.WriteAsync(path, key, password, cancellationToken: cancellationToken));
        Print(("account", key.Address.ToString()), ("keystore", path));
        return ExitCodes.Success;
    }

    private static int List(string folder)
    {
        if (Directory.Exists(folder))
        {
            foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*" + Extension).OrderBy(file => file.Name, StringComparer.Ordinal))
            {
                Console.Out.WriteLine($"{Path.GetFileNameWithoutExtension(file.Name)}  {AccountIn(file)}");
            }
        }

        return ExitCodes.Success;
    }

    private static async Task<int> ShowAsync(string path, FileInfo? passwordFile, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            throw new CommandException($"There is no keystore {path}.");
        }

        var password = Password.Read("Password", passwordFile);
        KeyPair? opened = null;
        await WithPatienceAsync(async () => opened = await Keystore.ReadAsync(path, password, cancellationToken: cancellationToken));
        using var key = opened!;
        Print(
            ("account", key.Address.ToString()),
            ("public key", key.PublicKey.ToString()),
            ("peer id", PeerId.FromPublicKey(key.PublicKey).ToString()),
            ("keystore", path));
        return ExitCodes.Success;
    }

    /// <summary>Deriving a key from a password takes a second or more on purpose; whoever sits at a terminal sees that something happens.</summary>
    private static Task WithPatienceAsync(Func<Task> work) => Console.IsErrorRedirected
        ? work()
        : Terminal.ConsoleOn(Console.Error, isRedirected: false).Status().StartAsync("Deriving the key from the password…", _ => work());

    /// <summary>The account that a keystore says it holds; only opening it proves that.</summary>
    private static string AccountIn(FileInfo file)
    {
        try
        {
            if (file.Length <= MaxFileBytes)
            {
                using var json = JsonDocument.Parse(File.ReadAllBytes(file.FullName));
                if (json.RootElement.TryGetProperty("address", out var address) && AccountAddress.TryParse(address.GetString(), out var account))
                {
                    return account.ToString();
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Said in the line of this file; the others are still listed.
        }

        return "(not a keystore)";
    }

    private static string FileOf(string folder, string name) =>
        name.Length > 0 && name.AsSpan().IndexOfAny(Path.GetInvalidFileNameChars()) < 0 && !name.StartsWith('.')
            ? Path.Combine(Path.GetFullPath(folder), name + Extension)
            : throw new CommandException($"'{name}' cannot name a keystore.");

    private static void Print(params (string Label, string Value)[] lines)
    {
        foreach (var (label, value) in lines)
        {
            Console.Out.WriteLine($"{label + ":",-12}{value}");
        }
    }
}
