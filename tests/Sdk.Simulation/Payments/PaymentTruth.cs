using Sdk.Core.Payments;

namespace Sdk.Simulation.Payments;

/// <summary>What really happened between any two, seen from above, and the promises checked against it.</summary>
internal sealed class PaymentTruth(PaymentsWorld world, int traders)
{
    /// <summary>All tokens are counted once in so many checks.</summary>
    private const int ChecksPerCount = 10;

    private readonly long[] _given = new long[traders * traders];
    private readonly long[] _used = new long[traders * traders];
    private readonly long[] _issued = new long[traders * traders];
    private readonly long[] _acknowledged = new long[traders * traders];
    private readonly int[] _services = new int[traders * traders];
    private long _checks;

    /// <summary>The greatest loss of an honest trader to one other, in thousandths of its threshold.</summary>
    public long WorstPairPermille { get; private set; }

    /// <summary>The greatest loss of an honest trader to all others at once, in thousandths of its threshold.</summary>
    public long WorstSumPermille { get; private set; }

    /// <summary>What all honest traders together have lost, at the worst time, in thousandths of a threshold.</summary>
    public long WorstTotalPermille { get; private set; }

    public long Volume { get; private set; }

    /// <summary>The answer of a service left an honest provider.</summary>
    public void Gave(int provider, int user, long price)
    {
        _given[Pair(provider, user)] += price;
        Volume += price;
    }

    /// <summary>The answer arrived at an honest user.</summary>
    public void Used(int user, int provider, long price)
    {
        _used[Pair(user, provider)] += price;
        _services[Pair(user, provider)]++;
        world.Sim.Operations++;
    }

    /// <summary>An honest receiver took a cheque while the ledger said this.</summary>
    public void Took(int receiver, int issuer, SignedCheque cheque, ChequeCover cover)
    {
        if (!cover.Covers(cheque.Cheque.CumulativePayout))
        {
            throw new InvariantViolationException("P8", $"{receiver} took a cheque of {world.Describe(issuer)} for {cheque.Cheque.CumulativePayout} over {cover.Available}");
        }
    }

    /// <summary>A cheque left an honest issuer.</summary>
    public void Issued(int issuer, int beneficiary, long cumulative) =>
        _issued[Pair(issuer, beneficiary)] = Math.Max(_issued[Pair(issuer, beneficiary)], cumulative);

    /// <summary>An honest receiver's acknowledgement left.</summary>
    public void Acknowledged(int receiver, int issuer, long cumulative) =>
        _acknowledged[Pair(receiver, issuer)] = Math.Max(_acknowledged[Pair(receiver, issuer)], cumulative);

    public int Services(int user, int provider) => _services[Pair(user, provider)];

    public void ForgetServices() => Array.Clear(_services);

    /// <summary>What must hold at any time.</summary>
    public void Check()
    {
        long total = 0;
        foreach (SimTrader trader in world.Traders)
        {
            if (trader.Books is not { } books)
            {
                continue;
            }

            long sum = 0;
            foreach (PeerSheet sheet in books.Sheets)
            {
                int peer = PaymentKeys.IndexOf(sheet.Account);
                CheckSheet(trader, sheet, peer);
                sum += Math.Max(0, LossTo(trader, sheet, peer));
            }

            WorstSumPermille = Math.Max(WorstSumPermille, sum * 1000 / trader.Threshold);
            total += sum * 1000 / trader.Threshold;
        }

        if (_checks++ % ChecksPerCount == 0)
        {
            world.Vault.CheckConservation();
        }

        WorstTotalPermille = Math.Max(WorstTotalPermille, total);
    }

    /// <summary>Services given and cheques that left, less services had, money had for good or set aside for held cheques, and what is free.</summary>
    private long LossTo(SimTrader trader, PeerSheet sheet, int peer) =>
        _given[Pair(trader.Index, peer)] + _issued[Pair(trader.Index, peer)] - _used[Pair(trader.Index, peer)]
        - world.Vault.Paid(peer, trader.Index) - Math.Min(world.Vault.HardDeposit(peer, trader.Index), (long)sheet.Received - world.Vault.Paid(peer, trader.Index))
        - (long)sheet.Forgiven;

    private void CheckSheet(SimTrader trader, PeerSheet sheet, int peer)
    {
        int pair = Pair(trader.Index, peer);
        long loss = LossTo(trader, sheet, peer);
        WorstPairPermille = Math.Max(WorstPairPermille, loss * 1000 / trader.Threshold);
        if (loss > trader.Threshold)
        {
            throw new InvariantViolationException(
                "P1", $"{trader.Index} loses {loss} to {world.Describe(peer)}, its threshold is {trader.Threshold}: gave {_given[pair]}, issued {_issued[pair]}, used {_used[pair]}, was paid {world.Vault.Paid(peer, trader.Index)}, forgave {sheet.Forgiven}");
        }

        double seconds = world.Sim.Scheduler.Now.TotalSeconds + 1;
        if ((double)sheet.Forgiven > (double)sheet.RefreshPerSecond * seconds && sheet.RefreshPerSecond > 0)
        {
            throw new InvariantViolationException("P1", $"{trader.Index} forgave {world.Describe(peer)} {sheet.Forgiven} in {seconds} s");
        }

        long slack = trader.Threshold * AccountingParameters.SlackPercent / 100;
        if (_issued[pair] > _used[pair] + (long)sheet.Received + slack)
        {
            throw new InvariantViolationException("P4", $"{trader.Index} issued {_issued[pair]} to {world.Describe(peer)}, used {_used[pair]} and received {sheet.Received}");
        }

        if (_issued[pair] > (long)sheet.Issued)
        {
            throw new InvariantViolationException("P4", $"{trader.Index} has forgotten that it issued {_issued[pair]} to {world.Describe(peer)}: its books say {sheet.Issued}");
        }

        if (_acknowledged[pair] > (long)sheet.Received)
        {
            throw new InvariantViolationException("P5", $"{trader.Index} acknowledged {_acknowledged[pair]} of {world.Describe(peer)} and holds {sheet.Received}");
        }
    }

    /// <summary>What must hold once everything is cashed: each trader's books say of bounces what the ledger says.</summary>
    public void CheckEnd()
    {
        Check();
        world.Vault.CheckConservation();
        foreach (SimTrader trader in world.Traders)
        {
            foreach (PeerSheet sheet in trader.Books!.Sheets)
            {
                int peer = PaymentKeys.IndexOf(sheet.Account);
                long onLedger = world.Vault.BouncedOpen(peer, trader.Index);
                if ((long)sheet.Bounced != onLedger || onLedger != world.Vault.OnRecord(peer, trader.Index))
                {
                    throw new InvariantViolationException("P3", $"{trader.Index} knows of {sheet.Bounced} bounced of {world.Describe(peer)}, the vault of {onLedger}, the evidence of {world.Vault.OnRecord(peer, trader.Index)}");
                }

                if ((long)sheet.Cashed != world.Vault.Paid(peer, trader.Index) || sheet.Unpresented > 0)
                {
                    throw new InvariantViolationException("P3", $"{trader.Index} has {sheet.Cashed} of {world.Describe(peer)} and {sheet.Unpresented} uncashed, the ledger paid {world.Vault.Paid(peer, trader.Index)}");
                }
            }
        }
    }

    private int Pair(int one, int other) => (one * traders) + other;
}
