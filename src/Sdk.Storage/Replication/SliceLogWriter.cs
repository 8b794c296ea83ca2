using Sdk.Core.Cryptography;
using Sdk.Storage.Disk;

namespace Sdk.Storage.Replication;

/// <summary>
/// Lane A at the writer: one session of one disk on one copy group. It opens with a quorum, goes on from the highest heads
/// that the quorum reports, keeps several signed batches in flight, and calls an entry certified when a quorum holds it
/// durably. Nothing here waits: calls and messages come in, <see cref="TryTake"/> gives what follows from them.
/// </summary>
/// <remarks>
/// <para>
/// An entry of an older session is never certified by counting its holders: a later session may still pass it by. It is
/// committed by certifying an entry of the own session above it, which is why opening ends with an empty entry on every
/// slice that was ever written.
/// </para>
/// <para>
/// A head that some member reports and nobody delivers must not stop the session: if a quorum reports lower heads, the
/// entry was never certified (ackers ≤ N − (Q − f) &lt; Q), and the next session may leave it out.
/// </para>
/// <para>Not thread-safe: the shell calls under one lock.</para>
/// </remarks>
internal sealed partial class SliceLogWriter
{
    /// <summary>Batches that are sent and not certified.</summary>
    public const int MaxBatchesInFlight = 16;

    /// <summary>Payload that is submitted and not certified; more is the caller's sign to wait.</summary>
    public const long MaxUncertifiedBytes = 2L * MaxBatchesInFlight * WriteBatch.MaxPayloadBytes / 4;

    private static readonly TimeSpan RetransmitAfter = TimeSpan.FromSeconds(1);

    private readonly CopyGroup _group;
    private readonly SliceLease _lease;
    private readonly SessionGrant _grant;
    private readonly SigningKey _sessionKey;
    private readonly OpenRequest _open;
    private readonly TimeProvider _time;
    private readonly LaneAMutations _mutations;
    private readonly IReadOnlySet<Hash256> _suspects;

    private readonly Member[] _members;
    private readonly SortedDictionary<uint, Cursor> _cursors = [];
    private readonly Queue<WriterEffect> _effects = [];
    private bool _ended;

    /// <param name="group">The copy group; its members' keys are trusted.</param>
    /// <param name="lease">The disk and its slices in this group.</param>
    /// <param name="grant">The session, with what entitles it.</param>
    /// <param name="sessionKey">The key that <paramref name="grant"/> delegates to.</param>
    /// <param name="nonce">Fresh for every session; members bind their answers to it.</param>
    /// <param name="time">For retransmission only: safety uses no clock.</param>
    /// <param name="suspects">Heads that an earlier session could not get from anybody.</param>
    /// <param name="mutations">Faults for tests.</param>
    public SliceLogWriter(
        CopyGroup group,
        SliceLease lease,
        SessionGrant grant,
        SigningKey sessionKey,
        Hash256 nonce,
        TimeProvider time,
        IReadOnlySet<Hash256>? suspects = null,
        LaneAMutations mutations = LaneAMutations.None)
    {
        (_group, _lease, _grant, _sessionKey, _time, _mutations) = (group, lease, grant, sessionKey, time, mutations);
        _suspects = suspects ?? new HashSet<Hash256>();
        _open = OpenRequest.Create(group, lease.Disk, grant, nonce, sessionKey);
        _members = Array.ConvertAll(Enumerable.Range(0, group.Members).ToArray(), _ => new Member());
    }

    public SessionId Session => _grant.Session;

    public bool IsOpen { get; private set; }

    /// <summary>Payload that is submitted and not certified.</summary>
    public long UncertifiedBytes { get; private set; }

    /// <summary>Entries certified so far, those that commit adopted heads included: the measure of progress.</summary>
    public long CertifiedEntries { get; private set; }

    /// <summary>Members that granted the session and are connected.</summary>
    public int GrantedMembers => _members.Count(member => member.IsGranted);

    private int QuorumSize => _mutations.HasFlag(LaneAMutations.SimpleMajority) ? (_group.Members / 2) + 1 : _group.Quorum;

    public bool TryTake(out WriterEffect effect) => _effects.TryDequeue(out effect!);

    /// <summary>A stream to the member stands: the session is opened there, and what is uncertified goes out after the grant.</summary>
    public void Connected(int member)
    {
        _members[member].IsConnected = true;
        SendOpen(member);
    }

