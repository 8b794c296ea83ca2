using Sdk.Core.Overlay.Records;
using static Sdk.Core.Tests.Overlay.Records.RecordSamples;

namespace Sdk.Core.Tests.Overlay.Records;

public class BlindedIdentityTests
{
    [Fact]
    public void Contacts_compute_where_the_record_of_an_epoch_stands_and_who_signs_it()
    {
        using var account = Key(1);
        using var identity = BlindedIdentity.Create(account, Network);
        var contact = BlindedContact.Decode(identity.Contact.Encode());
        var store = new RecordStore(Self, Network, Kinds, new RecordStoreOptions());
        for (var epoch = BlindedContact.EpochAt(Now); epoch < BlindedContact.EpochAt(Now) + 5; epoch++)
        {
            using var writer = identity.WriterOf(epoch);
            var key = contact.KeyOf(RecordKinds.PacketHolder, epoch);
            Assert.Equal(writer.Address, contact.WriterOf(epoch));
            var record = OverlayRecord.Create(writer, Network, RecordKinds.PacketHolder, key, 1, [1], Now, TimeSpan.FromDays(1));
            Assert.Equal(RecordOutcome.Stored, store.Put(Received(record), Address(2), Now));
            Assert.Equal(contact.WriterOf(epoch), Assert.Single(store.Find(RecordKinds.PacketHolder.Id, key, Now)).Writer);
        }
    }

    [Fact]
    public void Nobody_else_can_take_the_key()
    {
        using var account = Key(1);
        using var stranger = Key(2);
        using var identity = BlindedIdentity.Create(account, Network);
        var key = identity.Contact.KeyOf(RecordKinds.PacketHolder, 9);
        var record = OverlayRecord.Create(stranger, Network, RecordKinds.PacketHolder, key, 1, [1], Now, TimeSpan.FromDays(1));
        var store = new RecordStore(Self, Network, Kinds, new RecordStoreOptions());
        Assert.Equal(RecordOutcome.WrongKey, store.Put(record, Address(2), Now));
        Assert.Throws<ArgumentException>(() => identity.Contact.KeyOf(RecordKinds.ServiceOffer, 9));
    }

    [Fact]
    public void Names_differ_by_account_network_generation_and_epoch()
    {
        using var account = Key(1);
        using var other = Key(2);
        using var a = BlindedIdentity.Create(account, Network);
        using var again = BlindedIdentity.Create(account, Network);
        using var b = BlindedIdentity.Create(other, Network);
        using var c = BlindedIdentity.Create(account, Network + 1);
        using var d = BlindedIdentity.Create(account, Network, generation: 1);
        var writers = new[] { a, b, c, d }.SelectMany(identity => new[] { identity.Contact.WriterOf(1), identity.Contact.WriterOf(2) }).Append(account.Address).ToArray();
        Assert.Equal(9, writers.Distinct().Count());
        Assert.Equal(a.Contact.WriterOf(1), again.Contact.WriterOf(1));
    }

    [Fact]
    public void What_contacts_are_given_is_read_strictly_and_not_shown()
    {
        using var account = Key(1);
        using var identity = BlindedIdentity.Create(account, Network);
        var encoded = identity.Contact.Encode();
        Assert.Equal(BlindedContact.LengthBytes, encoded.Length);
        Assert.Throws<CryptographyException>(() => BlindedContact.Decode(encoded.AsSpan(1)));
        Assert.Throws<CryptographyException>(() => BlindedContact.Decode([2, .. encoded.AsSpan(1)]));
        encoded[9] = 5;
        Assert.Throws<InvalidKeyException>(() => BlindedContact.Decode(encoded));
        Assert.DoesNotContain(Convert.ToHexStringLower(encoded.AsSpan(^8..)), identity.Contact.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_epoch_is_a_day()
    {
        var midnight = new DateTimeOffset(2026, 5, 2, 0, 0, 0, TimeSpan.Zero);
        Assert.Equal(BlindedContact.EpochAt(midnight), BlindedContact.EpochAt(midnight + TimeSpan.FromHours(23.9)));
        Assert.Equal(BlindedContact.EpochAt(midnight) - 1, BlindedContact.EpochAt(midnight - TimeSpan.FromSeconds(1)));
    }
}
