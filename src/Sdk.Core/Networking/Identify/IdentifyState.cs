namespace Sdk.Core.Networking.Identify;

/// <summary>What identify keeps of one connection.</summary>
internal sealed class IdentifyState
{
    /// <summary>A node changes what it offers now and then; more often is an attack on whoever verifies the signatures.</summary>
    private const int MaxPushes = 20;

    private static readonly TimeSpan PushWindow = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private long _windowTimestamp;
    private int _pushes;
    private long _toldRevision;
    private PeerIdentity? _identity;

    /// <summary>What the peer said last; null before it said anything.</summary>
    public PeerIdentity? Identity => Volatile.Read(ref _identity);

    /// <summary>Completes with the answer to this side's question, or with why there is none.</summary>
    public TaskCompletionSource<PeerIdentity> Answered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Which state of this node the peer was told last; 0 before it asked.</summary>
    public long ToldRevision => Interlocked.Read(ref _toldRevision);

    public void Told(long revision) => Interlocked.Exchange(ref _toldRevision, revision);

    /// <summary>Whether the peer may push once more.</summary>
    public bool TryTakePush(TimeProvider time)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            if (_pushes == 0 || time.GetElapsedTime(_windowTimestamp, now) > PushWindow)
            {
                (_windowTimestamp, _pushes) = (now, 0);
            }

            return ++_pushes <= MaxPushes;
        }
    }

    /// <summary>Replaces the identity by what <paramref name="merge"/> makes of it.</summary>
    public PeerIdentity Update(Func<PeerIdentity?, PeerIdentity> merge)
    {
        lock (_gate)
        {
            var identity = merge(_identity);
            Volatile.Write(ref _identity, identity);
            return identity;
        }
    }
}
