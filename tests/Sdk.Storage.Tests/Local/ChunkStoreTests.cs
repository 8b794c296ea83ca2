using Sdk.Core;
using Sdk.Simulation.Disk;
using Sdk.Simulation.Scheduling;
using Sdk.Storage.Disk;
using Sdk.Storage.Local;

namespace Sdk.Storage.Tests.Local;

public sealed class ChunkStoreTests : IDisposable
{
    private const uint Slices = 200;
    private const int SlotBytes = (256 << 10) + (2 * 8192);

    private readonly SimBlockFile _disk = new();
    private readonly SimRandom _random = new(1);

    public void Dispose() => _disk.Dispose();

    [Fact]
    public void A_slice_never_written_has_no_record_and_takes_no_space()
    {
        using ChunkStore store = Open();
        Assert.Null(store.Load(0));
        Assert.Null(store.Load(Slices - 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Load(Slices));
        Assert.Equal(0, _disk.StoredBytes);
    }

    [Fact]
    public void A_record_comes_back_whole_after_a_completed_checkpoint_and_a_crash()
    {
        StoredEntry entry = Applied(Open(), 3, entries: 5, thenCheckpoint: true);
        _disk.Crash(_random);
        SliceRecord found = Open().Load(3)!;
        Assert.Equal(entry.Record.Key, found.Key);
        Assert.Equal(entry.Record.Hash, found.Hash);
        Assert.Equal(entry.Record.Tree.Root, found.Tree.Root);
        Assert.Equal(entry.Record.Versions, found.Versions);
        Assert.Equal(entry.Record.NoncesAndTags, found.NoncesAndTags);
        Assert.Equal(entry.Record.Proof, found.Proof);
        StoredSlice.AssertSound(Open(), 3, "after the crash");
    }

    [Fact]
    public void A_run_of_sectors_reads_as_the_sectors_alone()
    {
        using ChunkStore store = Open();
        byte[] payload = new byte[SliceGeometry.StoredSliceBytes];
        _random.Fill(payload);
        SectorExtent[] extents = [new(0, 64, IsTrim: false)];
        store.Apply(9, StoredSlice.Following(null, 9, 1, extents, payload), extents, payload);

        byte[] read = new byte[payload.Length];
        store.ReadStored(9, 0, 64, read);
        Assert.True(read.AsSpan().SequenceEqual(payload));
        Assert.Throws<ArgumentException>(() => store.ReadStored(8, 0, read.AsSpan(0, SliceGeometry.StoredSectorBytes)));
    }

    [Fact]
    public void Sectors_without_data_and_payloads_of_another_length_are_refused()
    {
        using ChunkStore store = Open();
        byte[] payload = new byte[SliceGeometry.StoredSectorBytes];
        SectorExtent[] extents = [new(5, 1, IsTrim: false)];
        SliceRecord record = StoredSlice.Following(null, 0, 1, extents, payload);
        Assert.Throws<ArgumentException>(() => store.Apply(0, record, extents, payload.AsSpan(1)));
        store.Apply(0, record, extents, payload);
        Assert.Throws<ArgumentException>(() => store.ReadStored(0, 4, payload));
        store.ReadStored(0, 5, payload);
    }

    [Fact]
    public void Clean_records_are_bounded_and_dirty_ones_stay_until_their_checkpoint()
    {
        using ChunkStore store = Open(cachedRecords: 2);
        for (uint slice = 0; slice < 20; slice++)
        {
            Applied(store, slice, entries: 1);
        }

        Assert.Equal(20, store.DirtyRecords);
        ChunkStore.Checkpoint checkpoint = store.PrepareCheckpoint();
        Assert.Throws<InvalidOperationException>(() => store.PrepareCheckpoint());
        StoredEntry later = Applied(store, 4, entries: 1);
        store.Complete(checkpoint);
        Assert.Equal(1, store.DirtyRecords);
        Assert.Same(later.Record, store.Load(4));
        Assert.NotSame(store.Load(0), Reloaded(store, 0));
        store.Complete(store.PrepareCheckpoint());
        Assert.Equal(0, store.DirtyRecords);
        Assert.Equal(later.Record.Tree.Root, Open().Load(4)!.Tree.Root);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void A_durable_record_gone_bad_is_reported_for_its_slice_alone_and_healed_by_a_new_one(int checkpoints)
    {
        ChunkStore store = Open();
        for (int i = 0; i < checkpoints; i++)
        {
            Applied(store, 6, entries: 1, thenCheckpoint: true);
            Applied(store, 7, entries: 1, thenCheckpoint: true);
        }

        _disk.FlipBit(PageOffset(6, checkpoints) + 4000, 3);
        store = Open();
        Assert.Equal(6u, Assert.Throws<StoreCorruptException>(() => store.Load(6)).Slice);
        Assert.NotNull(store.Load(7));

        StoredEntry whole = Applied(store, 6, entries: 1, thenCheckpoint: true);
        Assert.Equal(whole.Record.Tree.Root, Open().Load(6)!.Tree.Root);
    }

    [Fact]
    public void A_page_that_the_disk_put_into_another_slot_is_not_taken_for_that_slice()
    {
        ChunkStore store = Open();
        Applied(store, 6, entries: 1);
        store.Complete(store.PrepareCheckpoint());
        byte[] page = new byte[8192];
        _disk.Read(PageOffset(6, 1), page);
        _disk.Write(PageOffset(8, 1), page);
        Assert.Null(Open().Load(8));
    }

    [Fact]
    public void A_failed_sync_stops_the_store_and_the_record_before_remains()
    {
        ChunkStore store = Open();
        StoredEntry first = Applied(store, 1, entries: 1, thenCheckpoint: true);
        StoredEntry second = Applied(store, 1, entries: 1);
        ChunkStore.Checkpoint checkpoint = store.PrepareCheckpoint();
        _disk.FailSyncs(1);
        Assert.Throws<IOException>(() => store.Complete(checkpoint));
        Assert.Throws<StoreFailedException>(() => store.Complete(checkpoint));
        Assert.Throws<StoreFailedException>(() => second.ApplyTo(store));
        _disk.Crash(_random);
        Assert.Equal(first.Record.Tree.Root, Open().Load(1)!.Tree.Root);
    }

    [Fact]
    public void A_record_found_after_a_failed_sync_is_durable_after_the_next_checkpoint()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            using var disk = new SimBlockFile();
            ChunkStore store = ChunkStore.Open(disk, Slices, 16);
            Applied(store, 1, entries: 1, thenCheckpoint: true);
            Applied(store, 1, entries: 1);
            disk.FailSyncs(1, afterGood: 1);
            Assert.Throws<IOException>(() => store.Complete(store.PrepareCheckpoint()));

            store = ChunkStore.Open(disk, Slices, 16); // The process starts again, and the host still shows what it could not write.
            SliceRecord found = store.Load(1)!;
            store.Complete(store.PrepareCheckpoint());
            disk.Crash(new SimRandom((ulong)seed));
            Assert.Equal(found.Key, ChunkStore.Open(disk, Slices, 16).Load(1)!.Key);
        }
    }

