using System.Diagnostics;
using Sdk.Core;
using Sdk.ReferenceNode.Archive;
using Sdk.Storage;

namespace Sdk.ReferenceNode.Demo;

/// <summary>
/// The whole story in order: list the files, measure the machine, start the members, copy, kill some of them in the middle, flush, and
/// read everything back in a process that knows nothing but the key and one address. Each stage is one method. Disposing ends every
/// process that was started, by its id, and removes what was written.
/// </summary>
internal sealed class Demonstration(DemoOptions options, DemoReport report, DemoScreen screen) : IAsyncDisposable
{
    /// <summary>Room that a member takes beside the slices: its log, at most 64 MiB and often less, its records and heads.</summary>
    private const long MemberOverheadBytes = 96 * ByteSize.MiB;

    private readonly List<MemberProcess> _members = [];
    private string? _directory;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var files = SourceFolder.List(options.Path, Environment.CurrentDirectory);
        var diskBytes = ChooseDiskSize(files);
        _directory = MakeDirectory();
        CheckRoom(diskBytes);
        MeasureMachine();
        await StartMembersAsync(diskBytes, cancellationToken);
        using var account = await DemoAccount.CreateAsync(_directory, cancellationToken);
        try
        {
            var archived = await CopyAsync(account, files, diskBytes, cancellationToken);
            await ReadBackAsync(account, archived, cancellationToken);
        }
        finally
        {
            ReportProcesses();
        }

