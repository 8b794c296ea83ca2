using Microsoft.Win32.SafeHandles;

namespace Sdk.Core.Persistence;

/// <summary>An <see cref="IBlockFile"/> on the host's file system: mode 600, opened exclusively.</summary>
public sealed class BlockFile : IBlockFile
{
    private const int GenericIoError = unchecked((int)0x80131620);
    private const int UnixNoSpace = 28;
    private const int UnixQuotaExceededLinux = 122;
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);

    // Zeros are written in pieces of this size where a file that exists already must be given its space.
    private const int ZeroPieceBytes = 1 << 20;

    private readonly FileStream _owner;
    private readonly SafeFileHandle _handle;

    private BlockFile(FileStream owner)
    {
        _owner = owner;
        _handle = owner.SafeFileHandle;
    }

    /// <summary>Opens a file, or creates it; both the file and its name are durable when this returns.</summary>
    /// <param name="path">Path of the file; its directory exists.</param>
    /// <param name="preallocateBytes">Length that the file has at least, with the space reserved on the host, so that writes below it
    /// cannot run out of space. 0 reserves nothing.</param>
    /// <exception cref="DiskFullException">The host has no space for it; a file that did not exist is not left behind.</exception>
    /// <exception cref="IOException">Somebody has it open, or the host cannot open it.</exception>
    public static BlockFile Open(string path, long preallocateBytes = 0)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfNegative(preallocateBytes);
        bool isNew = !File.Exists(path);
        var file = new BlockFile(OpenStream(path, isNew, preallocateBytes));
        try
        {
            if (file.LengthBytes < preallocateBytes)
            {
                file.Extend(preallocateBytes, isReserved: isNew);
            }

            if (isNew)
            {
                file.Sync();
                HostDirectory.Sync(Path.GetDirectoryName(Path.GetFullPath(path))!);
            }

            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public long LengthBytes => RandomAccess.GetLength(_handle);

    /// <inheritdoc/>
    public int Read(long offsetBytes, Span<byte> buffer)
    {
        int total = 0;
        while (total < buffer.Length)
        {
            int count = RandomAccess.Read(_handle, buffer[total..], offsetBytes + total);
            if (count == 0)
            {
                break;
            }

            total += count;
        }

        return total;
    }

    /// <inheritdoc/>
    public void Write(long offsetBytes, ReadOnlySpan<byte> data)
    {
        try
        {
            RandomAccess.Write(_handle, data, offsetBytes);
        }
        catch (IOException e) when (IsDiskFull(e))
        {
            throw new DiskFullException("The host's disk is full: the write was not completed.", e);
        }
    }

    /// <inheritdoc/>
    public void Sync()
    {
        try
        {
            RandomAccess.FlushToDisk(_handle);
        }
        catch (IOException e) when (IsDiskFull(e))
        {
            throw new DiskFullException("The host's disk is full: writes could not be made durable.", e);
        }
    }

    /// <inheritdoc/>
    public void SetLength(long lengthBytes)
    {
        try
        {
            RandomAccess.SetLength(_handle, lengthBytes);
        }
        catch (IOException e) when (IsDiskFull(e))
        {
            throw new DiskFullException($"The host's disk is full: the file cannot have {lengthBytes} bytes.", e);
        }
    }

    /// <summary>Closes the file without making anything durable.</summary>
    public void Dispose() => _owner.Dispose();

    private static FileStream OpenStream(string path, bool isNew, long preallocateBytes)
    {
        var options = new FileStreamOptions
        {
            Mode = isNew ? FileMode.CreateNew : FileMode.Open,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            BufferSize = 0,
            PreallocationSize = isNew ? preallocateBytes : 0,
        };
        if (isNew && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            return new FileStream(path, options);
        }
        catch (IOException e) when (IsDiskFull(e) || (options.PreallocationSize > 0 && e.HResult == GenericIoError))
        {
            // A preallocation that fails carries no error number of its own; the runtime has removed the new file by then.
            throw new DiskFullException($"The host's disk has no room for a file of {preallocateBytes} bytes.", e);
        }
    }

    private void Extend(long lengthBytes, bool isReserved)
    {
        if (isReserved)
        {
            SetLength(lengthBytes); // Preallocation reserves space on Unix without moving the end of the file.
            return;
        }

        byte[] zeros = new byte[ZeroPieceBytes];
        for (long offset = LengthBytes; offset < lengthBytes; offset += zeros.Length)
        {
            Write(offset, zeros.AsSpan(0, (int)Math.Min(zeros.Length, lengthBytes - offset)));
        }
    }

    private static bool IsDiskFull(IOException e) => OperatingSystem.IsWindows()
        ? e.HResult is WindowsDiskFull or WindowsHandleDiskFull
        : e.HResult == UnixNoSpace || (e.HResult == UnixQuotaExceededLinux && OperatingSystem.IsLinux());
}
