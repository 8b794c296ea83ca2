using Sdk.Core.Cryptography;
using Sdk.Storage.Disk;

namespace Sdk.Storage.Local;

/// <summary>Everything a member holds of a slice but its ciphertext. Nobody changes one after handing it over: a successor takes its place.</summary>
internal sealed class SliceRecord
{
    public const int NonceAndTagBytes = SliceGeometry.NonceBytes + SliceGeometry.TagBytes;

    /// <summary>The last entry applied.</summary>
    public required EntryKey Key { get; init; }

    /// <summary>Hash of that entry.</summary>
    public required Hash256 Hash { get; init; }

    public required SliceTree Tree { get; init; }

    /// <summary>Write version of each of the 64 sectors.</summary>
    public required ulong[] Versions { get; init; }

    /// <summary>Nonce ‖ tag of each of the 64 sectors, 28 bytes each.</summary>
    public required byte[] NoncesAndTags { get; init; }

    /// <summary>The owner's signature over the entry with what it takes to check it; opaque here, at most <see cref="SlicePage.MaxProofBytes"/>.</summary>
    public required byte[] Proof { get; init; }
}
