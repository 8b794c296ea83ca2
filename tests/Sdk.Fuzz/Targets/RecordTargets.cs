using Sdk.Core.Addressing;
using Sdk.Core.Overlay.Records;

namespace Sdk.Fuzz.Targets;

/// <summary>
/// A record on its way into a store, which judges it by itself: the signature of a managed curve costs some 120 KiB. The odd inputs are
/// offered to a store that holds something already, the even ones are only read.
/// </summary>
internal sealed class OverlayRecordTarget : FuzzTarget
{
    private const ulong Network = 1;
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly RecordKind Shared = RecordKind.MultiWriter("fuzz", 1024, TimeSpan.FromDays(1), 4);
    private static readonly OverlayAddress Key = Shared.KeyOf("fuzz");
    private RecordStore _store = NewStore();
    private OverlayRecord? _record;

    public override string Name => "overlay-record";

    public override long ConstantBytes => 256 * 1024;

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        BitConverter.GetBytes(Shared.Id), BitConverter.GetBytes(RecordKinds.NameCache.Id), BitConverter.GetBytes(RecordKinds.Node.Id),
        BitConverter.GetBytes((ulong)Now.ToUnixTimeSeconds()), BitConverter.GetBytes(253_402_300_799UL), Key.ToHash256().ToArray(), Samples.Key.Address.Bytes.ToArray(),
    ];

    public override bool Decode(object input)
    {
        var bytes = (byte[])input;
        if (bytes.Length == 0 || !OverlayRecord.TryDecode(bytes.AsSpan(1), out _record))
        {
            return false;
        }

        if ((bytes[0] & 1) == 0)
        {
            return true;
        }

        return _store.Put(_record, Key, Now) is RecordOutcome.Stored or RecordOutcome.Known or RecordOutcome.NewerExists;
    }

    public override void Check(object input)
    {
        var bytes = (byte[])input;
        Require(_record!.Encode().AsSpan().SequenceEqual(bytes.AsSpan(1)), "A record has one encoding.");
        Require(_record.Issued < _record.Expires && _record.Value.Length <= OverlayRecord.ValueLengthBytesMax, "A record keeps its bounds.");
        Require(!_record.Verify() || Corpus.Any(known => known.AsSpan(1).SequenceEqual(bytes.AsSpan(1))), "Nobody signs by accident.");
        Require(_store.Held.All(held => held.Record.Verify()), "What is kept is signed.");
        if (_store.Count > 2)
        {
            _store = NewStore();
        }
    }

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        var name = new NameCacheValue("a.name", new byte[] { 1, 2, 3 }).Encode();
        foreach (var first in new byte[] { 0, 1 })
        {
            yield return [first, .. OverlayRecord.Create(Samples.Key, Network, Shared, Key, 1, new byte[100], Now, TimeSpan.FromHours(1)).Encode()];
            yield return [first, .. OverlayRecord.Delete(Samples.Key, Network, Shared, Key, 2, Now).Encode()];
            yield return [first, .. OverlayRecord.Create(
                Samples.Key, Network, RecordKinds.NameCache, RecordKinds.NameCache.KeyOf("a.name"), 1, name, Now, TimeSpan.FromHours(1)).Encode()];
        }
    }

    private static RecordStore NewStore() => new(Key, Network, RecordKinds.Default.With(Shared), new RecordStoreOptions());
}
