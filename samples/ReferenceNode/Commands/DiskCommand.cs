using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.ReferenceNode.Archive;
using Sdk.Storage;

namespace Sdk.ReferenceNode.Commands;

/// <summary><c>disk verify</c>: reads a whole archive given only the key and one address, and prints the SHA-256 of every file.</summary>
internal static class DiskCommand
{
    public static Command Create()
    {
        var keystore = new Option<string>("--keystore") { Description = "The keystore of the disk's owner.", Required = true };
        var passwordFile = new Option<FileInfo?>("--password-file") { Description = "A file with the password; otherwise it is asked for." };
        var bootstrap = new Option<string>("--bootstrap") { Description = "The address of one living member, with its peer id.", Required = true };
        var disk = new Option<string>("--disk") { Description = "The name of the disk.", Required = true };
        var verify = new Command("verify", "Read the archive on a disk and print one line of JSON for each file.") { keystore, passwordFile, bootstrap, disk };
        verify.SetAction((parsed, cancellationToken) => VerifyAsync(
            parsed.GetRequiredValue(keystore),
            parsed.GetValue(passwordFile),
            parsed.GetRequiredValue(bootstrap),
            parsed.GetRequiredValue(disk),
            cancellationToken));
        return new Command("disk", "Look at a disk.") { Hidden = true, Subcommands = { verify } };
    }

    private static async Task<int> VerifyAsync(
        string keystore, FileInfo? passwordFile, string bootstrap, string diskName, CancellationToken cancellationToken)
    {
        if (!Multiaddr.TryParse(bootstrap, out var address) || address.Peer is null)
        {
            throw new CommandException($"{bootstrap} is not a multiaddress with a peer id.");
        }

        using var account = await Keystore.ReadAsync(keystore, Password.Read("Password", passwordFile), cancellationToken: cancellationToken);
        await using var node = await Node.StartAsync(NodeOptions.LightClient(account), cancellationToken);
        await using var disk = await node.Storage().OpenDiskAsync(diskName, address, cancellationToken: cancellationToken);
        await using var stream = disk.OpenStream();
        var files = await DiskArchive.ReadIndexAsync(stream, cancellationToken);
        var start = TimeProvider.System.GetTimestamp();
        var bytes = 0L;
        await DiskArchive.ReadAsync(stream, files, Tell, cancellationToken);
        Print(new ReaderAnswer
        {
            MiBPerSecond = ByteSize.MiBPerSecond(bytes, TimeProvider.System.GetElapsedTime(start)),
            PeakWorkingSetBytes = Process.GetCurrentProcess().PeakWorkingSet64,
        });
        return ExitCodes.Success;

        void Tell(ArchivedFile file, byte[] sha256)
        {
            bytes += file.LengthBytes;
            Print(new ReaderAnswer { File = file.Path, LengthBytes = file.LengthBytes, Sha256 = Convert.ToHexStringLower(sha256) });
        }
    }

    private static void Print(ReaderAnswer answer) => Console.Out.WriteLine(JsonSerializer.Serialize(answer, ReaderAnswerJson.Default.ReaderAnswer));
}
