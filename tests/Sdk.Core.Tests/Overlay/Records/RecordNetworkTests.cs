using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Overlay.Records;
using Sdk.Core.Overlay.Routing;

namespace Sdk.Core.Tests.Overlay.Records;

/// <summary>Records on nodes over loopback TCP.</summary>
public sealed class RecordNetworkTests : IDisposable
{
    private static readonly RecordKind Note = RecordKind.MultiWriter("test/note", 512, TimeSpan.FromHours(2), recordsPerKeyMax: 8);
    private static readonly RecordKinds Kinds = RecordKinds.Default.With(Note);

    private readonly KeyPair _writer = KeyPair.GenerateTestOnly();

    public void Dispose() => _writer.Dispose();

    [Fact]
    public async Task What_one_node_put_every_node_gets()
    {
        await using var town = await StartAsync(20);
        var key = Note.KeyOf("everybody");
        var put = await town.Nodes[3].Overlay.PutAsync(Make(town, key, 1, 100), cancellationToken: town.Cancelled);
        Assert.True(put.IsStored);
        Assert.Equal(16, put.Asked);
        Assert.Subset(town.Nearest(key).Take(16).ToHashSet(), put.Holders.ToHashSet());
        foreach (var node in town.Nodes)
        {
            var record = Assert.Single(await node.Overlay.GetAsync(Note, key, town.Cancelled));
            Assert.Equal(_writer.Address, record.Writer);
            Assert.Equal(100, record.Value.Length);
        }

        Assert.Empty(await town.AnyNode().Overlay.GetAsync(Note, Note.KeyOf("nobody"), town.Cancelled));
    }

    [Fact]
    public async Task A_newer_version_takes_the_place_of_an_older_one_and_a_deletion_of_both()
    {
        await using var town = await StartAsync(8);
        var key = Note.KeyOf("versions");
        await town.Nodes[0].Overlay.PutAsync(Make(town, key, 1), cancellationToken: town.Cancelled);
        await town.Nodes[1].Overlay.PutAsync(Make(town, key, 2), cancellationToken: town.Cancelled);
        Assert.Equal(2u, Assert.Single(await town.Nodes[2].Overlay.GetAsync(Note, key, town.Cancelled)).Version);

        var late = await town.Nodes[3].Overlay.PutAsync(Make(town, key, 1), republish: false, town.Cancelled);
        Assert.False(late.IsStored);
        Assert.True(late.Refusals[RecordOutcome.NewerExists] > 0);
        await Assert.ThrowsAsync<InvalidOperationException>(() => town.Nodes[1].Overlay.PutAsync(Make(town, key, 1), cancellationToken: town.Cancelled).AsTask());

        var deletion = OverlayRecord.Delete(_writer, NetworkOf(town), Note, key, 3, TimeProvider.System.GetUtcNow());
        Assert.True((await town.Nodes[4].Overlay.PutAsync(deletion, cancellationToken: town.Cancelled)).IsStored);
        Assert.Empty(await town.Nodes[5].Overlay.GetAsync(Note, key, town.Cancelled));
    }

    [Fact]
    public async Task A_record_survives_its_writer_and_half_of_its_holders()
    {
        await using var town = await StartAsync(24);
        var key = Note.KeyOf("survivor");
        var writer = town.Nodes[5];
        Assert.True((await writer.Overlay.PutAsync(Make(town, key, 1), cancellationToken: town.Cancelled)).IsStored);
        var leaving = town.Nodes.Where(node => node == writer || town.Nearest(key).Take(8).Contains(node.Overlay.Address)).ToList();
        foreach (var node in leaving)
        {
            town.Nodes.Remove(node);
            await node.DisposeAsync();
        }

        foreach (var node in town.Nodes)
        {
            Assert.Single(await node.Overlay.GetAsync(Note, key, town.Cancelled));
        }
    }

    [Fact]
    public async Task A_node_that_arrives_next_to_a_key_is_handed_its_records()
    {
        await using var town = await StartAsync(6);
        var put = town.Nodes[0].Overlay;
        List<OverlayRecord> records = [];
        for (ulong i = 0; i < 12; i++)
        {
            records.Add(Make(town, Note.KeyOf($"note {i}"), 1));
            Assert.True((await put.PutAsync(records[^1], cancellationToken: town.Cancelled)).IsStored);
        }

        var newcomer = await town.AddAsync(Configure);
        var nearest = records.Where(record => town.Nearest(record.Key).First() == newcomer.Overlay.Address).ToList();
        await Until(() => nearest.All(record => newcomer.Overlay.HoldsRecord(record)), town.Cancelled);
    }

