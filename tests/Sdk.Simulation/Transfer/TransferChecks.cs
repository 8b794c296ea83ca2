using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Modules.HashLocks;
using Sdk.Core.Payments;
using Sdk.Core.Payments.Transfers;

namespace Sdk.Simulation.Transfer;

/// <summary>What a transfer promises, computed from balances and true times, not from what the sides believe.</summary>
internal sealed class TransferChecks(TransferWorld world)
{
    private static readonly TokenAmount Minted = 2_000_000;
    private static readonly TokenAmount Begun = 1_000_000;

    private readonly HashSet<TransferRole> _hasClaimed = [];

    /// <summary>What must hold when an honest side is about to submit.</summary>
    public void BeforeSubmit(HonestParty party, TransferEffect.Submit submit)
    {
        SimLedger ledger = world.Ledger(submit.Operation.Side);
        switch (submit.Operation.Kind)
        {
            case OperationKind.Lock when party.Role == TransferRole.Initiator:
                Require("T6", party.Durable is { } record && TransferRecord.Decode(record).Secret is not null, "the first lock was submitted before the secret was durable");
                break;
            case OperationKind.Lock:
                Require("T5", world.Sight(TransferSide.First, Decoded(party).Terms).Final == LockState.Locked, "the second lock was submitted before the first was final");
                Require(
                    "T5", party.Now + world.Plan.Timing.SecondLockLead < DateTimeOffset.FromUnixTimeSeconds((long)submit.Terms.Deadline),
                    "the second lock was submitted too late for the initiator to claim it");
                break;
            case OperationKind.Claim when party.Role == TransferRole.Responder && submit.Operation.Side == TransferSide.First && IsBackForGood(party):
                Require("T9", false, "the responder claims although its own lock was finally paid back, or never made");
                break;
            case OperationKind.Claim when _hasClaimed.Add(party.Role) && (party.Role == TransferRole.Initiator || IsPresent(party)):
                // By the ledger's own clock, of which the side knows only how far off it may be.
                DateTimeOffset last = ledger.Clock + ledger.Shape.Timing.Inclusion + ledger.Shape.Timing.Reorganization;
                Require("T7", last < DateTimeOffset.FromUnixTimeSeconds((long)submit.Terms.Deadline), $"the {party.Role} claimed later than the margin before the deadline");
                break;
        }
    }

    /// <summary>No ledger makes or loses coins.</summary>
    public void Conserved()
    {
        foreach (TransferSide side in (TransferSide[])[TransferSide.First, TransferSide.Second])
        {
            SimLedger ledger = world.Ledger(side);
            TokenAmount sum = Held(ledger, TransferRole.Initiator) + Held(ledger, TransferRole.Responder) + ledger.BalanceOf(SimLedger.Contract) + ledger.BalanceOf(HashLocksContract.Burn);
            Require("T3", sum == Minted, $"{sum} coins on the {side} ledger instead of {Minted}");
        }
    }

    /// <summary>What must hold once all is over.</summary>
    public void AtEnd()
    {
        Conserved();
        bool anybodyLives = world.Honest.Any(party => party.IsUp && party.HasBegun);
        foreach (HonestParty party in world.Honest.Where(party => party.IsUp && party.HasBegun))
        {
            Require("T8", party.Outcome is not null, $"a side waits for ever: {party.State}");
        }

        if (world.Honest.FirstOrDefault(party => party.HasBegun) is not { } witness)
        {
            return;
        }

        TransferTerms terms = Decoded(witness).Terms;
        (LockState first, LockState second) = (world.Sight(TransferSide.First, terms).Latest, world.Sight(TransferSide.Second, terms).Latest);
        string how = $"first {first}, second {second}, {string.Join("; ", world.Honest.Select(party => party.State))}";
        Require("T4", !anybodyLives || (first != LockState.Locked && second != LockState.Locked), $"something stays locked: {how}");
        CheckLoss(how);
        CheckBothOrNeither(first, second, how);
    }

    private static TransferRecord Decoded(HonestParty party) => TransferRecord.Decode(party.Durable!);

    private static void Require(string invariant, bool holds, string message)
    {
        if (!holds)
        {
            throw new InvariantViolationException(invariant, message);
        }
    }

    private bool IsBackForGood(HonestParty party) =>
        !party.HasLocked || world.Sight(TransferSide.Second, Decoded(party).Terms).Final == LockState.Refunded;

    /// <summary>
    /// An honest initiator never loses, whenever it stops. An honest responder never loses unless it is away for longer than the margins while
    /// nobody honest is there in its place.
    /// </summary>
    private void CheckLoss(string how)
    {
        (SimLedger first, SimLedger second) = (world.Ledger(TransferSide.First), world.Ledger(TransferSide.Second));
        TransferQuote quote = world.Quote;
        if (world.HonestOf(TransferRole.Initiator) is not null)
        {
            bool paid = Held(first, TransferRole.Initiator) < Begun;
            Require("T1", !paid || Held(second, TransferRole.Initiator) >= Begun + quote.Second.Amount || first.BalanceOf(SimLedger.Contract) >= quote.First.Amount, $"the initiator lost: {how}");
        }

        if (world.HonestOf(TransferRole.Responder) is not { } responder)
        {
            return;
        }

        bool wasThere = IsPresent(responder) || (world.HonestOf(TransferRole.Initiator) is { } initiator && IsPresent(initiator));
        TokenAmount income = world.Plan.IsBurn ? first.BalanceOf(HashLocksContract.Burn) : Held(first, TransferRole.Responder) - Begun;
        TokenAmount spent = Begun - Held(second, TransferRole.Responder);
        Require("T1", !wasThere || spent.IsZero || income >= quote.First.Amount || second.BalanceOf(SimLedger.Contract) >= quote.Second.Amount, $"the responder lost: {how}");
    }

    private void CheckBothOrNeither(LockState first, LockState second, string how)
    {
        List<HonestParty> honest = [.. world.Honest];
        if (honest.Count == 2 && honest.Any(IsPresent))
        {
            Require("T2", first == LockState.Claimed == (second == LockState.Claimed), $"one lock was claimed and the other was not: {how}");
        }
    }

    /// <summary>Whether it was never away for longer than it may.</summary>
    private bool IsPresent(HonestParty party) => party.Down <= world.Plan.Timing.Response / 3;

    private static TokenAmount Held(SimLedger ledger, TransferRole role) => ledger.BalanceOf(TransferWorld.AccountOf(role));
}
