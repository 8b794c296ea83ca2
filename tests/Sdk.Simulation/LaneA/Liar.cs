using Sdk.Core.Cryptography;
using Sdk.Simulation.Scheduling;
using Sdk.Storage.Disk;
using Sdk.Storage.Replication;

namespace Sdk.Simulation.LaneA;

/// <summary>What a liar does; a seed gives each liar some of these.</summary>
[Flags]
internal enum LiarHabits
{
    None = 0,

    /// <summary>Acknowledges batches at once; half of them it does not even keep.</summary>
    AcksWithoutStoring = 1,

    /// <summary>Answers every Open with the oldest heads it ever reported, or none.</summary>
    HidesHeads = 2,

    /// <summary>Changes a byte of what it is asked for.</summary>
    CorruptsReads = 4,

    /// <summary>Reports heads truly and then gives nobody what belongs to them.</summary>
    WithholdsData = 8,

    /// <summary>Acknowledges wrong hashes and entries that do not exist.</summary>
    AcksNonsense = 16,

    /// <summary>Sends what it once heard or said again, to anybody.</summary>
    Replays = 32,

    /// <summary>Sends well-formed messages that mean nothing.</summary>
    SendsGarbage = 64,

    /// <summary>Refuses writes without a reason.</summary>
    Refuses = 128,
}

/// <summary>
/// A member that lies under its own true key: an honest member inside, and somebody who reads and changes its mail.
/// It can sign as itself; it cannot sign as the owner or as another member.
/// </summary>
internal sealed class Liar
{
    private const int RememberedMax = 64;

    private readonly LaneAWorld _world;
    private readonly SimMember _member;
    private readonly SimRandom _random;
    private readonly LiarHabits _habits;
    private readonly List<SliceMessage> _remembered = [];
    private IReadOnlyList<SignedEntry>? _oldHeads;

    public Liar(LaneAWorld world, SimMember member)
    {
        _world = world;
        _member = member;
        _random = world.Sim.Random($"liar {member.Index}");
        _habits = (LiarHabits)_random.Next(256);
    }

    /// <summary>True when the message does not reach the honest half.</summary>
    public bool Intercepts(int from, SliceMessage message)
    {
        Remember(message);
        switch (message)
        {
            case WriteBatch batch when Has(LiarHabits.AcksWithoutStoring):
                Send(from, AckBatch.Create(_world.Group, [.. batch.Operations.Select(AckOf)], _member.Key));
                return _random.Percent(50);
            case WriteBatch batch when Has(LiarHabits.AcksNonsense):
                Send(from, AckBatch.Create(_world.Group, [.. batch.Operations.Select(NonsenseFor)], _member.Key));
                return false;
            case WriteBatch batch when Has(LiarHabits.Refuses) && _random.Percent(30):
                Send(from, new WriteRefused { Session = batch.Session, Reason = (WriteRefusal)_random.Next(4) });
                return true;
            case ReadRequest or TreeRequest or StateRequest when Has(LiarHabits.WithholdsData):
                return true;
            default:
                return false;
        }
    }

    /// <summary>Sends what the honest half wants to send, or something else.</summary>
    public void Send(int to, SliceMessage message)
    {
        Remember(message);
        _member.Send(to, message switch
        {
            OpenAnswer { Outcome: OpenOutcome.Granted } answer when Has(LiarHabits.HidesHeads) => WithOldHeads(answer),
            ReadAnswer answer when Has(LiarHabits.CorruptsReads) => Corrupted(answer),
            TreeAnswer answer when Has(LiarHabits.CorruptsReads) => new TreeAnswer { Id = answer.Id, Head = answer.Head, Tree = Corrupted(answer.Tree) },
            StateAnswer { Head: not null } answer when Has(LiarHabits.CorruptsReads) => Corrupted(answer),
            _ => message,
        });
    }

    public void Tick()
    {
        if (Has(LiarHabits.Replays) && _remembered.Count > 0 && _random.Percent(50))
        {
            SliceMessage old = _random.Pick(_remembered);
            old.Retain();
            _member.Send(_random.Next(_world.Network.Endpoints), old);
        }

        if (Has(LiarHabits.SendsGarbage) && _random.Percent(50))
        {
            _member.Send(_random.Next(_world.Network.Endpoints), Garbage());
        }
    }

    private bool Has(LiarHabits habit) => (_habits & habit) != 0;

    private void Remember(SliceMessage message)
    {
        if (!Has(LiarHabits.Replays) || _random.Percent(80))
        {
            return;
        }

        message.Retain();
        if (_remembered.Count < RememberedMax)
        {
            _remembered.Add(message);
            return;
        }

        int place = _random.Next(RememberedMax);
        _remembered[place].Release();
        _remembered[place] = message;
    }

