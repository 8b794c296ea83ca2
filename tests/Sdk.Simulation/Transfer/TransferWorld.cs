using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Modules.HashLocks;
using Sdk.Core.Payments;
using Sdk.Core.Payments.Transfers;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Transfer;

/// <summary>Two ledgers, two sides, a network between the sides that loses messages, and the checks.</summary>
internal sealed class TransferWorld
{
    private static readonly AccountAddress Initiator = AccountAddress.Parse("0x00000000000000000000000000000000000000a1");
    private static readonly AccountAddress Responder = AccountAddress.Parse("0x00000000000000000000000000000000000000a2");
    private static readonly TokenAmount Coins = 1_000_000;

    private readonly SimRandom _random;
    private readonly SimLedger[] _ledgers;
    private readonly Dictionary<(TransferSide, TransferTerms), LockHistory> _histories = [];
    private readonly Dictionary<TransferRole, SimParty> _parties;

    public TransferWorld(SimWorld sim, TransferPlan plan, TransferMutations mutations)
    {
        (Sim, Plan, Mutations) = (sim, plan, mutations);
        _random = sim.Random("world");
        Dictionary<AccountAddress, TokenAmount> coins = new() { [Initiator] = Coins, [Responder] = Coins };
        _ledgers = [new SimLedger(sim, TransferSide.First, plan.First, coins), new SimLedger(sim, TransferSide.Second, plan.Second, coins)];
        Secret = DrawSecret();
        Quote = new TransferQuote(
            new TransferLeg(_ledgers[0].ChainId, SimLedger.Contract, default, 300, Initiator, plan.IsBurn ? HashLocksContract.Burn : Responder),
            new TransferLeg(_ledgers[1].ChainId, SimLedger.Contract, default, 200, Responder, Initiator));
        Checks = new TransferChecks(this);
        _parties = plan.Malices.ToDictionary(
            pair => pair.Key, pair => pair.Value == Malice.None ? new HonestParty(this, pair.Key) : (SimParty)new Cheat(this, pair.Key, pair.Value));
    }

    public SimWorld Sim { get; }

    public TransferPlan Plan { get; }

    public TransferMutations Mutations { get; }

    public TransferSecret Secret { get; }

    public TransferQuote Quote { get; }

    public TransferChecks Checks { get; }

    /// <summary>The terms that the initiator made, once it did.</summary>
    public TransferTerms? Terms { get; private set; }

    /// <summary>Whether no honest side has anything left to do, or will ever return to do it.</summary>
    public bool IsOver => Terms is not null && Honest.All(party => party.Outcome is not null || party.Down == TimeSpan.MaxValue
        || (!party.HasBegun && HonestOf(TransferRole.Initiator) is { Outcome: not null }));

    public IEnumerable<HonestParty> Honest => _parties.Values.OfType<HonestParty>();

    public SimLedger Ledger(TransferSide side) => _ledgers[(int)side];

    public HonestParty? HonestOf(TransferRole role) => _parties[role] as HonestParty;

    public static AccountAddress AccountOf(TransferRole role) => role == TransferRole.Initiator ? Initiator : Responder;

    public TransferTerms TermsFrom(DateTimeOffset now)
    {
        (ulong first, ulong second) = Plan.Timing.DeadlinesFrom(now);
        return Terms = new TransferTerms(Quote, Secret.Hash, first, second);
    }

    /// <summary>What a ledger shows of one of the transfer's locks.</summary>
    public LedgerSight Sight(TransferSide side, TransferTerms terms)
    {
        SimLedger ledger = Ledger(side);
        if (!_histories.TryGetValue((side, terms), out LockHistory? history))
        {
            _histories.Add((side, terms), history = new LockHistory(terms, side, 0));
        }

        return history.Read(ledger.Head, ledger.Events(history.FilterTo(ledger.Head)));
    }

    public void Start()
    {
        foreach (SimLedger ledger in _ledgers)
        {
            ledger.Start();
        }

        // Sides are always there in one order, whatever a dictionary does.
        Sim.Scheduler.Schedule(_random.Between(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(60)), () =>
        {
            _parties[TransferRole.Responder].Start();
            _parties[TransferRole.Initiator].Start();
        });
    }

    public void Tell(TransferRole from, byte[] message)
    {
        if (_random.Percent(Plan.LossPercent))
        {
            return;
        }

        TransferRole to = from == TransferRole.Initiator ? TransferRole.Responder : TransferRole.Initiator;
        Sim.Scheduler.Schedule(_random.Between(TimeSpan.Zero, TimeSpan.FromSeconds(2)), () =>
        {
            if (!TransferMessage.TryDecode(message, out TransferMessage? read))
            {
                throw new InvariantViolationException("T0", "a message does not read as what was written");
            }

            _parties[to].Receive(read);
        });
    }

    private TransferSecret DrawSecret()
    {
        byte[] bytes = new byte[Hash256.LengthBytes];
        _random.Fill(bytes);
        return TransferSecret.TryOpen(Hash256.FromBytes(bytes), Hash256.Sha256(bytes), out TransferSecret? secret) ? secret : throw new InvalidOperationException();
    }
}
