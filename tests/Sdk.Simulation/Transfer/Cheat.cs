using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Modules.HashLocks;
using Sdk.Core.Payments;
using Sdk.Core.Payments.Transfers;

namespace Sdk.Simulation.Transfer;

/// <summary>A counterpart that deals with the ledgers directly and takes whatever it can.</summary>
internal sealed class Cheat(TransferWorld world, TransferRole role, Malice malice) : SimParty(world, role)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private TransferTerms? _terms;
    private bool _hasLocked;
    private bool _hasClaimed;
    private TimeSpan _claimLead;
    private TimeSpan _lockLead;
    private Hash256? _secret;

    public override void Start()
    {
        _claimLead = Random.Between(TimeSpan.Zero, TimeSpan.FromSeconds(12));
        _lockLead = Random.Between(TimeSpan.FromSeconds(2), World.Plan.Timing.SecondLockLead);
        if (Role == TransferRole.Initiator)
        {
            _secret = World.Secret.Reveal();
            _terms = Deviate(World.TermsFrom(Now));
        }

        Act();
    }

    public override void Receive(TransferMessage message)
    {
        if (Role == TransferRole.Responder && message is TransferMessage.Proposal proposal)
        {
            _terms ??= proposal.Terms;
        }
        else if (message is TransferMessage.Secret secret)
        {
            _secret = secret.Shown.Reveal();
        }
    }

    private void Act() => World.Sim.Scheduler.Schedule(Period, () =>
    {
        if (_terms is not null)
        {
            Talk();
            LearnSecret();
            TakeWhatCanBeHad();
        }

        Act();
    });

    private void Talk()
    {
        if (Role != TransferRole.Initiator)
        {
            if (malice != Malice.NeverLock && StateOf(TransferSide.First) == LockState.Locked)
            {
                Lock(TransferSide.Second, malice == Malice.LateLock ? _lockLead : TimeSpan.MaxValue);
            }

            return;
        }

        Lock(TransferSide.First, malice == Malice.SlowLock ? _lockLead : TimeSpan.MaxValue);
        World.Tell(Role, new TransferMessage.Proposal(_terms!, 0).Encode());
        if (malice == Malice.EarlySecret || (malice == Malice.LateSecret && World.Sight(TransferSide.Second, _terms!).Final == LockState.Refunded))
        {
            World.Tell(Role, new TransferMessage.Secret(_terms!.SecretHash, World.Secret).Encode());
        }
    }

    private void LearnSecret()
    {
        foreach (TransferSide side in (TransferSide[])[TransferSide.First, TransferSide.Second])
        {
            _secret ??= World.Ledger(side).Mempool.FirstOrDefault(waiting => waiting.Kind == OperationKind.Claim && waiting.Terms.SecretHash == _terms!.SecretHash)?.Secret
                ?? World.Sight(side, _terms!).Secret?.Reveal();
        }
    }

    private void TakeWhatCanBeHad()
    {
        (TransferSide own, TransferSide other) = Role == TransferRole.Initiator ? (TransferSide.First, TransferSide.Second) : (TransferSide.Second, TransferSide.First);
        if (_secret is not null && malice is not (Malice.NeverClaim or Malice.LateSecret) && StateOf(other) == LockState.Locked && !_hasClaimed && IsTimeToClaim(other))
        {
            // Once: in a reorganisation it vanishes when that is convenient.
            _hasClaimed = true;
            Submit(other, OperationKind.Claim, _terms!.LockOf(other));
        }
        else if (StateOf(other) != LockState.Locked)
        {
            _hasClaimed = false;
        }

        if (_hasLocked && World.Ledger(own).Clock >= _terms!.DeadlineOf(own))
        {
            HashLockTerms locked = Twist(_terms.LockOf(own));
            if (World.Ledger(own).IsLocked(locked))
            {
                Submit(own, OperationKind.Refund, locked);
            }
        }
    }

    private bool IsTimeToClaim(TransferSide side) =>
        malice is not (Malice.LateClaim or Malice.ShortGap) || World.Ledger(side).Clock >= _terms!.DeadlineOf(side) - _claimLead - World.Ledger(side).Shape.BlockMax;

    private LockState StateOf(TransferSide side) => World.Sight(side, _terms!).Latest;

    private void Lock(TransferSide side, TimeSpan lead)
    {
        if (!_hasLocked && (lead == TimeSpan.MaxValue || World.Ledger(side).Clock >= _terms!.DeadlineOf(TransferSide.Second) - lead))
        {
            _hasLocked = true;
            Submit(side, OperationKind.Lock, Twist(_terms!.LockOf(side)));
        }
    }

    private void Submit(TransferSide side, OperationKind kind, HashLockTerms terms) => World.Ledger(side).Submit(new SimOperation
    {
        Sender = Account,
        Kind = kind,
        Terms = terms,
        Secret = _secret ?? default,
        IsHonest = false,
    });

    /// <summary>What it proposes.</summary>
    private TransferTerms Deviate(TransferTerms terms) => malice switch
    {
        Malice.OtherTerms => terms with { Quote = terms.Quote with { First = terms.Quote.First with { Amount = 1 } } },
        Malice.ShortGap => terms with { FirstDeadline = terms.SecondDeadline + 1 + (ulong)Random.Next((int)World.Plan.Timing.Gap.TotalSeconds - 1) },
        _ => terms,
    };

    /// <summary>What it locks instead of what it proposed or agreed to.</summary>
    private HashLockTerms Twist(HashLockTerms terms) => malice switch
    {
        Malice.WrongAmount => terms with { Amount = 1 },
        Malice.WrongChain => terms with { CounterChainId = terms.CounterChainId + 7 },
        Malice.WrongRecipient => terms with { Recipient = Account },
        Malice.WrongDeadline => terms with { Deadline = terms.Deadline - 30 },
        Malice.WrongHash => terms with { SecretHash = Hash256.Sha256("another"u8) },
        _ => terms,
    };
}
