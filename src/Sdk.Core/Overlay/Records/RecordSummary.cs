using Sdk.Core.Cryptography;

namespace Sdk.Core.Overlay.Records;

/// <summary>One hash for all records under a key, so that a node that has the same need not send them again.</summary>
internal static class RecordSummary
{
    /// <summary>SHA-256 of the records' digests in ascending order; the same whatever order they come in.</summary>
    public static Hash256 Of(IEnumerable<OverlayRecord> records)
    {
        var digests = records.Select(record => record.Digest).Order().ToArray();
        var bytes = new byte[digests.Length * Hash256.LengthBytes];
        for (var i = 0; i < digests.Length; i++)
        {
            digests[i].CopyTo(bytes.AsSpan(i * Hash256.LengthBytes));
        }

        return Hash256.Sha256(bytes);
    }
}
