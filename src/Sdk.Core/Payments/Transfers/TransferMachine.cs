
namespace Sdk.Core.Payments.Transfers;

/// <summary>
/// One side of a transfer by hash locks, without input or output: it is shown what the ledgers show, and says what is to be done. It looks at
/// the whole state each time and acts on what is missing, so a restart, a lost submission and a reorganisation are all the same to it.
/// </summary>
/// <remarks>
/// After every call the caller carries out <see cref="TakeEffects"/>. Both ledgers are shown again and again, at least every quarter of
/// <see cref="TransferTiming.Response"/>; nothing happens without. Not thread-safe.
/// </remarks>
internal sealed partial class TransferMachine
{
    private readonly TransferMutations _mutations;
    private readonly View[] _views = [new(), new()];
    private readonly Dictionary<TransferOperation, Attempt> _attempts = [];
    private readonly List<TransferEffect> _effects = [];
    private DateTimeOffset _now;
    private DateTimeOffset _nextTell;
    private bool _isSecretShown;

    /// <summary>A machine for a transfer that was begun; what its first effects persist is durable already.</summary>
    public TransferMachine(TransferRecord record, TransferMutations mutations = TransferMutations.None)
    {
        (Record, _mutations) = (record, mutations);
    }

    public TransferRecord Record { get; private set; }

    public TransferTerms Terms => Record.Terms;

    public TransferTiming Timing => Record.Timing;

    /// <summary>Begins at the initiator. The first effect makes the secret durable.</summary>
    public static TransferMachine Initiate(
        TransferTerms terms, TransferTiming timing, TransferSecret secret, ulong firstFromBlock, ulong secondFromBlock, TransferMutations mutations = TransferMutations.None)
    {
        var machine = new TransferMachine(
            new TransferRecord { Role = TransferRole.Initiator, Terms = terms, Timing = timing, Secret = secret, FirstFromBlock = firstFromBlock, SecondFromBlock = secondFromBlock },
            mutations);
        if (!mutations.HasFlag(TransferMutations.LockBeforePersist))
        {
            machine.Persist();
        }

        return machine;
    }

    /// <summary>Begins at the responder, with terms that were proposed.</summary>
    /// <param name="agreed">What is to be exchanged.</param>
    /// <param name="proposal">What the initiator says.</param>
    /// <param name="timing">The responder's own margins.</param>
    /// <param name="secondFromBlock">A block of the second ledger before which its own lock is not.</param>
    /// <param name="now">The time.</param>
    /// <param name="mutations">For tests.</param>
    /// <exception cref="TransferRefusedException">The terms are others than agreed, or their deadlines leave too little time.</exception>
    public static TransferMachine Respond(
        TransferQuote agreed, TransferMessage.Proposal proposal, TransferTiming timing, ulong secondFromBlock, DateTimeOffset now, TransferMutations mutations = TransferMutations.None)
    {
        if (FaultOf(agreed, proposal.Terms, timing, now, mutations) is { } fault)
        {
            throw new TransferRefusedException(fault);
        }

        var machine = new TransferMachine(
            new TransferRecord { Role = TransferRole.Responder, Terms = proposal.Terms, Timing = timing, FirstFromBlock = proposal.FromBlock, SecondFromBlock = secondFromBlock }, mutations);
        machine.Persist();
        return machine;
    }

    /// <summary>Why a side does not take part in a transfer on these terms; null where it does.</summary>
    public static TransferFault? FaultOf(
        TransferQuote agreed, TransferTerms terms, TransferTiming timing, DateTimeOffset now, TransferMutations mutations = TransferMutations.None)
    {
        if (!terms.IsSound)
        {
            return TransferFault.Malformed;
        }

        if (terms.Quote != agreed && !mutations.HasFlag(TransferMutations.NoTermsCheck))
        {
            return TransferFault.OtherTerms;
        }

        return mutations.HasFlag(TransferMutations.NoTimingCheck) ? null
            : !timing.HasGap(terms) ? TransferFault.GapTooShort
            : !timing.IsTimeForSecondLock(terms, now) ? TransferFault.TooLate
            : !timing.IsShortEnough(terms, now) ? TransferFault.LockedTooLong
            : null;
    }

    /// <summary>What is to be done since the last call, in order.</summary>
    public IReadOnlyList<TransferEffect> TakeEffects()
    {
        TransferEffect[] effects = [.. _effects];
        _effects.Clear();
        return effects;
    }

    /// <summary>What a ledger shows now.</summary>
    public void Observe(TransferSide side, LedgerSight sight, DateTimeOffset now)
    {
        _now = now;
        _views[(int)side].See(sight, now, Timing[side]);
        foreach (var (operation, attempt) in _attempts.Where(pair => pair.Key.Side == side && pair.Value.IncludedIn is { } block && sight.Head.Number >= block).ToList())
        {
            // It is in this sight, or a reorganisation took it back: then it is due again.
            _attempts[operation] = attempt with { IncludedIn = null, IsUnderWay = false };
        }

        if (sight.Secret is { } secret && !Record.IsSecretOut)
        {
            Learn(secret, isOut: true);
        }

        Decide();
    }