        report.Ok = report.Mismatches == 0 && report.FilesCopied == files.Count && report.BytesVerified == report.BytesCopied;
    }

    public async ValueTask DisposeAsync()
    {
        if (options.DataDirectory is not null)
        {
            // The data stays, so the members may put it in order; that is no reason to wait for one after the other.
            await Task.WhenAll(_members.Select(member => member.StopAsync()));
        }

        foreach (var member in _members)
        {
            await member.DisposeAsync();
        }

        if (options.DataDirectory is null && _directory is not null)
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    private long ChooseDiskSize(IReadOnlyList<SourceFile> files)
    {
        var needed = DiskArchive.SizeOf(files);
        if (options.DiskBytes < needed)
        {
            throw new CommandException(
                $"A disk of {ByteSize.Format(options.DiskBytes.Value)} is too small: {files.Count} files take {ByteSize.Format(needed)} (--disk-size).");
        }

        return options.DiskBytes ?? (needed + ByteSize.MiB - 1) / ByteSize.MiB * ByteSize.MiB;
    }

    /// <summary>Sectors take 1 % more than their plaintext (nonce, tag, version, leaf); a member asks for a little more than that.</summary>
    private static long MemberBytes(long diskBytes) => diskBytes + (diskBytes / 32) + MemberOverheadBytes;

    private string MakeDirectory()
    {
        if (options.DataDirectory is not { } data)
        {
            return Directory.CreateTempSubdirectory("sdk-demo-").FullName;
        }

        var folder = Directory.CreateDirectory(Path.GetFullPath(data));
        return !folder.EnumerateFileSystemInfos().Any()
            ? folder.FullName
            : throw new CommandException($"{folder.FullName} is not empty; a demo begins with a new disk (--data).");
    }

    private void CheckRoom(long diskBytes)
    {
        var needed = options.Nodes * MemberBytes(diskBytes);
        var free = new DriveInfo(_directory!).AvailableFreeSpace;
        if (free < needed)
        {
            throw new CommandException(
                $"Not enough room in {_directory}: {options.Nodes} members take up to {ByteSize.Format(needed)} and {ByteSize.Format(free)} are free.");
        }
    }

    private void MeasureMachine()
    {
        var stage = screen.Begin("Measure this machine's disk");
        report.FsyncedMiBPerSecond = SequentialWriteRate.Measure(_directory!);
        report.FloorMiBPerSecond = SequentialWriteRate.Floor(report.FsyncedMiBPerSecond, options.Nodes);
        stage.Done($"{report.FsyncedMiBPerSecond:0} MiB/s fsynced");
    }

    private async Task StartMembersAsync(long diskBytes, CancellationToken cancellationToken)
    {
        var stage = screen.Begin("Start members", options.Nodes);
        var starting = Enumerable.Range(1, options.Nodes)
            .Select(number => MemberProcess.StartAsync(number, Path.Combine(_directory!, $"member-{number}"), MemberBytes(diskBytes), cancellationToken))
            .ToList();
        try
        {
            await foreach (var member in Task.WhenEach(starting))
            {
                _members.Add(await member);
                stage.Reach(_members.Count, $"{_members.Count} of {options.Nodes}");
            }
        }
        catch
        {
            // One failed: those that did start must be known, or nobody would end them.
            await Task.WhenAll(starting).ContinueWith(_ => { }, TaskScheduler.Default);
            _members.Clear();
            _members.AddRange(starting.Where(task => task.IsCompletedSuccessfully).Select(task => task.Result));
            throw;
        }

        _members.Sort((a, b) => a.Number.CompareTo(b.Number));
        stage.Done($"{options.Nodes} processes on loopback TCP");
    }

    private async Task<IReadOnlyList<ArchivedFile>> CopyAsync(
        DemoAccount account, IReadOnlyList<SourceFile> files, long diskBytes, CancellationToken cancellationToken)
    {
        await using var node = await Node.StartAsync(NodeOptions.LightClient(account.Key), cancellationToken);
        var disk = await node.Storage().CreateDiskAsync(
            DemoAccount.DiskName, diskBytes, [.. _members.Select(member => member.Address)], cancellationToken: cancellationToken);
        report.DiskBytes = diskBytes;
        var total = files.Sum(file => file.LengthBytes);
        var stage = screen.Begin("Copy", total);
        var start = TimeProvider.System.GetTimestamp();
        try
        {
            var archived = await DiskArchive.WriteAsync(disk.OpenStream(), files, Copied, cancellationToken);
            await disk.FlushAsync(cancellationToken);
            report.FilesCopied = archived.Count;
            report.BytesCopied = total;
            report.WriteMiBPerSecond = ByteSize.MiBPerSecond(total, TimeProvider.System.GetElapsedTime(start));
            stage.Done($"{files.Count} files, {ByteSize.Format(total)} at {report.WriteMiBPerSecond:0.0} MiB/s, flushed{KilledNote()}");
            await disk.DisposeAsync();
            // Only now: the flush waits for a quorum, and closing for those too who live and are slower.
            report.CertificatesByHolders = disk.CountHolders();
            return archived;
        }
        catch (Exception e)
        {
            // What was not flushed is given up: waiting for a group that is gone would only take longer to say the same.
            disk.Abort();
            await disk.DisposeAsync();
            if (e is SdkException && report.MembersKilled > 0)
            {
                throw new CommandException($"Refused: {Living} of {options.Nodes} members are left, and a write needs {Quorum}. {e.Message}", e);
            }

            throw;
        }

        void Copied(long bytes)
        {
            if (bytes >= total / 2 && report.MembersKilled < options.Kill)
            {
                KillMembers(bytes);
            }

            var rate = ByteSize.MiBPerSecond(bytes, TimeProvider.System.GetElapsedTime(start));
            stage.Reach(bytes, $"{ByteSize.Format(bytes)} at {rate:0.0} MiB/s{KilledNote()}");
        }
    }

    /// <summary>More than two thirds.</summary>
    private int Quorum => (2 * options.Nodes / 3) + 1;

    private int Living => _members.Count(member => !member.Killed);

    private string KilledNote() =>
        report.MembersKilled == 0 ? "" : $", killed {string.Join(", ", _members.Where(member => member.Killed).Select(member => member.Number))}";

    private void KillMembers(long bytesCopied)
    {
        // From the end: the first member stays for as long as one stays, and is the address that the reader gets.
        foreach (var member in _members.TakeLast(options.Kill))
        {
            member.Kill();
            report.MembersKilled++;
        }

        report.BytesCopiedBeforeKill = bytesCopied;
    }

    private async Task ReadBackAsync(DemoAccount account, IReadOnlyList<ArchivedFile> archived, CancellationToken cancellationToken)
    {
        var stage = screen.Begin("Read back in a new process", report.BytesCopied);
        await ReaderProcess.VerifyAsync(
            report,
            account,
            _members.First(member => !member.Killed).Address,
            archived,
            bytes => stage.Reach(bytes, ByteSize.Format(bytes)),
            cancellationToken);
        stage.Done($"{ByteSize.Format(report.BytesVerified)} at {report.ReadMiBPerSecond:0.0} MiB/s, {report.Mismatches} mismatches");
    }

    private void ReportProcesses()
    {
        report.Processes.Insert(0, new ProcessReport("writer", Environment.ProcessId, null, false, Process.GetCurrentProcess().PeakWorkingSet64));
        report.Processes.AddRange(_members.Select(member => member.Report()));
    }
}
