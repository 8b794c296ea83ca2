using System.Runtime.InteropServices;

namespace Sdk.Core.Persistence;

/// <summary>Makes names durable: on Unix a new or renamed file survives a power cut only after a sync of its directory.</summary>
internal static partial class HostDirectory
{
    private const int ReadOnly = 0;
    private const int InvalidArgument = 22;

    /// <summary>Syncs the directory; nothing to do on Windows, whose file systems log names themselves.</summary>
    public static void Sync(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        // The runtime refuses to open a directory, so this goes to the C library.
        int descriptor = Open(path, ReadOnly);
        if (descriptor < 0)
        {
            throw new IOException($"The directory {path} could not be opened to sync it (error {Marshal.GetLastPInvokeError()}).");
        }

        int result = Sync(descriptor);
        int error = Marshal.GetLastPInvokeError();
        _ = Close(descriptor);
        if (result < 0 && error != InvalidArgument) // That is how a file system says that it has no sync of directories.
        {
            throw new IOException($"The directory {path} could not be synced (error {error}).");
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);
}