    /// <summary>What the other side says.</summary>
    public void Receive(TransferMessage message, DateTimeOffset now)
    {
        _now = now;
        if (message is TransferMessage.Secret { Shown: var secret } && secret.Hash == Terms.SecretHash && Record.Secret is null)
        {
            Learn(secret, isOut: false);
            Decide();
        }
    }

    /// <summary>What came of an operation that was to be submitted.</summary>
    /// <param name="operation">Which.</param>
    /// <param name="result">What.</param>
    /// <param name="block">The block, where it was included.</param>
    /// <param name="now">The time.</param>
    public void Finished(TransferOperation operation, OperationResult result, ulong block, DateTimeOffset now)
    {
        _now = now;
        _attempts[operation] = _attempts.GetValueOrDefault(operation) with
        {
            // Until a sight of that block, the sights are older than what was done.
            IsUnderWay = result == OperationResult.Included,
            IncludedIn = result == OperationResult.Included ? block : null,
            NotBefore = now + RetryPause(operation.Side),
        };
        if (operation.Kind == OperationKind.Lock && result == OperationResult.Refused)
        {
            // Nothing was locked and nothing will be by that submission: another one is no second lock.
            Record = Record with { IsLockSubmitted = false };
            Persist();
        }
    }

    private LedgerSight First => _views[0].Sight!;

    private LedgerSight Second => _views[1].Sight!;

    private TransferSide Own => Record.Role == TransferRole.Initiator ? TransferSide.First : TransferSide.Second;

    private LedgerSight SightOf(TransferSide side) => _views[(int)side].Sight!;

    private void Decide()
    {
        if (Record.Outcome is not null || _views.Any(view => view.Sight is null))
        {
            return;
        }

        if (Record.Role == TransferRole.Initiator)
        {
            DecideInitiator();
        }
        else
        {
            DecideResponder();
        }

        Refund(Own, TimeSpan.Zero);
        if (!_mutations.HasFlag(TransferMutations.NoHelp))
        {
            // The owner has had its time; nothing stays locked because somebody died.
            Refund(Other(Own), Timing.Response + Timing[Other(Own)].Settlement);
        }

        EndIfSettled();
    }

    private static TransferSide Other(TransferSide side) => side == TransferSide.First ? TransferSide.Second : TransferSide.First;

    private void Learn(TransferSecret secret, bool isOut)
    {
        Record = Record with { Secret = secret, IsSecretOut = Record.IsSecretOut || isOut };
        Persist();
    }

    /// <summary>Submits the side's own lock: once in its life, unless it is certain that the submission does not count.</summary>
    private void SubmitLock()
    {
        var operation = new TransferOperation(Own, OperationKind.Lock);
        if (IsDue(operation))
        {
            Record = Record with { IsLockSubmitted = true };
            if (!_mutations.HasFlag(TransferMutations.LockBeforePersist))
            {
                Persist();
            }

            Submit(operation);
        }
    }

    private void Claim(TransferSide side)
    {
        if (SightOf(side).Latest == LockState.Locked && LedgerTime(side) < Terms.DeadlineOf(side))
        {
            Submit(new TransferOperation(side, OperationKind.Claim));
        }
    }

    private void Refund(TransferSide side, TimeSpan patience)
    {
        // A block that comes now is not earlier than the last one, and the ledger's clock is not further behind than was agreed. Where only work
        // makes blocks, the last one may be old.
        var earliest = Later(SightOf(side).Head.Time, _now - Timing[side].ClockSkew);
        if (SightOf(side).Latest == LockState.Locked && earliest >= Terms.DeadlineOf(side) + patience)
        {
            Submit(new TransferOperation(side, OperationKind.Refund));
        }
    }

    private bool IsDue(TransferOperation operation)
    {
        var attempt = _attempts.GetValueOrDefault(operation);
        return !attempt.IsUnderWay && _now >= attempt.NotBefore && (attempt.Count == 0 || !_mutations.HasFlag(TransferMutations.NoResubmit));
    }

    private void Submit(TransferOperation operation)
    {
        if (!IsDue(operation))
        {
            return;
        }

        var attempt = _attempts.GetValueOrDefault(operation);
        _attempts[operation] = attempt with { IsUnderWay = true, Count = attempt.Count + 1 };
        var isClaim = operation.Kind == OperationKind.Claim;
        _isSecretShown |= isClaim;
        _effects.Add(new TransferEffect.Submit(operation, Terms.LockOf(operation.Side), isClaim ? Record.Secret : null));
    }

    private void Tell(TransferMessage message)
    {
        if (_now >= _nextTell)
        {
            _nextTell = _now + (Timing.Response / 4);
            _effects.Add(new TransferEffect.Tell(message.Encode()));
        }
    }

    private void Persist() => _effects.Add(new TransferEffect.Persist(Record.Encode()));