    [Fact]
    public async Task Whoever_reads_mends_what_others_lack()
    {
        await using var town = await StartAsync(6);
        var key = Note.KeyOf("mended");
        Assert.True((await town.Nodes[0].Overlay.PutAsync(Make(town, key, 1), cancellationToken: town.Cancelled)).IsStored);

        // A seventh node hears of the second version and nobody else does, until somebody reads.
        var second = Make(town, key, 2);
        town.Nodes[2].Overlay.KeepRecord(second);
        await Until(() => town.Nodes.Count(node => node.Overlay.HoldsRecord(second)) >= 4, town.Cancelled, async () =>
            await town.Nodes[1].Overlay.GetAsync(Note, key, town.Cancelled));
        Assert.Equal(2u, Assert.Single(await town.Nodes[4].Overlay.GetAsync(Note, key, town.Cancelled)).Version);
    }

    [Fact]
    public async Task A_light_node_puts_and_gets_and_keeps_nothing()
    {
        await using var town = await StartAsync(6);
        var light = await town.AddAsync(options =>
        {
            Configure(options);
            options.Overlay.IsLight = true;
        });
        await light.Overlay.WhenJoinedAsync(town.Cancelled);
        var record = Make(town, Note.KeyOf("light"), 1);
        var put = await light.Overlay.PutAsync(record, cancellationToken: town.Cancelled);
        Assert.True(put.IsStored);
        Assert.Equal(6, put.Asked);
        Assert.False(light.Overlay.HoldsRecord(record));
        Assert.Single(await light.Overlay.GetAsync(Note, record.Key, town.Cancelled));
    }

    [Fact]
    public async Task A_writer_that_wants_too_much_is_told_so_by_all()
    {
        await using var town = await StartAsync(4, options => options.Overlay.RecordStore.WriterCountMax = 2);
        for (ulong i = 0; i < 2; i++)
        {
            Assert.True((await town.Nodes[0].Overlay.PutAsync(Make(town, Note.KeyOf($"much {i}"), 1), cancellationToken: town.Cancelled)).IsStored);
        }

        var put = await town.Nodes[1].Overlay.PutAsync(Make(town, Note.KeyOf("more"), 1), cancellationToken: town.Cancelled);
        Assert.False(put.IsStored);
        Assert.True(put.Refusals[RecordOutcome.WriterQuota] >= 2);
        Assert.Empty(await town.Nodes[2].Overlay.GetAsync(Note, Note.KeyOf("more"), town.Cancelled));
    }

    [Fact]
    public async Task What_nobody_would_keep_is_refused_before_it_is_sent()
    {
        await using var node = await Node.StartAsync(NodeOptions.Local());
        var now = TimeProvider.System.GetUtcNow();
        var unknown = OverlayRecord.Create(_writer, 0, Note, Note.KeyOf("x"), 1, [1], now, TimeSpan.FromHours(1));
        await Assert.ThrowsAsync<ArgumentException>(() => node.Overlay.PutAsync(unknown).AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => node.Overlay.GetAsync(Note, Note.KeyOf("x")).AsTask());
        Assert.Empty(await node.Overlay.GetAsync(RecordKinds.ServiceOffer, Note.KeyOf("x")));
    }

