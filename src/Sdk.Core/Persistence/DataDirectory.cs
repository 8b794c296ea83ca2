using System.Globalization;

namespace Sdk.Core.Persistence;

/// <summary>The directory that holds all of a node's data: mode 700, used by one node at a time, marked with the version of its layout.</summary>
public sealed class DataDirectory : IDisposable
{
    /// <summary>Version of the layout this suite writes; older ones are read, newer ones refused.</summary>
    public const int FormatVersion = 1;

    private const string LockName = "lock";
    private const string FormatName = "format";

    // A version and a line end are short; a longer file was not written by us.
    private const int MaxFormatBytes = 16;

    // How the host says that somebody holds the lock: EAGAIN, EWOULDBLOCK, a sharing violation.
    private const int LockedLinux = 11;
    private const int LockedMac = 35;
    private const int LockedWindows = unchecked((int)0x80070020);

    private readonly FileStream _lock;

    private DataDirectory(string path, FileStream @lock)
    {
        FullPath = path;
        _lock = @lock;
    }

    /// <summary>Opens the directory, or creates it, and locks it until disposal. The lock falls with the process.</summary>
    /// <exception cref="DataDirectoryLockedException">Somebody else uses it.</exception>
    /// <exception cref="FormatTooNewException">A newer version laid it out.</exception>
    /// <exception cref="DiskFullException">The host has no space.</exception>
    public static DataDirectory Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string fullPath = Path.GetFullPath(path);
        CreatePrivately(fullPath);
        var directory = new DataDirectory(fullPath, Lock(fullPath));
        try
        {
            directory.CheckFormat();
            return directory;
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Absolute path of the directory.</summary>
    public string FullPath { get; }

    /// <summary>Path of a file in the directory.</summary>
    /// <param name="name">A plain file name: letters, digits, dot, dash and underscore, not beginning with a dot, at most 128 characters.</param>
    public string PathOf(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        bool isPlain = name.Length <= 128 && name[0] != '.'
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
        return isPlain && name is not (LockName or FormatName)
            ? Path.Combine(FullPath, name)
            : throw new ArgumentException("A plain file name is needed, and none that the directory uses itself.", nameof(name));
    }

    /// <summary>Opens a file of the directory for the node's own use, see <see cref="BlockFile.Open"/>.</summary>
    public BlockFile OpenFile(string name, long preallocateBytes = 0) => BlockFile.Open(PathOf(name), preallocateBytes);

    /// <summary>Replaces a small file as a whole: after a crash it holds either the old or the new content.</summary>
    /// <exception cref="DiskFullException">The host has no space; the old content stands.</exception>
    public void WriteFile(string name, ReadOnlySpan<byte> content)
    {
        string path = PathOf(name);
        string draft = path + ".draft";
        using (var file = BlockFile.Open(draft))
        {
            file.SetLength(content.Length);
            file.Write(0, content);
            file.Sync();
        }

        File.Move(draft, path, overwrite: true);
        HostDirectory.Sync(FullPath);
    }

    /// <summary>Reads a file that <see cref="WriteFile"/> wrote; null when there is none.</summary>
    /// <param name="name">The file's name.</param>
    /// <param name="maxBytes">More than the file can honestly have.</param>
    /// <exception cref="InvalidDataException">The file is longer.</exception>
    public byte[]? ReadFile(string name, int maxBytes)
    {
        var file = new FileInfo(PathOf(name));
        return !file.Exists ? null
            : file.Length <= maxBytes ? File.ReadAllBytes(file.FullName)
            : throw new InvalidDataException($"The file '{name}' of the data directory is longer than it can be.");
    }

    /// <summary>The names of the files that begin with a prefix, in order.</summary>
    public IReadOnlyList<string> FilesWithPrefix(string prefix) =>
        [.. Directory.EnumerateFiles(FullPath, prefix + "*").Select(file => Path.GetFileName(file)!)
            .Where(file => !file.EndsWith(".draft", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>Gives the directory free.</summary>
    public void Dispose() => _lock.Dispose();

    private static void CreatePrivately(string fullPath)
    {
        if (OperatingSystem.IsWindows())
        {
            _ = Directory.CreateDirectory(fullPath);
            return;
        }

        const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        _ = Directory.CreateDirectory(fullPath, OwnerOnly);
        if (File.GetUnixFileMode(fullPath) != OwnerOnly)
        {
            File.SetUnixFileMode(fullPath, OwnerOnly); // It was there already, and open to others: keys will lie in it.
        }
    }

    private static FileStream Lock(string fullPath)
    {
        try
        {
            return new FileStream(Path.Combine(fullPath, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (IOException e) when (e.HResult is LockedLinux or LockedMac or LockedWindows)
        {
            throw new DataDirectoryLockedException($"The data directory {fullPath} is in use.", e);
        }
    }

    private void CheckFormat()
    {
        using BlockFile file = BlockFile.Open(Path.Combine(FullPath, FormatName));
        Span<byte> text = stackalloc byte[MaxFormatBytes];
        int length = file.Read(0, text);
        if (length == 0)
        {
            file.Write(0, "1\n"u8);
            file.Sync();
            return;
        }

        if (!int.TryParse(text[..length].TrimEnd((byte)'\n'), NumberStyles.None, CultureInfo.InvariantCulture, out int version)
            || version is < 1 or > FormatVersion)
        {
            throw new FormatTooNewException($"The data directory {FullPath} has a layout that this version does not know.");
        }
    }
}
