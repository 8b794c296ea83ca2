using System.Text.Json;
using Sdk.Core.Networking;
using Sdk.ReferenceNode.Archive;
using Sdk.ReferenceNode.Commands;

namespace Sdk.ReferenceNode.Demo;

/// <summary>
/// Reads the disk back in a new process, which is given the keystore, its password, the name of the disk and one member's address, and
/// nothing else. It answers with the SHA-256 of every file it read; the judgement is made here, against what was read from the source.
/// </summary>
internal static class ReaderProcess
{
    public static async Task VerifyAsync(
        DemoReport report,
        DemoAccount account,
        Multiaddr bootstrap,
        IReadOnlyList<ArchivedFile> expected,
        Action<long> verified,
        CancellationToken cancellationToken)
    {
        await using var process = ChildProcess.Start(
            ["disk", "verify", "--keystore", account.KeystorePath, "--bootstrap", bootstrap.ToString(), "--disk", DemoAccount.DiskName]);
        await process.WriteLineAsync(account.Password);
        var missing = expected.ToDictionary(file => file.Path, StringComparer.Ordinal);
        while (await process.ReadLineAsync(cancellationToken) is { } line)
        {
            var answer = JsonSerializer.Deserialize(line, ReaderAnswerJson.Default.ReaderAnswer)!;
            if (answer.File is { } name && missing.TryGetValue(name, out var file)
                && file.LengthBytes == answer.LengthBytes && answer.Sha256 == Convert.ToHexStringLower(file.Sha256))
            {
                missing.Remove(name);
                report.BytesVerified += file.LengthBytes;
                verified(report.BytesVerified);
            }

            report.ReadMiBPerSecond = answer.MiBPerSecond ?? report.ReadMiBPerSecond;
            if (answer.PeakWorkingSetBytes is { } peak)
            {
                report.Processes.Add(new ProcessReport("reader", process.Id, null, false, peak));
            }
        }

        await process.WaitForExitAsync(cancellationToken);
        report.Mismatches = missing.Count;
        if (process.ExitCode != ExitCodes.Success)
        {
            throw new CommandException($"The reading process failed: {process.Complaint}");
        }
    }
}
