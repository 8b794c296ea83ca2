using FsCheck;
using FsCheck.Fluent;
using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Overlay.Records;
using static Sdk.Core.Tests.Overlay.Records.RecordSamples;

namespace Sdk.Core.Tests.Overlay.Records;

public sealed class RecordStoreTests : IDisposable
{
    private static readonly OverlayAddress Peer = Address(0xF0);
    private readonly KeyPair _alice = Key(1);
    private readonly KeyPair _bob = Key(2);

    public void Dispose()
    {
        _alice.Dispose();
        _bob.Dispose();
    }

    [Fact]
    public void The_newest_version_stays_and_is_found()
    {
        var store = Store();
        var key = Owned.KeyOf(_alice.Address);
        Assert.Equal(RecordOutcome.Stored, store.Put(Received(OfOwner(_alice, 2)), Peer, Now));
        Assert.Equal(RecordOutcome.Known, store.Put(Received(OfOwner(_alice, 2)), Peer, Now));
        Assert.Equal(RecordOutcome.NewerExists, store.Put(Received(OfOwner(_alice, 1)), Peer, Now));
        Assert.Equal(RecordOutcome.Stored, store.Put(Received(OfOwner(_alice, 3)), Peer, Now));
        Assert.Equal(3u, Assert.Single(store.Find(Owned.Id, key, Now)).Version);
        Assert.Equal(1, store.Count);
        Assert.Empty(store.Find(Owned.Id, Address(1), Now));
        Assert.Empty(store.Find(Shared.Id, key, Now));
    }

