namespace Sdk.Storage.Disk;

/// <summary>The fixed measures of the virtual disk: the sector is the unit of encryption, the slice the unit of ownership.</summary>
internal static class SliceGeometry
{
    /// <summary>Plaintext of one sector.</summary>
    public const int SectorBytes = 4096;

    /// <summary>One bit each in the 64-bit map of a slice.</summary>
    public const int SectorsPerSlice = 64;

    /// <summary>Plaintext of one slice.</summary>
    public const int SliceBytes = SectorBytes * SectorsPerSlice;

    /// <summary>Random nonce of AES-GCM, stored with each sector.</summary>
    public const int NonceBytes = 12;

    /// <summary>Authentication tag of AES-GCM, stored with each sector.</summary>
    public const int TagBytes = 16;

    /// <summary>Where the ciphertext begins in a stored sector.</summary>
    public const int CiphertextOffsetBytes = NonceBytes + TagBytes;

    /// <summary>A stored sector: nonce ‖ tag ‖ ciphertext.</summary>
    public const int StoredSectorBytes = NonceBytes + TagBytes + SectorBytes;

    /// <summary>A stored slice of which every sector has data.</summary>
    public const int StoredSliceBytes = StoredSectorBytes * SectorsPerSlice;

    /// <summary>The map bits of <paramref name="count"/> sectors from <paramref name="first"/>.</summary>
    public static ulong Mask(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, SectorsPerSlice - first);
        return count == SectorsPerSlice ? ulong.MaxValue : ((1UL << count) - 1) << first;
    }
}
