using Sdk.Core.Ledger;
using Sdk.Core.Payments;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Payments;

/// <summary>
/// The vault by its rules, in memory: deposits, hard deposits, cumulative cheques, partial payouts that are recorded as bounces until they are
/// made good, withdrawals with a delay in which cashing wins. Operations are included after a while, or never; what is included is final.
/// </summary>
internal sealed class SimVault
{
    public static readonly TimeSpan WithdrawalDelay = TimeSpan.FromSeconds(4);

    private readonly SimWorld _sim;
    private readonly SimRandom _random;
    private readonly int _accounts;
    private readonly long[] _wallets;
    private readonly long[] _deposits;
    private readonly long[] _withdrawals;
    private readonly long[] _hardDeposits;
    private readonly long[] _paid;
    private readonly long[] _bounced;
    private readonly bool[] _hasBounced;
    private readonly long _supply;

    public SimVault(SimWorld sim, int accounts, long walletEach)
    {
        _sim = sim;
        _random = sim.Random("vault");
        _accounts = accounts;
        _wallets = new long[accounts];
        Array.Fill(_wallets, walletEach);
        _deposits = new long[accounts];
        _withdrawals = new long[accounts];
        _hardDeposits = new long[accounts * accounts];
        _paid = new long[accounts * accounts];
        _bounced = new long[accounts * accounts];
        _hasBounced = new bool[accounts * accounts];
        _supply = walletEach * accounts;
    }

    /// <summary>Called after every operation that was included.</summary>
    public Action? Included { get; set; }

    /// <summary>Called for every cheque that was not paid in full: issuer, beneficiary, what is missing.</summary>
    public Action<int, int, long>? Bounced { get; set; }

    public int Cashes { get; private set; }

    public int Bounces { get; private set; }

    public int Reverts { get; private set; }

    public long BouncedValue { get; private set; }

    public long Wallet(int account) => _wallets[account];

    public long Deposit(int account) => _deposits[account];

    public long Paid(int issuer, int beneficiary) => _paid[Pair(issuer, beneficiary)];

    public long HardDeposit(int issuer, int beneficiary) => _hardDeposits[Pair(issuer, beneficiary)];

    /// <summary>What of the highest cheque presented is still unpaid.</summary>
    public long BouncedOpen(int issuer, int beneficiary) => _bounced[Pair(issuer, beneficiary)];

    /// <summary>Whether the ledger ever recorded a bounce of these two.</summary>
    public bool HasBounceOnRecord(int issuer, int beneficiary) => _hasBounced[Pair(issuer, beneficiary)];

    public ChequeCover Cover(int issuer, int beneficiary) => new(
        (ulong)_deposits[issuer], (ulong)_withdrawals[issuer], (ulong)_hardDeposits[Pair(issuer, beneficiary)], (ulong)_paid[Pair(issuer, beneficiary)]);

    public void TopUp(int account, long amount)
    {
        amount = Math.Min(amount, _wallets[account]);
        _wallets[account] -= amount;
        _deposits[account] += amount;
        Include();
    }

    public void SetAside(int issuer, int beneficiary, long amount)
    {
        amount = Math.Min(amount, _wallets[issuer]);
        _wallets[issuer] -= amount;
        _hardDeposits[Pair(issuer, beneficiary)] += amount;
        Include();
    }

    /// <summary>Asks for the whole deposit; it leaves after the delay, as far as cheques have left any.</summary>
    public void Withdraw(int account)
    {
        _withdrawals[account] = _deposits[account];
        _sim.Scheduler.Schedule(WithdrawalDelay, () =>
        {
            long amount = Math.Min(_withdrawals[account], _deposits[account]);
            _withdrawals[account] = 0;
            _deposits[account] -= amount;
            _wallets[account] += amount;
            Include();
        });
    }

    /// <summary>Cashes into the beneficiary's deposit, or pays out. <paramref name="done"/> hears whether it was included and did not revert.</summary>
    public void Cash(SignedCheque cheque, bool isPaidOut, Action<bool> done)
    {
        if (_random.Percent(5))
        {
            _sim.Scheduler.Schedule(TimeSpan.FromSeconds(3), () => done(false));
            return;
        }

        _sim.Scheduler.Schedule(_random.Between(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(1)), () => done(TryCash(cheque, isPaidOut)));
    }

    private bool TryCash(SignedCheque cheque, bool isPaidOut)
    {
        int issuer = PaymentKeys.IndexOf(cheque.Cheque.Issuer);
        int beneficiary = PaymentKeys.IndexOf(cheque.Cheque.Beneficiary);
        int pair = Pair(issuer, beneficiary);
        if (!PaymentKeys.Domain.Verify(cheque) || cheque.Cheque.CumulativePayout <= (ulong)_paid[pair])
        {
            Reverts++;
            return false;
        }

        // What is asked beyond any amount of money there is, is not paid, and needs no exact account.
        TokenAmount asked = cheque.Cheque.CumulativePayout - (ulong)_paid[pair];
        long due = asked > (ulong)_supply ? _supply : (long)ulong.Parse(asked.ToString(), System.Globalization.CultureInfo.InvariantCulture);
        long hard = Math.Min(due, _hardDeposits[pair]);
        long soft = Math.Min(due - hard, _deposits[issuer]);
        _hardDeposits[pair] -= hard;
        _deposits[issuer] -= soft;
        _paid[pair] += hard + soft;
        (isPaidOut ? _wallets : _deposits)[beneficiary] += hard + soft;
        long missing = due - hard - soft;
        _bounced[pair] = missing;
        Cashes++;
        if (missing > 0)
        {
            _hasBounced[pair] = true;
            Bounces++;
            BouncedValue += missing;
            Bounced?.Invoke(issuer, beneficiary, missing);
        }

        _sim.Trace.Record("cash", issuer, beneficiary, hard + soft, missing);
        Include();
        return true;
    }

    private void Include()
    {
        long total = _wallets.Sum() + _deposits.Sum() + _hardDeposits.Sum();
        if (total != _supply || _wallets.Any(amount => amount < 0) || _deposits.Any(amount => amount < 0))
        {
            throw new InvariantViolationException("P2", $"{total} tokens of {_supply}");
        }

        Included?.Invoke();
    }

    private int Pair(int issuer, int beneficiary) => (issuer * _accounts) + beneficiary;
}
