using System.Collections.Frozen;

namespace Sdk.Storage;

/// <summary>One batch of sectors that more than two thirds of its copy group hold durably, and said so under their signatures.</summary>
/// <param name="OffsetBytes">Where on the disk the slice begins to which the sectors belong.</param>
/// <param name="Sectors">How many sectors of 4 KiB were written or trimmed.</param>
/// <param name="Holders">How many members had acknowledged when the certificate was complete; more may follow.</param>
/// <param name="Members">How many members the copy group has.</param>
public readonly record struct BatchCertified(long OffsetBytes, int Sectors, int Holders, int Members);

/// <summary>What a flush was told: the certificates that came in since the flush before it returned.</summary>
/// <remarks>
/// Informative only. That the data is durable is said by the flush not throwing, never by this value, which may be dropped.
/// Each certificate is counted in one receipt.
/// </remarks>
public sealed class FlushReceipt
{
    internal FlushReceipt(IReadOnlyDictionary<int, long> writesByHolders)
    {
        WritesByHolders = writesByHolders.ToFrozenDictionary();
        CertifiedWrites = WritesByHolders.Values.Sum();
    }

    /// <summary>How many batches were certified.</summary>
    public long CertifiedWrites { get; }

    /// <summary>By number of members that had acknowledged when the certificate was complete: how many batches.</summary>
    public IReadOnlyDictionary<int, long> WritesByHolders { get; }
}