    /// <summary>The stream ended; queries that the member had go to others.</summary>
    public void Disconnected(int member)
    {
        var state = _members[member];
        (state.IsConnected, state.IsGranted, state.IsCongested) = (false, false, false);
        RedirectQueries(member);
    }

    /// <summary>The way to the member is full: nothing is sent a second time until it is free again.</summary>
    public void SetCongested(int member, bool isCongested) => _members[member].IsCongested = isCongested;

    /// <summary>A message of a member. The writer takes over its payload.</summary>
    public void Receive(int from, SliceMessage message)
    {
        switch (message)
        {
            case var _ when _ended:
                message.Release();
                break;
            case OpenAnswer answer:
                ReceiveOpenAnswer(from, answer);
                break;
            case AckBatch acks:
                ReceiveAcks(from, acks);
                break;
            case WriteRefused refused:
                ReceiveRefusal(from, refused);
                break;
            case ReadAnswer answer:
                ReceiveReadAnswer(from, answer);
                break;
            case TreeAnswer answer:
                ReceiveTreeAnswer(from, answer);
                break;
            default:
                _members[from].Lies++;
                message.Release();
                break;
        }
    }

    /// <summary>Time passed: opens, batches and queries that got no answer go out again.</summary>
    public void Tick()
    {
        if (_ended)
        {
            return;
        }

        for (var member = 0; member < _members.Length; member++)
        {
            if (_members[member] is { IsConnected: true, IsGranted: false } && IsDue(_members[member].OpenSentAt))
            {
                SendOpen(member);
            }
        }

        RetransmitBatches();
        RetryQueries();
    }

    /// <summary>Members that hold the newest certificate of each slice: index h counts the slices whose head h members hold.</summary>
    public int[] CountHolders()
    {
        var histogram = new int[_group.Members + 1];
        foreach (var cursor in _cursors.Values)
        {
            if (cursor.Certified > 0)
            {
                histogram[cursor.Acked.Count(acked => acked >= cursor.Certified)]++;
            }
        }

        return histogram;
    }

    private bool IsDue(long since) => _time.GetElapsedTime(since) >= RetransmitAfter;

    private void Send(int member, SliceMessage message) => _effects.Enqueue(new WriterEffect.Send(member, message));

    private void End(WriterEffect.Ended reason)
    {
        if (!_ended)
        {
            _ended = true;
            _effects.Enqueue(reason);
        }
    }

    private sealed class Member
    {
        public bool IsConnected { get; set; }

        public bool IsGranted { get; set; }

        public bool IsRefusing { get; set; }

        public bool IsCongested { get; set; }

        public long OpenSentAt { get; set; }

        /// <summary>Messages that an honest member never sends; readers ask the others first.</summary>
        public int Lies { get; set; }
    }
}

/// <summary>What follows from an event at the writer.</summary>
internal abstract record WriterEffect
{
    /// <summary>The message goes to a member; its payload is retained for this send, and whoever sends releases it.</summary>
    internal sealed record Send(int Member, SliceMessage Message) : WriterEffect;

    /// <summary>The session is open: every slice's head stands certified under it.</summary>
    internal sealed record Opened : WriterEffect;

    internal sealed record Certified(ulong Operation, WriteCertificate Certificate) : WriterEffect;

    internal sealed record ReadDone(ulong Id, SliceRead Read) : WriterEffect;

    /// <summary>Nobody gave a verifiable answer in time.</summary>
    internal sealed record ReadFailed(ulong Id) : WriterEffect;

    /// <summary>The session is over, and nothing submitted and uncertified will be certified by it. <see cref="By"/> is the session that took over.</summary>
    internal sealed record Ended(WriterEnd Reason, SessionId By = default, IReadOnlyList<Hash256>? Suspects = null) : WriterEffect;
}

internal enum WriterEnd
{
    /// <summary>A later session of the owner holds the fence.</summary>
    Fenced,

    /// <summary>So many members refuse that no quorum is left.</summary>
    Refused,

    /// <summary>Adopted heads could not be certified in time: a new session may leave the suspects out.</summary>
    AdoptionStalled,

    /// <summary>What a slice held could not be read back, so nothing can be written on top of it.</summary>
    SliceUnreadable,
}
