using System.Diagnostics.CodeAnalysis;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Overlay.Records;

/// <summary>
/// The kinds of records that a node keeps. Applications add their own on every node of their network: a node keeps nothing of a kind that it
/// does not know. Immutable and safe for many threads.
/// </summary>
public sealed class RecordKinds
{
    private readonly Dictionary<uint, RecordKind> _byId;

    private RecordKinds(Dictionary<uint, RecordKind> byId) => _byId = byId;

    /// <summary>
    /// Where a node is reached: its <see cref="NodeRecord"/> under its overlay address, signed by its node key, for a day. What it replaces is
    /// older; it is not deleted before its time.
    /// </summary>
    public static RecordKind Node { get; } = RecordKind.SelfProving("node", NodeRecord.MaxBytes, NodeRecord.Lifetime, RefusalOfNode);

    /// <summary>
    /// What somebody sells: many writers under <see cref="RecordKind.KeyOf(string)"/> of the service's name, region and bucket, at most a day,
    /// 2 KiB. Its values' check is the service directory's.
    /// </summary>
    public static RecordKind ServiceOffer { get; } = RecordKind.MultiWriter("service-offer", 2048, TimeSpan.FromDays(1), recordsPerKeyMax: 56);

    /// <summary>
    /// Who keeps packets for an account that is offline, under a key and by a writer that only the account's contacts can name
    /// (<see cref="BlindedIdentity"/>); at most two days, so that it outlives its epoch, and 1 KiB.
    /// </summary>
    public static RecordKind PacketHolder { get; } = RecordKind.SingleWriter("packet-holder", 1024, TimeSpan.FromDays(2));

    /// <summary>
    /// What somebody found under a name: <see cref="NameCacheValue"/> under <see cref="RecordKind.KeyOf(string)"/> of the name, at most six
    /// hours, 2 KiB, eight writers. It is hearsay, and whoever reads it checks the proof in it or asks several.
    /// </summary>
    public static RecordKind NameCache { get; } =
        RecordKind.MultiWriter("name-cache", 2048, TimeSpan.FromHours(6), recordsPerKeyMax: 8, RefusalOfName);

    /// <summary>The kinds that every node knows.</summary>
    public static RecordKinds Default { get; } = new RecordKinds([]).With(Node).With(ServiceOffer).With(PacketHolder).With(NameCache);

    /// <summary>All of them.</summary>
    public IReadOnlyCollection<RecordKind> All => _byId.Values;

    /// <summary>These kinds and one more; one of the same name takes the other's place.</summary>
    /// <exception cref="ArgumentException">Another kind's name has the same <see cref="RecordKind.Id"/>.</exception>
    public RecordKinds With(RecordKind kind)
    {
        ArgumentNullException.ThrowIfNull(kind);
        return !_byId.TryGetValue(kind.Id, out var known) || known.Name == kind.Name
            ? new RecordKinds(new Dictionary<uint, RecordKind>(_byId) { [kind.Id] = kind })
            : throw new ArgumentException($"The kinds {kind.Name} and {known.Name} have the same id; give one of them another name.", nameof(kind));
    }

    internal bool TryGet(uint id, [NotNullWhen(true)] out RecordKind? kind) => _byId.TryGetValue(id, out kind);

    private static string? RefusalOfNode(OverlayRecord record) =>
        !NodeRecord.TryDecode(record.Value.Span, out var node) ? "malformed"
        : node.Address != record.Key ? "another node's key"
        : node.Check(record.NetworkId, record.Issued) != NodeRecordFault.None
            || node.Check(record.NetworkId, record.Expires - TimeSpan.FromSeconds(1)) != NodeRecordFault.None ? "not good for as long as its record"
        : AccountAddress.FromPublicKey(node.Credential!.NodeKey) != record.Writer ? "another node's word"
        : null;

    private static string? RefusalOfName(OverlayRecord record) =>
        !NameCacheValue.TryDecode(record.Value.Span, out var value) ? "malformed"
        : NameCache.KeyOf(value.Name) != record.Key ? "another name's key"
        : null;
}