    private void EndIfSettled()
    {
        if (Settled(TransferSide.First) is { } first && Settled(TransferSide.Second) is { } second)
        {
            var outcome = (first, second) switch
            {
                (LockState.Claimed, LockState.Claimed) => TransferOutcome.Completed,
                (LockState.None, LockState.None) => TransferOutcome.NotStarted,
                (LockState.Claimed, _) or (_, LockState.Claimed) => TransferOutcome.OneSided,
                _ => TransferOutcome.Refunded,
            };
            Record = Record with { Outcome = outcome };
            Persist();
            _effects.Add(new TransferEffect.End(outcome));
        }
    }

    /// <summary>What finally became of a lock; null while that is open.</summary>
    private LockState? Settled(TransferSide side)
    {
        var sight = SightOf(side);
        if (sight.Final is LockState.Claimed or LockState.Refunded)
        {
            return sight.Final;
        }

        if (sight.Final != LockState.None || sight.Latest != LockState.None)
        {
            return null;
        }

        // Past the deadline no block takes the lock any more, and none that was hidden can still come.
        var isImpossible = side == Own && !Record.IsLockSubmitted && !IsTimeToLock;
        return isImpossible || _now >= Terms.DeadlineOf(side) + Timing[side].ClockSkew + Timing[side].Settlement ? LockState.None : null;
    }

    private bool IsTimeToLock => Own == TransferSide.First ? Timing.IsTimeForFirstLock(Terms, _now)
        : _mutations.HasFlag(TransferMutations.LateLock) ? LedgerTime(TransferSide.Second) < Terms.DeadlineOf(TransferSide.Second)
        : Timing.IsTimeForSecondLock(Terms, _now);

    /// <summary>Whether both ledgers were seen lately and their clocks are as right as was agreed: only then does anybody lock.</summary>
    private bool AreLedgersSound =>
        _views.All(view => _now - view.SeenAt <= Timing.Response / 2 && (!(view.IsClockWrong || view.IsClockUnknown(_now, Timing.Response / 2)) || _mutations.HasFlag(TransferMutations.NoClockCheck)));

    private bool IsFinallyLocked(TransferSide side)
    {
        var sight = SightOf(side);
        return sight.Latest == LockState.Locked && (sight.Final == LockState.Locked || _mutations.HasFlag(TransferMutations.NoFinality));
    }

    /// <summary>The time of a block that comes at once, at the latest.</summary>
    private DateTimeOffset LedgerTime(TransferSide side) => _now + (_views[(int)side].AheadMax > Timing[side].ClockSkew ? _views[(int)side].AheadMax : Timing[side].ClockSkew);

    /// <summary>Whether a claim that is submitted now stands in a block before the deadline, whatever the ledger does of what was agreed.</summary>
    private bool IsInTimeForClaim(TransferSide side) =>
        LedgerTime(side) + Timing[side].Inclusion + Timing[side].Reorganization < Terms.DeadlineOf(side);

    /// <summary>Half a response before the last moment for claiming the first lock: who waited for the other side, or for certainty, waits no longer.</summary>
    private bool IsFirstClaimUrgent =>
        LedgerTime(TransferSide.First) + Timing.First.Inclusion + Timing.First.Reorganization + (Timing.Response / 2) >= Terms.DeadlineOf(TransferSide.First);

    /// <summary>A quarter of the inclusion time, so that several attempts fit into what one may take; at least a second.</summary>
    private TimeSpan RetryPause(TransferSide side) => TimeSpan.FromTicks(Math.Max(Timing[side].Inclusion.Ticks / 4, TimeSpan.TicksPerSecond));

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    private readonly record struct Attempt(bool IsUnderWay, ulong? IncludedIn, DateTimeOffset NotBefore, int Count = 0);

    private sealed class View
    {
        private bool _isAhead;
        private bool _isBehind;
        private bool _isOld;
        private DateTimeOffset? _firstSeenAt;

        public LedgerSight? Sight { get; private set; }

        public DateTimeOffset SeenAt { get; private set; }

        public bool IsClockWrong => _isAhead || _isBehind;

        /// <summary>How far the ledger's clock was ahead of ours at most.</summary>
        public TimeSpan AheadMax { get; private set; }

        /// <summary>An old head is an idle ledger, or one whose clock is behind: a new block tells, and is waited for, for a while.</summary>
        public bool IsClockUnknown(DateTimeOffset now, TimeSpan patience) => _isOld && now < _firstSeenAt + patience;

        public void See(LedgerSight sight, DateTimeOffset now, LedgerTiming timing)
        {
            _isAhead |= sight.Head.Time > now + timing.ClockSkew;
            AheadMax = sight.Head.Time - now > AheadMax ? sight.Head.Time - now : AheadMax;

            _firstSeenAt ??= now;
            _isOld = sight.Head.Time < now - timing.ClockSkew - timing.Inclusion;

            // Only a block that came since the last look is new, and its time comparable; where only work makes blocks, the last may be old.
            if (Sight is { } before && sight.Head.Number > before.Head.Number)
            {
                _isBehind = sight.Head.Time < now - timing.ClockSkew - timing.Inclusion - (now - SeenAt);
            }

            (Sight, SeenAt) = (sight, now);
        }
    }
}
