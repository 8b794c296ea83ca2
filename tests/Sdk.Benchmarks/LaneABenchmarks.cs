using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using Sdk.Core.Cryptography;
using Sdk.Core.Persistence;
using Sdk.Storage.Disk;
using Sdk.Storage.Local;
using Sdk.Storage.Replication;

namespace Sdk.Benchmarks;

/// <summary>
/// A batch at both ends of lane A, without wire and disk: the writer chains, signs and hands it to four members; a member
/// verifies, logs, applies and signs the acknowledgement; the writer verifies that. The baseline is what cannot be left out
/// at that end: hashing the stored sectors, and the signatures.
/// </summary>
[MemoryDiagnoser]
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory, BenchmarkLogicalGroupRule.ByParams)]
public class LaneABenchmarks
{
    private const int Batches = SliceLogWriter.MaxBatchesInFlight;
    private const uint Slices = 64;
    private const ulong Network = 1;

    private readonly SigningKey _sessionKey = SigningKey.Generate();
    private readonly SigningKey[] _memberKeys = [.. Enumerable.Range(0, 4).Select(_ => SigningKey.Generate())];
    private readonly byte[] _signature = new byte[64];
    private readonly byte[] _digest = new byte[32];

    private CopyGroup _group = null!;
    private SliceLease _lease = null!;
    private SessionGrant _grant = null!;
    private byte[] _payload = [];
    private SliceLogMember? _member;
    private SliceLogWriter _idleWriter = null!;
    private SliceLogWriter _waitingWriter = null!;
    private List<WriteBatch> _batches = [];
    private List<AckBatch> _acks = [];

    /// <summary>Sectors of each write; a batch of the benchmark is one write.</summary>
    [Params(1, 64)]
    public int Sectors { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        using var account = KeyPair.GenerateTestOnly();
        var expires = DateTimeOffset.UnixEpoch.AddYears(200);
        using var device = DeviceIdentity.Create(account, KeyScopes.All, 1, Network, expires);
        _grant = new SessionGrant(
            device.Credential, SessionDelegation.Create(device, _sessionKey, 1, KeyScopes.OpenDisk | KeyScopes.WriteDisk, expires));
        _group = new CopyGroup(Hash256.Sha256("benchmark"u8), 1, Network, Slices, [.. _memberKeys.Select(key => key.PublicKey)]);
        _lease = new SliceLease(new DiskId(1), account.Address, 0, Slices);
        _payload = RandomNumberGenerator.GetBytes(Sectors * SliceGeometry.StoredSectorBytes);
        _sessionKey.Sign(_digest, _signature);
    }

    [IterationSetup]
    public void Prepare()
    {
        _member?.Dispose();
        _member = NewMember(0);
        _idleWriter = OpenWriter();
        _waitingWriter = OpenWriter();
        _batches = [.. Enumerable.Range(0, Batches).Select(_ => SubmitTo(_waitingWriter))];
        using var answering = NewMember(1);
        OpenOn(answering);
        _acks = [.. _batches.Select(batch => AcknowledgeBy(answering, batch))];
        OpenOn(_member);
    }

    [BenchmarkCategory("Member"), Benchmark(Baseline = true, OperationsPerInvoke = Batches, Description = "leaves, verify, sign")]
    public void MemberFloor()
    {
        foreach (var batch in _batches)
        {
            SliceLogMember.LeavesOf(batch.Operations[0], batch.Payloads[0].Span);
            _sessionKey.PublicKey.Verify(_digest, _signature);
            _memberKeys[0].Sign(_digest, _signature);
        }
    }

    [BenchmarkCategory("Member"), Benchmark(OperationsPerInvoke = Batches, Description = "SliceLogMember")]
    public void Member()
    {
        foreach (var batch in _batches)
        {
            AcknowledgeBy(_member!, batch);
        }
    }

    [BenchmarkCategory("Writer"), Benchmark(Baseline = true, OperationsPerInvoke = Batches, Description = "leaves, sign")]
    public void WriterFloor()
    {
        foreach (var batch in _batches)
        {
            SliceLogMember.LeavesOf(batch.Operations[0], batch.Payloads[0].Span);
            _sessionKey.Sign(_digest, _signature);
        }
    }

    [BenchmarkCategory("Writer"), Benchmark(OperationsPerInvoke = Batches, Description = "SliceLogWriter.Submit")]
    public void Writer()
    {
        for (var i = 0; i < Batches; i++)
        {
            SubmitTo(_idleWriter);
        }
    }

    [BenchmarkCategory("Acks"), Benchmark(Baseline = true, OperationsPerInvoke = Batches, Description = "verify")]
    public void AckFloor()
    {
        for (var i = 0; i < Batches; i++)
        {
            _memberKeys[1].PublicKey.Verify(_digest, _signature);
        }
    }

    [BenchmarkCategory("Acks"), Benchmark(OperationsPerInvoke = Batches, Description = "SliceLogWriter.Receive")]
    public void Acks()
    {
        foreach (var acks in _acks)
        {
            _waitingWriter.Receive(1, acks);
        }
    }

    private SliceLogMember NewMember(int index) => new(
        _group,
        index,
        _memberKeys[index],
        [_lease],
        new MemberFiles(
            new MemoryBlockFile(WriteAheadLog.FileBytes(32 << 20)),
            32 << 20,
            new MemoryBlockFile(ChunkStore.FileBytes(Slices)),
            new MemoryBlockFile(SnapshotFile.FileBytes(SliceLogMember.MaxControlBytes))),
        TimeProvider.System);

    private SliceLogWriter OpenWriter()
    {
        var writer = new SliceLogWriter(_group, _lease, _grant, _sessionKey, Hash256.Sha256("nonce"u8), TimeProvider.System);
        for (var i = 0; i < 3; i++)
        {
            using var member = NewMember(i);
            writer.Connected(i);
            var answer = OpenOn(member);
            writer.Receive(i, answer);
        }

        while (writer.TryTake(out _))
        {
        }

        return writer;
    }

    private OpenAnswer OpenOn(SliceLogMember member)
    {
        member.Receive(4, OpenRequest.Create(_group, _lease.Disk, _grant, Hash256.Sha256("nonce"u8), _sessionKey));
        return (OpenAnswer)SyncAndTake(member);
    }

    private WriteBatch SubmitTo(SliceLogWriter writer)
    {
        var payload = PayloadBuffer.Rent(_payload.Length);
        _payload.CopyTo(payload.Span);
        writer.Submit(new SliceWrite
        {
            Slice = 0,
            Version = 1,
            Extents = [new SectorExtent(0, (byte)Sectors, IsTrim: false)],
            Payload = payload,
        });
        WriteBatch? batch = null;
        while (writer.TryTake(out var effect))
        {
            batch ??= (effect as WriterEffect.Send)?.Message as WriteBatch;
        }

        return batch ?? throw new InvalidOperationException("The writer sent nothing.");
    }

    private static AckBatch AcknowledgeBy(SliceLogMember member, WriteBatch batch)
    {
        batch.Retain();
        batch.Leaves = null;
        member.Receive(4, batch);
        return (AckBatch)SyncAndTake(member);
    }

    private static SliceMessage SyncAndTake(SliceLogMember member)
    {
        member.Log.Sync();
        member.Synced(member.Log.SyncedLsn);
        return member.TryTake(out var outgoing) ? outgoing.Message : throw new InvalidOperationException("The member said nothing.");
    }
}
