using Sdk.Core;

namespace Sdk.Storage;

/// <summary>A sector that members served does not open: it is not what the disk's owner sealed for this place and version.</summary>
public sealed class SectorAuthenticationException : SdkException
{
    internal SectorAuthenticationException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>The account secret at hand is not the one under which the disk was made.</summary>
public sealed class DiskKeyMismatchException : SdkException
{
    internal DiskKeyMismatchException(string message)
        : base(message)
    {
    }
}

/// <summary>
/// Writes could not be certified by more than two thirds of a copy group. Which of the writes since the last successful flush
/// survive is unknown; the disk takes no more writes, reads go on. Open the disk again to go on writing.
/// </summary>
public sealed class WriteNotCertifiedException : SdkException
{
    internal WriteNotCertifiedException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>A slice that a member holds is damaged on its disk. The others of its store are not; this one is to be fetched from peers.</summary>
public sealed class StoreCorruptException : SdkException
{
    internal StoreCorruptException(uint slice, string message)
        : base(message) => Slice = slice;

    /// <summary>Number of the slice in its copy group's span.</summary>
    public uint Slice { get; }
}
