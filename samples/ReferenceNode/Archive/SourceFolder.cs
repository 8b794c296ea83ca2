using System.ComponentModel;
using System.Diagnostics;

namespace Sdk.ReferenceNode.Archive;

/// <summary>
/// Decides which files a copy takes. A path that was named: everything below it. No path: the files that git tracks in the repository
/// around the current folder, or, where there is no repository or no git, everything below the current folder except build output.
/// Symbolic links are left out: following them could leave the folder or run in circles.
/// </summary>
internal static class SourceFolder
{
    private static readonly string[] BuildOutput = ["bin", "obj", ".git", "artifacts"];

    /// <summary>What <paramref name="path"/> holds, in ordinal order of names; every file has been opened once, so all can be read.</summary>
    public static IReadOnlyList<SourceFile> List(string? path, string currentDirectory)
    {
        var files = path is null ? ListDefault(currentDirectory) : ListPath(Path.GetFullPath(path, currentDirectory));
        if (files.Count == 0)
        {
            throw new CommandException($"There is no file in {path ?? currentDirectory}.");
        }

        // An empty file has nothing to read; leaving it closed also keeps named pipes, which would block, shut.
        foreach (var file in files.Where(file => file.LengthBytes > 0))
        {
            file.Open().Dispose();
        }

        return [.. files.OrderBy(file => file.Path, StringComparer.Ordinal)];
    }

    private static List<SourceFile> ListDefault(string currentDirectory)
    {
        var root = RepositoryAround(currentDirectory);
        return root is not null && GitTracked(root) is { } tracked
            ? [.. tracked.Select(name => ToSource(root, new FileInfo(Path.Combine(root, name)))).OfType<SourceFile>()]
            : Walk(new DirectoryInfo(currentDirectory), currentDirectory, name => !BuildOutput.Contains(name));
    }

    private static List<SourceFile> ListPath(string fullPath)
    {
        if (File.Exists(fullPath))
        {
            return ToSource(Path.GetDirectoryName(fullPath)!, new FileInfo(fullPath)) is { } file ? [file] : [];
        }

        if (!Directory.Exists(fullPath))
        {
            throw new CommandException($"There is no file or folder {fullPath}.");
        }

        return Walk(new DirectoryInfo(fullPath), fullPath, _ => true);
    }

    private static List<SourceFile> Walk(DirectoryInfo folder, string root, Func<string, bool> enters)
    {
        try
        {
            var files = folder.EnumerateFiles().Select(file => ToSource(root, file)).OfType<SourceFile>().ToList();
            foreach (var child in folder.EnumerateDirectories().Where(child => child.LinkTarget is null && enters(child.Name)))
            {
                files.AddRange(Walk(child, root, enters));
            }

            return files;
        }
        catch (UnauthorizedAccessException e)
        {
            throw new CommandException($"Cannot read {folder.FullName}: {e.Message}", e);
        }
    }

    private static SourceFile? ToSource(string root, FileInfo file) =>
        file.Exists && file.LinkTarget is null
            ? new SourceFile(Path.GetRelativePath(root, file.FullName).Replace(Path.DirectorySeparatorChar, '/'), file.FullName, file.Length)
            : null; // a link, or tracked and deleted

    private static string? RepositoryAround(string directory)
    {
        for (var folder = new DirectoryInfo(directory); folder is not null; folder = folder.Parent)
        {
            var git = Path.Combine(folder.FullName, ".git");
            if (Directory.Exists(git) || File.Exists(git))
            {
                return folder.FullName;
            }
        }

        return null;
    }

    /// <summary>The names that git tracks below <paramref name="root"/>; null where git is missing or refuses.</summary>
    private static string[]? GitTracked(string root)
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", ["-C", root, "ls-files", "-z"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var complaint = git.StandardError.ReadToEndAsync();
            var names = git.StandardOutput.ReadToEnd().Split('\0', StringSplitOptions.RemoveEmptyEntries);
            git.WaitForExit();
            complaint.GetAwaiter().GetResult();
            return git.ExitCode == 0 && names.Length > 0 ? names : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
