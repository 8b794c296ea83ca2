using Sdk.Core.Addressing;

namespace Sdk.Core.Overlay.Records;

/// <summary>What became of a record that was put.</summary>
/// <param name="Holders">The nodes that have it, as far as they had answered when enough had.</param>
/// <param name="Refusals">Why others did not take it, and how many for each reason.</param>
/// <param name="Unanswered">How many did not answer, or had not yet.</param>
public sealed record RecordPutResult(
    IReadOnlyList<OverlayAddress> Holders, IReadOnlyDictionary<RecordOutcome, int> Refusals, int Unanswered)
{
    /// <summary>How many nodes were to keep it: the nearest to the key, sixteen where there are so many.</summary>
    public int Asked => Holders.Count + Refusals.Values.Sum() + Unanswered;

    /// <summary>Whether more than half of them have it, so that a reader meets it.</summary>
    public bool IsStored => Holders.Count >= RecordPut.MajorityOf(Asked);
}
