using Sdk.Core;
using Sdk.Core.Payments;
using Sdk.Simulation.Network;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Payments;

/// <summary>Honest traders, cheats among them, the network between them, and the vault on its ledger.</summary>
internal sealed class PaymentsWorld
{
    public const long BaseThreshold = 1_000_000;

    private readonly SimRandom _random;
    private readonly SortedDictionary<ChequeFault, int> _refusals = [];
    private readonly SortedDictionary<PaymentNoticeKind, int> _events = [];
    private readonly Cheat[] _cheats;

    public PaymentsWorld(SimWorld sim, int traders, int cheats, AccountingMutations mutations)
    {
        Sim = sim;
        Mutations = mutations;
        _random = sim.Random("world");
        Network = new SimNetwork<PaymentPacket>(sim, traders + cheats, Deliver);
        Vault = new SimVault(sim, traders + cheats, walletEach: 1_000 * BaseThreshold) { Bounced = CheckBounce };
        Truth = new PaymentTruth(this, traders + cheats);
        Traders = [.. Enumerable.Range(0, traders).Select(index => new SimTrader(this, index, BaseThreshold * _random.Between(10, 40) / 10))];
        _cheats = [.. Enumerable.Range(0, cheats).Select(index => new Cheat(this, traders + index, (CheatKind)((index + (int)(sim.Seed % 7)) % 7)))];
    }

    public SimWorld Sim { get; }

    public AccountingMutations Mutations { get; }

    public SimNetwork<PaymentPacket> Network { get; }

    public SimVault Vault { get; }

    public PaymentTruth Truth { get; }

    public IReadOnlyList<SimTrader> Traders { get; }

    public int Crashes { get; set; }

    public bool IsHonest(int index) => index < Traders.Count;

    public string Describe(int index) => IsHonest(index) ? $"honest {index}" : $"{_cheats[index - Traders.Count].Kind} {index}";

    /// <summary>A ring with chords, and each cheat at some of it; then everybody starts.</summary>
    public void Start()
    {
        int count = Traders.Count;
        for (int i = 0; i < count; i++)
        {
            Join(i, (i + 1) % count);
            Join(i, _random.Next(count));
            Join(i, _random.Next(count));
        }

        foreach (Cheat cheat in _cheats)
        {
            int victims = Math.Min(count, _random.Between(2, 12));
            for (int i = 0; i < victims; i++)
            {
                int victim = _random.Next(count);
                if (!cheat.Victims.Contains(victim))
                {
                    cheat.Victims.Add(victim);
                    Traders[victim].Partners.Add(cheat.Index);
                }
            }
        }

        foreach (SimTrader trader in Traders)
        {
            Vault.TopUp(trader.Index, 20 * trader.Threshold);
            Vault.SetAside(trader.Index, _random.Pick(trader.Partners), trader.Threshold / 2);
            trader.Start();
        }

        foreach (Cheat cheat in _cheats)
        {
            cheat.Start();
        }
    }

    public void StopCheats()
    {
        foreach (Cheat cheat in _cheats)
        {
            cheat.IsActive = false;
        }
    }

    public void Refused(ChequeFault fault) => _refusals[fault] = _refusals.GetValueOrDefault(fault) + 1;

    public void Happened(int trader, AccountingEvent happened)
    {
        _events[happened.Kind] = _events.GetValueOrDefault(happened.Kind) + 1;
        Sim.Trace.Record("event", trader, (long)happened.Kind, PaymentKeys.IndexOf(happened.Sheet.Account), (long)happened.Amount);
    }

    public int Events(PaymentNoticeKind kind) => _events.GetValueOrDefault(kind);

    public void Report()
    {
        Sim.Figures.Add(
            $"{Traders.Count} honest, {_cheats.Length} cheats: worst loss to one peer {Truth.WorstPairPermille / 10.0:F1} % of the threshold, of one to all its peers at once {Truth.WorstSumPermille / 10.0:F1} %, of all to all {Truth.WorstTotalPermille / 10.0:F0} %; "
            + $"volume {Truth.Volume / BaseThreshold} thresholds, {Vault.Cashes} cashed, {Vault.Bounces} bounced (worth {Vault.BouncedValue / (double)BaseThreshold:F1}), {Vault.Reverts} reverted, {Crashes} crashes");
        Sim.Figures.Add("refused: " + string.Join(", ", _refusals.Select(refusal => $"{refusal.Key} {refusal.Value}"))
            + "; events: " + string.Join(", ", _events.Select(happened => $"{happened.Key} {happened.Value}")));
    }

    private void CheckBounce(int issuer, int beneficiary, long missing)
    {
        if (IsHonest(issuer))
        {
            throw new InvariantViolationException("P7", $"a cheque of honest {issuer} to {Describe(beneficiary)} lacked {missing}");
        }
    }

    private void Join(int one, int other)
    {
        if (one != other && !Traders[one].Partners.Contains(other))
        {
            Traders[one].Partners.Add(other);
            Traders[other].Partners.Add(one);
        }
    }

    private void Deliver(int from, int to, PaymentPacket packet)
    {
        if (IsHonest(to))
        {
            Traders[to].Receive(from, packet);
        }
        else
        {
            _cheats[to - Traders.Count].Receive(from, packet);
        }
    }
}
