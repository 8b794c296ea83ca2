namespace Sdk.Core.Persistence;

/// <summary>A file that is read and written at byte positions: the one seam between what must survive a crash and a disk.</summary>
/// <remarks>
/// <para>Synchronous on purpose: the caller owns the thread, so that the order of writes and syncs is the order of its code.</para>
/// <para>What was written is durable only after a <see cref="Sync"/> that began afterwards returned. Until then a crash keeps, drops or
/// tears each write on its own. Members may be called from several threads at once as long as no two of them touch the same bytes.</para>
/// </remarks>
public interface IBlockFile : IDisposable
{
    /// <summary>Length in bytes.</summary>
    long LengthBytes { get; }

    /// <summary>Fills <paramref name="buffer"/> from <paramref name="offsetBytes"/> on; fewer bytes come back only at the end of the file.</summary>
    /// <returns>The bytes read, 0 at or past the end.</returns>
    int Read(long offsetBytes, Span<byte> buffer);

    /// <summary>Writes all of <paramref name="data"/> at <paramref name="offsetBytes"/>; past the end the file grows, a gap reads as zeros.</summary>
    /// <exception cref="DiskFullException">The host has no space; part of the data may be written.</exception>
    void Write(long offsetBytes, ReadOnlySpan<byte> data);

    /// <summary>Makes every earlier write durable. After a failure nobody knows what is durable: never call it again hoping for success.</summary>
    void Sync();

    /// <summary>Cuts the file, or extends it with zeros.</summary>
    /// <exception cref="DiskFullException">The host has no space.</exception>
    void SetLength(long lengthBytes);
}