    [Fact]
    public void Whatever_the_order_and_the_repetitions_all_nodes_come_to_the_same()
    {
        // Two writers, three versions, two texts of each, deletions among them: any order ends in what the best of each writer is.
        KeyPair[] writers = [_alice, _bob];
        OverlayRecord[] all =
        [
            .. from writer in writers
               from version in Enumerable.Range(1, 3).Select(number => (ulong)number)
               from record in new[]
               {
                   At(Address(1), writer, version), At(Address(1), writer, version, lengthBytes: 20),
                   OverlayRecord.Delete(writer, Network, Shared, Address(1), version, Now),
               }
               select record,
        ];
        Prop.ForAll(ArbMap.Default.ArbFor<int[]>(), choices =>
        {
            var offered = choices.Select(choice => all[(int)((uint)choice % all.Length)]).ToArray();
            var store = Store();
            foreach (var record in offered)
            {
                store.Put(record, Peer, Now);
            }

            var expected = offered.GroupBy(record => record.Writer).Select(group => group.Aggregate((a, b) => b.Replaces(a) ? b : a).Digest).ToHashSet();
            return expected.SetEquals(store.Find(Shared.Id, Address(1), Now).Select(record => record.Digest)) && expected.Count == store.Count;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void What_is_wrong_with_a_record_is_named_and_moves_nothing()
    {
        var store = Store();
        using var mallory = Key(9);
        void Refuses(RecordOutcome outcome, OverlayRecord record) => Assert.Equal(outcome, store.Put(Received(record), Peer, Now));

        var forged = At(Address(1), _alice).Encode();
        forged[^70] ^= 1;
        Refuses(RecordOutcome.InvalidSignature, OverlayRecord.Decode(forged));
        Refuses(RecordOutcome.WrongNetwork, OverlayRecord.Create(_alice, Network + 1, Shared, Address(1), 1, [1], Now, TimeSpan.FromHours(1)));
        Refuses(RecordOutcome.UnknownKind, OverlayRecord.Create(
            _alice, Network, RecordKind.SingleWriter("test/unknown", 10, TimeSpan.FromHours(1)), Address(1), 1, [1], Now, TimeSpan.FromHours(1)));

        // The same name, with larger limits on the writer's side.
        var lax = RecordKind.MultiWriter(Shared.Name, 4096, TimeSpan.FromDays(31), 1);
        Refuses(RecordOutcome.TooLarge, OverlayRecord.Create(_alice, Network, lax, Address(1), 1, new byte[257], Now, TimeSpan.FromHours(1)));
        Refuses(RecordOutcome.WrongLifetime, OverlayRecord.Create(_alice, Network, lax, Address(1), 1, [1], Now, Shared.LifetimeMax + TimeSpan.FromSeconds(1)));
        var brief = RecordKind.MultiWriter(Shared.Name, 256, TimeSpan.FromHours(1), 1);
        Refuses(RecordOutcome.WrongLifetime, OverlayRecord.Delete(_alice, Network, brief, Address(1), 1, Now));
        Refuses(RecordOutcome.Expired, At(Address(1), _alice, issued: Now - TimeSpan.FromHours(1)));
        Refuses(RecordOutcome.FromTheFuture, At(Address(1), _alice, issued: Now + TimeSpan.FromSeconds(121)));
        Refuses(RecordOutcome.WrongKey, OverlayRecord.Create(_alice, Network, Owned, Owned.KeyOf(_bob.Address), 1, [1], Now, TimeSpan.FromHours(1)));
        Assert.Equal(0, store.Count);
        Assert.Equal(0, store.LengthBytes);
        Assert.Equal(RecordOutcome.Stored, store.Put(At(Address(1), _alice, issued: Now + TimeSpan.FromSeconds(120)), Peer, Now));
    }

    [Fact]
    public void A_deleted_record_does_not_come_back()
    {
        var store = Store();
        var old = OfOwner(_alice, 1, lifetime: Owned.LifetimeMax);
        var deletion = OverlayRecord.Delete(_alice, Network, Owned, Owned.KeyOf(_alice.Address), 2, Now);
        Assert.Equal(RecordOutcome.Stored, store.Put(old, Peer, Now));
        Assert.Equal(RecordOutcome.Stored, store.Put(deletion, Peer, Now));
        for (var now = Now; now < old.Expires; now += TimeSpan.FromMinutes(10))
        {
            store.Sweep(now);
            Assert.Equal(RecordOutcome.NewerExists, store.Put(old, Peer, now));
            Assert.True(Assert.Single(store.Find(Owned.Id, old.Key, now)).IsDeletion);
        }

        Assert.Equal(1, store.Sweep(old.Expires));
        Assert.Equal(0, store.Count);
        Assert.Equal(RecordOutcome.Expired, store.Put(old, Peer, old.Expires));
    }

    [Fact]
    public void An_older_version_that_lives_longer_does_not_come_back_after_a_newer_one_expired()
    {
        var store = Store();
        var old = OfOwner(_alice, 1, lifetime: Owned.LifetimeMax);
        store.Put(OfOwner(_alice, 2, lifetime: TimeSpan.FromMinutes(10)), Peer, Now);
        var later = Now + TimeSpan.FromMinutes(10);
        Assert.Empty(store.Find(Owned.Id, old.Key, later));
        Assert.Equal(1, store.Sweep(later));
        Assert.Equal(RecordOutcome.NewerExists, store.Put(old, Peer, later));
        Assert.Equal(RecordOutcome.Stored, store.Put(OfOwner(_alice, 3, issued: later), Peer, later));
    }

    [Fact]
    public void Versions_of_what_is_gone_are_remembered_within_bounds()
    {
        var versions = new RecordVersions(2);
        KeyPair[] keys = [.. Enumerable.Range(10, 3).Select(Key)];
        foreach (var key in keys)
        {
            versions.Remember(OfOwner(key, 5), Now + TimeSpan.FromHours(1), Now);
        }

        Assert.Equal([false, true, true], keys.Select(key => versions.IsGone(OfOwner(key, 4))));
        Assert.False(versions.IsGone(OfOwner(keys[2], 5)));
        versions.Expire(Now + TimeSpan.FromHours(1));
        Assert.Equal(0, versions.Count);
        versions.Remember(OfOwner(keys[0], 5), Now, Now);
        Assert.Equal(0, versions.Count);
    }

    [Fact]
    public void A_writer_takes_no_more_than_its_share()
    {
        var store = Store(options => options.WriterCountMax = 3);
        for (byte i = 0; i < 3; i++)
        {
            Assert.Equal(RecordOutcome.Stored, store.Put(At(Address(i), _alice), Address(i), Now));
        }

        Assert.Equal(RecordOutcome.WriterQuota, store.Put(At(Address(9), _alice), Peer, Now));
        Assert.Equal(RecordOutcome.Stored, store.Put(At(Address(0), _alice, version: 2), Peer, Now));
        Assert.Equal(RecordOutcome.Stored, store.Put(At(Address(9), _bob), Peer, Now));

        store = Store(options => options.WriterLengthBytesMax = 500);
        Assert.Equal(RecordOutcome.Stored, store.Put(At(Address(1), _alice, lengthBytes: 256), Peer, Now));
        Assert.Equal(RecordOutcome.WriterQuota, store.Put(At(Address(2), _alice), Peer, Now));
        Assert.Equal(RecordOutcome.Stored, store.Put(At(Address(1), _alice, version: 2, lengthBytes: 100), Peer, Now));
        Assert.Equal(RecordOutcome.Stored, store.Put(At(Address(2), _alice), Peer, Now));
    }

    [Fact]
    public void A_peer_brings_no_more_than_its_share_whoever_wrote_it()
    {
        var store = Store(options => options.SubmitterCountMax = 2);
        KeyPair[] writers = [.. Enumerable.Range(20, 4).Select(Key)];
        Assert.Equal(RecordOutcome.Stored, store.Put(OfOwner(writers[0], 1), Peer, Now));
        Assert.Equal(RecordOutcome.Stored, store.Put(OfOwner(writers[1], 1), Peer, Now));
        Assert.Equal(RecordOutcome.SubmitterQuota, store.Put(OfOwner(writers[2], 1), Peer, Now));
        Assert.Equal(RecordOutcome.Stored, store.Put(OfOwner(writers[2], 1), Address(1), Now));
        Assert.Equal(RecordOutcome.SubmitterQuota, store.Put(OfOwner(writers[2], 2), Peer, Now));
        Assert.Equal(RecordOutcome.Stored, store.Put(OfOwner(writers[1], 2), Peer, Now));
        Assert.Equal(RecordOutcome.Stored, store.Put(OfOwner(writers[3], 1), Self, Now));

        // What has expired is charged to nobody.
        var later = Now + TimeSpan.FromHours(1);
        Assert.Equal(4, store.Sweep(later));
        Assert.Equal(RecordOutcome.Stored, store.Put(OfOwner(writers[2], 3, issued: later), Peer, later));
    }

    [Fact]
    public void A_full_store_gives_up_what_is_farthest_and_takes_nothing_farther()
    {
        var store = Store(options => options.CountMax = 3);
        store.Put(At(Address(0x40), Key(3)), Peer, Now);
        store.Put(At(Address(0x80), Key(4)), Peer, Now);
        store.Put(At(Address(0x20), Key(5)), Peer, Now);
        Assert.Equal(RecordOutcome.StoreFull, store.Put(At(Address(0x90), _alice), Peer, Now));
        Assert.Equal(RecordOutcome.StoreFull, store.Put(At(Address(0x80), _alice), Peer, Now));
        Assert.Equal(RecordOutcome.Stored, store.Put(At(Address(0x30), _alice), Peer, Now));
        Assert.Equal([Address(0x20), Address(0x30), Address(0x40)], store.Held.Select(held => held.Record.Key));

        // By length too: a long record near by may cost several far away, but none that is nearer.
        var length = At(Address(0), _alice).LengthBytes;
        store = Store(options => options.LengthBytesMax = 3 * length);
        store.Put(At(Address(0x40), Key(3)), Peer, Now);
        store.Put(At(Address(0x80), Key(4)), Peer, Now);
        store.Put(At(Address(0x20), Key(5)), Peer, Now);
        Assert.Equal(RecordOutcome.StoreFull, store.Put(At(Address(0x50), _alice, lengthBytes: 10 + length), Peer, Now));
        Assert.Equal(RecordOutcome.Stored, store.Put(At(Address(0x30), _alice, lengthBytes: 10 + length), Peer, Now));
        Assert.Equal([Address(0x20), Address(0x30)], store.Held.Select(held => held.Record.Key));
        Assert.True(store.LengthBytes <= 3 * length);
    }

    [Fact]
    public void Under_a_crowded_key_chance_draws_alike_everywhere_and_anew_every_day()
    {
        KeyPair[] writers = [.. Enumerable.Range(30, 12).Select(Key)];
        HashSet<AccountAddress> Drawn(IEnumerable<KeyPair> order, DateTimeOffset now)
        {
            var store = Store();
            foreach (var writer in order)
            {
                var outcome = store.Put(At(Address(1), writer, issued: now), Peer, now);
                Assert.True(outcome is RecordOutcome.Stored or RecordOutcome.KeyFull);
            }

            return [.. store.Find(Shared.Id, Address(1), now).Select(record => record.Writer)];
        }

        var today = Drawn(writers, Now);
        Assert.Equal(Shared.RecordsPerKeyMax, today.Count);
        Assert.Equal(today, Drawn(writers.Reverse(), Now));
        Assert.Contains(Enumerable.Range(1, 10), day => !today.SetEquals(Drawn(writers, Now + TimeSpan.FromDays(day))));
    }

    [Fact]
    public void Deletions_crowd_nobody_out()
    {
        var store = Store();
        KeyPair[] writers = [.. Enumerable.Range(50, 8).Select(Key)];
        foreach (var writer in writers[..4])
        {
            store.Put(OverlayRecord.Delete(writer, Network, Shared, Address(1), 1, Now), Peer, Now);
        }

        foreach (var writer in writers[4..])
        {
            Assert.Equal(RecordOutcome.Stored, store.Put(At(Address(1), writer), Peer, Now));
        }

        Assert.Equal(RecordOutcome.KeyFull, store.Put(OverlayRecord.Delete(writers[0], Network, Shared, Address(1), 1, Now), Peer, Now));
        Assert.DoesNotContain(store.Find(Shared.Id, Address(1), Now), record => record.IsDeletion);
    }

    [Fact]
    public void A_forgery_costs_nobody_its_place()
    {
        var store = Store(options => options.CountMax = 1);
        store.Put(At(Address(0x40), _bob), Peer, Now);
        var forged = At(Address(0x20), _alice).Encode();
        forged[^70] ^= 1;
        Assert.Equal(RecordOutcome.InvalidSignature, store.Put(OverlayRecord.Decode(forged), Peer, Now));
        Assert.Equal(_bob.Address, Assert.Single(store.Held).Record.Writer);
    }

    [Fact]
    public void Books_balance_whatever_comes_and_goes() => Prop.ForAll(ArbMap.Default.ArbFor<int[]>(), steps =>
    {
        var store = Store(options => (options.CountMax, options.LengthBytesMax, options.WriterCountMax, options.SubmitterCountMax) = (6, 1500, 3, 4));
        KeyPair[] writers = [.. Enumerable.Range(60, 3).Select(Key)];
        var now = Now;
        foreach (var step in steps.Select(step => (uint)step * 2654435761u))
        {
            var record = At(
                Address((byte)(step >> 28)), writers[(step >> 8) % 3], (step >> 10) % 4, 1 + (int)(step % 200), now, TimeSpan.FromMinutes(1 + ((step >> 12) % 60)));
            store.Put(record, Address((byte)((step >> 20) % 3), 1), now);
            now += TimeSpan.FromMinutes((step >> 16) % 4);
            if (step % 5 == 0)
            {
                store.Sweep(now);
            }

            var held = store.Held.Select(one => one.Record).ToArray();
            if (held.Length != store.Count || held.Sum(one => one.LengthBytes) != store.LengthBytes || store.Count > 6 || store.LengthBytes > 1500
                || held.GroupBy(one => one.Writer).Any(group => group.Count() > 3) || store.Held.GroupBy(one => one.Submitter).Any(group => group.Count() > 4)
                || held.Any(one => !store.Holds(one.Digest)) || held.DistinctBy(RecordName.Of).Count() != held.Length)
            {
                return false;
            }
        }

        store.Sweep(DateTimeOffset.MaxValue.AddDays(-1));
        return store is { Count: 0, LengthBytes: 0 };
    }).QuickCheckThrowOnFailure();

    private static RecordStore Store(Action<RecordStoreOptions>? change = null)
    {
        var options = new RecordStoreOptions();
        change?.Invoke(options);
        return new RecordStore(Self, Network, Kinds, options);
    }
}
