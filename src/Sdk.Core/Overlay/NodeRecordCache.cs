using System.Diagnostics.CodeAnalysis;

namespace Sdk.Core.Overlay;

/// <summary>
/// Node records that came lately. Answers name the same nodes again and again: the same bytes are decoded once, and verified once. It has a
/// fixed number of places, and who comes later takes the place; nothing that a peer sends makes it larger or slower. Thread-safe.
/// </summary>
internal sealed class NodeRecordCache
{
    /// <summary>Some four times the nodes that one node deals with at a time; a full cache takes about 1 MiB.</summary>
    private const int Places = 1024;

    /// <summary>A record ends with its signature, which tells it from others.</summary>
    private const int HashedBytes = 32;

    private readonly NodeRecord?[] _records = new NodeRecord?[Places];

    /// <summary>As <see cref="NodeRecord.TryDecode"/>.</summary>
    public bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out NodeRecord? record)
    {
        var hash = default(HashCode);
        hash.AddBytes(bytes[^Math.Min(bytes.Length, HashedBytes)..]);
        ref var place = ref _records[(uint)hash.ToHashCode() % Places];
        record = Volatile.Read(ref place);
        if (record is not null && record.Encoded.Span.SequenceEqual(bytes))
        {
            return true;
        }

        if (!NodeRecord.TryDecode(bytes, out record))
        {
            return false;
        }

        Volatile.Write(ref place, record);
        return true;
    }
}
