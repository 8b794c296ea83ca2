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

/// <summary>So few members of a copy group answer that no write can be certified, or none was in time. Nothing uncertified counts as written.</summary>
public sealed class QuorumUnreachableException : SdkException
{
    internal QuorumUnreachableException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>Another session of the disk's owner took the disk over; this one can neither write nor trust what it reads any more.</summary>
public sealed class SessionFencedException : SdkException
{
    internal SessionFencedException(string message)
        : base(message)
    {
    }
}

/// <summary>No member delivered sectors with a proof that the disk's own root accepts.</summary>
public sealed class SliceUnreadableException : SdkException
{
    internal SliceUnreadableException(string message)
        : base(message)
    {
    }
}

/// <summary>A member, or too many of them, refused to keep a disk; the message says why.</summary>
public sealed class DiskRefusedException : SdkException
{
    internal DiskRefusedException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>The member that was asked keeps no disk of that name for this account.</summary>
public sealed class DiskNotFoundException : SdkException
{
    internal DiskNotFoundException(string message)
        : base(message)
    {
    }
}
