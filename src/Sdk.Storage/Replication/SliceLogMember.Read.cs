using System.Buffers;
using System.Numerics;
using Sdk.Storage.Disk;
using Sdk.Storage.Local;

namespace Sdk.Storage.Replication;

/// <summary>Reading what is durable here, with what proves it.</summary>
internal sealed partial class SliceLogMember
{
    private void ReceiveRead(int from, ReadRequest request)
    {
        if (request.First < 0 || request.Count < 1 || request.First + request.Count > SliceGeometry.SectorsPerSlice)
        {
            RefusedMessages++;
            return;
        }

        if (_store.Load(request.Slice) is not { } record)
        {
            Send(from, NothingHeld(request.Id));
            return;
        }

        var range = request.Count == 64 ? ulong.MaxValue : (1UL << request.Count) - 1;
        var touched = (record.Tree.Touched >> request.First) & range;
        var proof = new ArrayBufferWriter<byte>(SliceTree.MaxProofBytes);
        record.Tree.WriteProof(request.First, request.Count, proof);
        var payload = ReadSectors(request.Slice, touched, request.First);
        Send(from, new ReadAnswer
        {
            Id = request.Id,
            Head = record.Key,
            Touched = touched,
            Versions = record.Versions.AsSpan(request.First, request.Count).ToArray(),
            Proof = proof.WrittenSpan.ToArray(),
            Payload = payload,
        });
    }

    private static ReadAnswer NothingHeld(ulong id) => new()
    {
        Id = id,
        Head = default,
        Touched = 0,
        Versions = [],
        Proof = [],
        Payload = PayloadBuffer.Empty,
    };

    /// <summary>The stored sectors whose bits are set; bit i stands for sector <paramref name="first"/> + i.</summary>
    private PayloadBuffer ReadSectors(uint slice, ulong touched, int first)
    {
        var payload = PayloadBuffer.Rent(BitOperations.PopCount(touched) * SliceGeometry.StoredSectorBytes);
        var rest = payload.Span;
        for (; touched != 0; touched &= touched - 1)
        {
            _store.ReadStored(slice, first + BitOperations.TrailingZeroCount(touched), rest[..SliceGeometry.StoredSectorBytes]);
            rest = rest[SliceGeometry.StoredSectorBytes..];
        }

        return payload;
    }

    private void ReceiveTree(int from, TreeRequest request)
    {
        var record = _store.Load(request.Slice);
        var tree = record is null ? [] : new byte[SliceTree.StateBytes];
        record?.Tree.WriteTo(tree);
        Send(from, new TreeAnswer { Id = request.Id, Head = record?.Key ?? default, Tree = tree });
    }

    private SignedEntry? HeadOf(SliceRecord record) => SignedEntry.Decode(record.Proof, _group.Id, _grants);
}