    [Theory]
    [InlineData("forged")]
    [InlineData("old")]
    [InlineData("withheld")]
    [InlineData("another key's")]
    [InlineData("the same as nothing")]
    [InlineData("no records at all")]
    public async Task A_nearest_holder_that_lies_keeps_nobody_from_the_newest_record(string lie)
    {
        await using var town = await StartAsync(8);
        OverlayRecord? old = null;
        OverlayRecord? @new = null;
        OverlayMessage Answer(OverlayMessage question) => question switch
        {
            StoreRecordsMessage store => new StoredRecordsMessage([.. store.Records.Select(_ => RecordOutcome.Stored)]),
            OfferRecordsMessage => new WantedRecordsMessage([]),
            _ => lie switch
            {
                "forged" => new RecordsMessage(IsSame: false, [Forge(@new!)]),
                "old" => new RecordsMessage(IsSame: false, [old!]),
                "withheld" => new RecordsMessage(IsSame: false, []),
                "another key's" => new RecordsMessage(IsSame: false, [Make(town, Note.KeyOf("elsewhere"), 99)]),
                "the same as nothing" => RecordsMessage.Same,
                _ => PongMessage.Instance,
            },
        };
        await using var liar = await LyingHolder.JoinAsync(town, Answer);
        var key = Enumerable.Range(0, 1000).Select(i => Note.KeyOf($"lie {i}"))
            .First(key => OverlayAddress.CompareDistance(key, liar.Address, town.Nearest(key).First()) < 0);
        (old, @new) = (Make(town, key, 1), Make(town, key, 2));
        Assert.True((await town.Nodes[0].Overlay.PutAsync(old, republish: false, town.Cancelled)).IsStored);
        Assert.True((await town.Nodes[0].Overlay.PutAsync(@new, republish: false, town.Cancelled)).IsStored);
        foreach (var node in town.Nodes)
        {
            Assert.Equal(@new.Digest, Assert.Single(await node.Overlay.GetAsync(Note, key, town.Cancelled)).Digest);
        }

        Assert.Contains(liar.Asked, question => question is FetchRecordsMessage);
        if (lie == "old")
        {
            // Whoever showed an old one is sent the newer.
            await Until(() => liar.Count<StoreRecordsMessage>() >= 3, town.Cancelled);
        }
    }

    [Fact]
    public async Task A_peer_that_brings_forgeries_is_let_go()
    {
        await using var town = await StartAsync(3);
        await using var liar = await LyingHolder.JoinAsync(town, _ => null);
        var victim = town.Nodes[0].Overlay;
        var forged = Forge(Make(town, Note.KeyOf("forged"), 1));
        Assert.Contains(liar.Address, victim.ConnectedNodes.Select(node => node.Address));
        for (var i = 0; i < OverlayParameters.Default.MaxFaults; i++)
        {
            await liar.AskAsync(0, new StoreRecordsMessage([forged]));
        }

        await Until(() => !victim.ConnectedNodes.Select(node => node.Address).Contains(liar.Address), town.Cancelled);
        Assert.False(victim.HoldsRecord(forged));
    }

    [Fact]
    public async Task A_peer_that_brings_too_much_is_told_that_the_node_is_busy_and_keeps_its_quota()
    {
        await using var town = await StartAsync(2, options => options.Overlay.RecordStore.SubmitterCountMax = 5);
        await using var pusher = await LyingHolder.JoinAsync(town, _ => null);
        List<OverlayRecord> records = [.. Enumerable.Range(0, 40).Select(i => Make(town, Note.KeyOf($"push {i}"), 1))];
        foreach (var page in records.Chunk(16))
        {
            await pusher.AskAsync(0, new StoreRecordsMessage(page));
        }

        var victim = town.Nodes[0].Overlay;
        await Until(() => victim.HoldsRecord(records[4]), town.Cancelled);
        Assert.Equal(5, records.Count(victim.HoldsRecord));
    }

    private static OverlayRecord Forge(OverlayRecord record)
    {
        var forged = record.Encode();
        forged[^70] ^= 1;
        return OverlayRecord.Decode(forged);
    }

    private static void Configure(NodeOptions options)
    {
        options.Overlay.RecordKinds = Kinds;
        options.Overlay.Parameters = options.Overlay.Parameters with { RecordUpkeep = TimeSpan.FromSeconds(1) };
    }

    private static Task<Town> StartAsync(int count, Action<NodeOptions>? configure = null) => Town.StartAsync(count, options =>
    {
        Configure(options);
        configure?.Invoke(options);
    });

    private static ulong NetworkOf(Town town) => town.Nodes[0].Overlay.Record.NetworkId;

    private static async Task Until(Func<bool> holds, CancellationToken cancellationToken, Func<Task>? again = null)
    {
        while (!holds())
        {
            await Task.Delay(20, cancellationToken);
            await (again?.Invoke() ?? Task.CompletedTask);
        }
    }

    private OverlayRecord Make(Town town, OverlayAddress key, ulong version, int lengthBytes = 20) => OverlayRecord.Create(
        _writer, NetworkOf(town), Note, key, version, new byte[lengthBytes], TimeProvider.System.GetUtcNow(), TimeSpan.FromHours(1));
}
