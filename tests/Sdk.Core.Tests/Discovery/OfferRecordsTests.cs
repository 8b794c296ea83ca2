using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Discovery;
using Sdk.Core.Overlay.Records;

namespace Sdk.Core.Tests.Discovery;

/// <summary>What nodes that keep offers for others take, and what they refuse.</summary>
public sealed class OfferRecordsTests : IDisposable
{
    private static readonly OverlayAddress Self = OverlayAddress.FromBytes(new byte[32]);

    private readonly Party _provider = new();
    private readonly RecordStore _store = new(Self, Party.Network, RecordKinds.Default.With(OfferRecords.Kind), new RecordStoreOptions());
    private readonly ServiceOffer _offer;
    private readonly OverlayAddress _key;

    public OfferRecordsTests()
    {
        _offer = _provider.Offer(version: 5);
        _key = OfferPlaces.Of(_offer)[0];
    }

    public void Dispose() => _provider.Dispose();

    [Fact]
    public void An_offer_is_kept_under_each_of_its_keys_until_it_expires()
    {
        foreach (var key in OfferPlaces.Of(_offer))
        {
            Assert.Equal(RecordOutcome.Stored, Put(OfferRecords.Create(_offer, key, _provider.Device.NodeKey, Party.Now.AddHours(1)), Party.Now.AddHours(1)));
            var record = Assert.Single(_store.Find(OfferRecords.Kind.Id, key, Party.Now.AddHours(1)));
            Assert.Equal(_offer.Encoded.ToArray(), record.Value.ToArray());
            Assert.Equal(_offer.Expires, record.Expires);
            Assert.Empty(_store.Find(OfferRecords.Kind.Id, key, _offer.Expires));
        }
    }

    [Fact]
    public void Its_writer_replaces_it_and_takes_it_down()
    {
        Put(OfferRecords.Create(_offer, _key, _provider.Device.NodeKey, Party.Now));
        Assert.Equal(RecordOutcome.Stored, Put(OfferRecords.Create(_provider.Offer(version: 6), _key, _provider.Device.NodeKey, Party.Now)));
        Assert.Equal(RecordOutcome.NewerExists, Put(OfferRecords.Create(_offer, _key, _provider.Device.NodeKey, Party.Now)));
        var deletion = OverlayRecord.Delete(_provider.Device.NodeKey, Party.Network, OfferRecords.Kind, _key, 7, Party.Now);
        Assert.Equal(RecordOutcome.Stored, Put(deletion));
        Assert.True(Assert.Single(_store.Find(OfferRecords.Kind.Id, _key, Party.Now)).IsDeletion);
    }

    [Fact]
    public void The_longest_offer_fits() => Assert.Equal(ServiceOffer.MaxBytes, OfferRecords.Kind.ValueLengthBytesMax);

    [Fact]
    public void Nobody_puts_up_rubbish_or_anothers_offer_or_an_offer_where_it_does_not_belong()
    {
        using var thief = new Party();
        using var holder = new Party(KeyScopes.Connect);
        var forged = _offer.Encoded.ToArray();
        forged[^1] ^= 7;
        Invalid(Record([1, 2, 3]));
        Invalid(Record(forged));
        Invalid(Record(_offer.Encoded.Span, writer: thief.Device.NodeKey));
        Invalid(Record(_offer.Encoded.Span, key: OfferPlaces.Of(_offer.Kind, "FR").First()));
        Invalid(Record(_offer.Encoded.Span, key: OfferPlaces.Of(ServiceKind.Relay, null).First()));
        Invalid(Record(_offer.Encoded.Span, version: 6));
        Invalid(Record(_offer.Encoded.Span, lifetime: TimeSpan.FromHours(7)));
        var unable = holder.Offer(version: 5);
        Invalid(Record(unable.Encoded.Span, writer: holder.Device.NodeKey, key: OfferPlaces.Of(unable)[0]));
        var expired = _provider.Offer(version: 5, now: Party.Now.AddHours(-6));
        Invalid(Record(expired.Encoded.Span, lifetime: TimeSpan.FromSeconds(1)));
        Assert.Equal(RecordOutcome.Stored, Put(Record(_offer.Encoded.Span)));
    }

    private void Invalid(OverlayRecord record) => Assert.Equal(RecordOutcome.InvalidValue, Put(record));

    private OverlayRecord Record(
        ReadOnlySpan<byte> value, KeyPair? writer = null, OverlayAddress? key = null, ulong version = 5, TimeSpan? lifetime = null) =>
        OverlayRecord.Create(
            writer ?? _provider.Device.NodeKey, Party.Network, OfferRecords.Kind, key ?? _key, version, value, Party.Now, lifetime ?? TimeSpan.FromHours(6));

    private RecordOutcome Put(OverlayRecord record, DateTimeOffset? now = null) => _store.Put(record, Self, now ?? Party.Now);
}