    [Fact]
    public void A_full_disk_stops_the_store()
    {
        ChunkStore store = Open();
        _disk.SpaceBytes = 0;
        Assert.Throws<DiskFullException>(() => Applied(store, 1, entries: 1));
        Assert.Throws<StoreFailedException>(() => store.PrepareCheckpoint());
        Assert.Null(store.Load(1));
    }

    private static long PageOffset(uint slice, int generation) =>
        DurableGenerations.AreaBytes + ((long)slice * SlotBytes) + (256 << 10) + (generation % 2 * 8192);

    private ChunkStore Open(int cachedRecords = 16) => ChunkStore.Open(_disk, Slices, cachedRecords);

    private StoredEntry Applied(ChunkStore store, uint slice, int entries, bool thenCheckpoint = false)
    {
        var maker = new StoredSlice(slice, _random);
        try
        {
            maker.Resume(store.Load(slice));
        }
        catch (StoreCorruptException)
        {
            // A whole slice from a peer needs no record before it.
        }

        StoredEntry entry = maker.Next();
        entry.ApplyTo(store);
        for (int i = 1; i < entries; i++)
        {
            entry = maker.Next();
            entry.ApplyTo(store);
        }

        if (thenCheckpoint)
        {
            store.Complete(store.PrepareCheckpoint());
        }

        return entry;
    }

    /// <summary>Loads a record after as many others as drive it out.</summary>
    private static SliceRecord? Reloaded(ChunkStore store, uint slice)
    {
        store.Load(slice + 1);
        store.Load(slice + 2);
        return store.Load(slice);
    }
}