    private static Ack AckOf(WriteOperation operation) => new(operation.Slice, operation.Key, operation.Hash);

    private Ack NonsenseFor(WriteOperation operation) => _random.Next(3) switch
    {
        0 => AckOf(operation) with { Hash = RandomHash() },
        1 => AckOf(operation) with { Key = operation.Key with { Sequence = operation.Key.Sequence + (uint)_random.Between(1, 100) } },
        _ => AckOf(operation) with { Slice = (uint)_random.Next(1 << 20) },
    };

    private OpenAnswer WithOldHeads(OpenAnswer answer)
    {
        _oldHeads ??= answer.Heads;
        IReadOnlyList<SignedEntry> heads = _random.Percent(50) ? _oldHeads : [];
        Span<byte> digest = stackalloc byte[32];
        OpenAnswer.Digest(_world.Group, answer.Session, answer.Nonce, answer.Outcome, heads).CopyTo(digest);
        var signature = new byte[VerifyingKey.SignatureLengthBytes];
        _member.Key.Sign(digest, signature);
        return new OpenAnswer { Session = answer.Session, Nonce = answer.Nonce, Outcome = answer.Outcome, Heads = heads, Signature = signature };
    }

    private ReadAnswer Corrupted(ReadAnswer answer)
    {
        int kind = _random.Next(4);
        PayloadBuffer payload = kind == 0 ? Corrupted(answer.Payload) : Copy(answer.Payload);
        ulong[] versions = [.. answer.Versions];
        if (kind == 1 && versions.Length > 0)
        {
            versions[_random.Next(versions.Length)] ^= 1;
        }

        var lie = new ReadAnswer
        {
            Id = answer.Id,
            Head = answer.Head,
            Touched = kind == 2 ? answer.Touched & (answer.Touched - 1) : answer.Touched,
            Versions = versions,
            Proof = kind == 3 ? Corrupted(answer.Proof) : answer.Proof,
            Payload = payload,
        };
        answer.Release();
        return lie;
    }

    private StateAnswer Corrupted(StateAnswer answer)
    {
        var lie = new StateAnswer
        {
            Slice = answer.Slice,
            Head = answer.Head,
            Touched = answer.Touched,
            Versions = answer.Versions,
            Payload = Corrupted(answer.Payload),
        };
        answer.Release();
        return lie;
    }

    private PayloadBuffer Corrupted(PayloadBuffer payload)
    {
        PayloadBuffer copy = Copy(payload);
        if (copy.Length > 0)
        {
            copy.Span[_random.Next(copy.Length)] ^= (byte)(1 << _random.Next(8));
        }

        return copy;
    }

    private byte[] Corrupted(byte[] bytes)
    {
        byte[] copy = [.. bytes];
        if (copy.Length > 0)
        {
            copy[_random.Next(copy.Length)] ^= (byte)(1 << _random.Next(8));
        }

        return copy;
    }

    private static PayloadBuffer Copy(PayloadBuffer payload)
    {
        PayloadBuffer copy = PayloadBuffer.Rent(payload.Length);
        payload.Span.CopyTo(copy.Span);
        return copy;
    }

    private SliceMessage Garbage()
    {
        var session = new SessionId((ulong)_random.Next(100), LaneAKeys.Device(_random.Next(2)).Device);
        uint slice = (uint)_random.Next(8);
        return _random.Next(8) switch
        {
            0 => new OpenAnswer { Session = session, Nonce = RandomHash(), Outcome = (OpenOutcome)_random.Next(3), Heads = [], Signature = RandomBytes(64) },
            1 => new AckBatch { Acks = [new Ack(slice, new EntryKey(1, session, 1), RandomHash())], Signature = RandomBytes(64) },
            2 => new WriteRefused { Session = session, Reason = (WriteRefusal)_random.Next(4) },
            3 => new TreeAnswer { Id = (ulong)_random.Next(50), Head = default, Tree = RandomBytes(_random.Next(3000)) },
            4 => new StateRequest { Slice = slice, NewerThan = default },
            5 => new ReadAnswer { Id = (ulong)_random.Next(50), Head = new EntryKey(1, session, 1), Touched = _random.Next(), Versions = [1], Proof = RandomBytes(40), Payload = PayloadBuffer.Empty },
            6 => new StateAnswer { Slice = slice, Touched = 0, Versions = new ulong[64], Payload = PayloadBuffer.Empty },
            _ => new ReadRequest { Id = 1, Slice = slice, First = _random.Next(200) - 50, Count = _random.Next(200) },
        };
    }

    private Hash256 RandomHash() => Hash256.FromBytes(RandomBytes(32));

    private byte[] RandomBytes(int length)
    {
        var bytes = new byte[length];
        _random.Fill(bytes);
        return bytes;
    }
}
