using System.Buffers;
using System.IO.Pipelines;
using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Storage.Disk;
using Sdk.Storage.Replication;
using Sdk.Storage.Space;

namespace Sdk.Storage.Tests.Wire;

/// <summary>A disk's content as it follows from the write batches that one member was sent, opened with the owner's keys.</summary>
internal sealed class RecordedDisk
{
    private readonly SliceMap _map;
    private readonly SectorCodec _codec;
    private readonly Dictionary<uint, EntryKey> _heads = [];

    private RecordedDisk(DiskDescriptor descriptor, SectorCodec codec)
    {
        _map = SliceMap.Spread(descriptor.Disk, SliceMap.SlicesFor(descriptor.SizeBytes), descriptor.Groups.Count);
        _codec = codec;
        Content = new byte[_map.SliceCount * (long)SliceGeometry.SliceBytes];
    }

    public byte[] Content { get; }

    /// <summary>Replays one stream of lane A from the client to a member.</summary>
    public static async Task<RecordedDisk> ReplayAsync(ReadOnlyMemory<byte> stream, DiskDescriptor descriptor, AgreementKey owner)
    {
        var secret = Hpke.Open(owner, "sdk/account-secret/1"u8, default, descriptor.SealedSecret);
        using var keys = DiskKeys.Derive(secret, descriptor.Disk);
        using var codec = new SectorCodec(keys);
        var disk = new RecordedDisk(descriptor, codec);
        var grants = new GrantCache();
        var input = PipeReader.Create(new ReadOnlySequence<byte>(stream));
        try
        {
            while (await SliceLogWire.ReadAsync(input, grants, CancellationToken.None) is { } read)
            {
                if (read.Message is WriteBatch batch)
                {
                    disk.Apply(batch);
                }

                read.Message.Release();
            }
        }
        catch (ProtocolViolationException)
        {
            // A client that closes may cut its last message to the slowest member: what was certified lies before it.
        }

        return disk;
    }

    private void Apply(WriteBatch batch)
    {
        for (var i = 0; i < batch.Operations.Length; i++)
        {
            var operation = batch.Operations[i];
            if (operation.Key > _heads.GetValueOrDefault(operation.Slice))
            {
                _heads[operation.Slice] = operation.Key;
                Apply(operation, batch.Payloads[i].Span);
            }
        }
    }

    private void Apply(WriteOperation operation, ReadOnlySpan<byte> payload)
    {
        foreach (var extent in operation.Extents)
        {
            var place = (operation.Slice * SliceGeometry.SliceBytes) + (extent.First * SliceGeometry.SectorBytes);
            var plaintext = Content.AsSpan((int)place, extent.Count * SliceGeometry.SectorBytes);
            plaintext.Clear();
            if (!extent.IsTrim)
            {
                var versions = new ulong[extent.Count];
                Array.Fill(versions, operation.Version);
                var stored = payload[..(extent.Count * SliceGeometry.StoredSectorBytes)];
                _codec.Open(_map[operation.Slice].Origin, extent.First, ulong.MaxValue, versions, stored, plaintext);
                payload = payload[stored.Length..];
            }
        }
    }
}
