using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Embedded;
using Sdk.Core.Ledger.Modules.Evidence;
using Sdk.Core.Ledger.Modules.Token;
using Sdk.Core.Ledger.Modules.Vault;
using Sdk.Core.Payments;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Payments;

/// <summary>
/// The shipping token, vault and evidence modules on the embedded ledger's chain, called by the bytes of their ABI. Operations are included
/// after a while, or never; what is included is final. Its clock runs fast, so that the vault's day of delay passes in four seconds.
/// </summary>
/// <remarks>What is asked often is remembered until an operation changes it; it always comes from the modules.</remarks>
internal sealed class SimVault
{
    private const int LedgerSecondsPerSecond = (int)VaultModule.WithdrawalDelaySeconds / 4;

    private static readonly TimeSpan WithdrawalTime = TimeSpan.FromSeconds(4.1);
    private static readonly AccountAddress Token = PaymentKeys.Trader(-2).Address;
    private static readonly AccountAddress Evidence = PaymentKeys.Trader(-3).Address;
    private static readonly AccountAddress Bank = PaymentKeys.Trader(-4).Address;

    private readonly SimWorld _sim;
    private readonly SimRandom _random;
    private readonly EmbeddedChain _chain = new(PaymentKeys.Domain.ChainId);
    private readonly int _accounts;
    private readonly long[] _deposits;
    private readonly long[] _withdrawals;
    private readonly VaultBook[] _books;
    private readonly long _supply;

    public SimVault(SimWorld sim, int accounts, long walletEach)
    {
        _sim = sim;
        _random = sim.Random("vault");
        _accounts = accounts;
        _deposits = new long[accounts];
        _withdrawals = new long[accounts];
        _books = new VaultBook[accounts * accounts];
        _supply = walletEach * accounts;
        _chain.Deploy(
            LedgerSeconds,
            [(new TokenModule("Sdk", "SDK", Bank, (ulong)_supply), Token), (new EvidenceModule([Vault]), Evidence), (new VaultModule(Token, Evidence), Vault)],
            [],
            Bank);
        for (int i = 0; i < accounts; i++)
        {
            Require(Apply(Bank, Token, TokenAbi.Transfer, new AbiWriter().Add(Account(i)).Add((ulong)walletEach)));
            Require(Apply(Account(i), Token, TokenAbi.Approve, new AbiWriter().Add(Vault).Add(TokenAmount.MaxValue)));
        }
    }

    /// <summary>Called for every cheque that was not paid in full: issuer, beneficiary, what is missing.</summary>
    public Action<int, int, long>? Bounced { get; set; }

    public int Cashes { get; private set; }

    public int Bounces { get; private set; }

    public int Reverts { get; private set; }

    public long BouncedValue { get; private set; }

    private static AccountAddress Vault => PaymentKeys.Domain.Vault;

    private ulong LedgerSeconds => 1_900_000_000 + (ulong)(_sim.Scheduler.Now.TotalSeconds * LedgerSecondsPerSecond);

    /// <summary>What any beneficiary may draw on.</summary>
    public long Deposit(int account) => _deposits[account];

    public long Paid(int issuer, int beneficiary) => Long(_books[Pair(issuer, beneficiary)].PaidOut);

    public long HardDeposit(int issuer, int beneficiary) => Long(_books[Pair(issuer, beneficiary)].Hard);

    /// <summary>What of the highest cheque presented is still unpaid.</summary>
    public long BouncedOpen(int issuer, int beneficiary) => Long(_books[Pair(issuer, beneficiary)].Missing);

    /// <summary>The same, as the evidence on the ledger has it.</summary>
    public long OnRecord(int issuer, int beneficiary) =>
        Long(Look(Evidence, EvidenceAbi.MissingOf, new AbiWriter().Add(Vault).Add(Account(issuer)).Add(Account(beneficiary))).ReadAmount());

    public ChequeCover Cover(int issuer, int beneficiary)
    {
        VaultBook book = _books[Pair(issuer, beneficiary)];
        return new ChequeCover((ulong)_deposits[issuer], (ulong)_withdrawals[issuer], book.Hard, book.PaidOut);
    }

    public void TopUp(int account, long amount)
    {
        amount = Math.Min(amount, Wallet(account));
        Require(Apply(Account(account), Vault, VaultAbi.Deposit, new AbiWriter().Add(Account(account)).Add((ulong)amount)));
        Read(account);
    }

    public void SetAside(int issuer, int beneficiary, long amount)
    {
        Require(Apply(Account(issuer), Vault, VaultAbi.IncreaseHardDeposit, new AbiWriter().Add(Account(beneficiary)).Add((ulong)amount)));
        Read(issuer);
        Read(issuer, beneficiary);
    }

    /// <summary>Asks for the whole deposit; it leaves after the delay, as far as cheques have left any.</summary>
    public void Withdraw(int account)
    {
        Require(Apply(Account(account), Vault, VaultAbi.RequestWithdrawal, new AbiWriter().Add((ulong)_deposits[account])));
        Read(account);
        _sim.Scheduler.Schedule(WithdrawalTime, () =>
        {
            Apply(Account(account), Vault, VaultAbi.Withdraw, new AbiWriter().Add(Account(account)));
            Read(account);
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

    /// <summary>Every token is somewhere, and the vault has what it owes.</summary>
    public void CheckConservation()
    {
        long wallets = 0;
        long deposits = 0;
        for (int i = 0; i < _accounts; i++)
        {
            wallets += Wallet(i);
            deposits += Long(Look(Vault, VaultAbi.DepositOf, new AbiWriter().Add(Account(i))).ReadAmount());
        }

        long held = Long(Look(Token, TokenAbi.BalanceOf, new AbiWriter().Add(Vault)).ReadAmount());
        if (wallets + held != _supply || held != deposits)
        {
            throw new InvariantViolationException("P2", $"{wallets} tokens in wallets and {held} in the vault, of {_supply}; deposits of {deposits}");
        }
    }

    private bool TryCash(SignedCheque cheque, bool isPaidOut)
    {
        int issuer = PaymentKeys.IndexOf(cheque.Cheque.Issuer);
        int beneficiary = PaymentKeys.IndexOf(cheque.Cheque.Beneficiary);
        (Hash256 r, Hash256 vs) = cheque.Signature.ToCompact();
        AbiWriter arguments = new AbiWriter().Add(cheque.Cheque.Issuer).Add(cheque.Cheque.Beneficiary).Add(cheque.Cheque.CumulativePayout).Add(r).Add(vs);
        VaultBook before = _books[Pair(issuer, beneficiary)];
        if (!Apply(cheque.Cheque.Beneficiary, Vault, isPaidOut ? VaultAbi.CashOut : VaultAbi.CashCheque, arguments))
        {
            Reverts++;
            return false;
        }

        Cashes++;
        Read(issuer);
        Read(beneficiary);
        Read(issuer, beneficiary);
        VaultBook after = _books[Pair(issuer, beneficiary)];
        _sim.Trace.Record("cash", issuer, beneficiary, Long(after.PaidOut), Long(after.Missing));
        if (after.Missing > before.Missing)
        {
            Bounces++;
            BouncedValue += Long(after.Missing - before.Missing);
            Bounced?.Invoke(issuer, beneficiary, Long(after.Missing));
        }

        return true;
    }

    private long Wallet(int account) => Long(Look(Token, TokenAbi.BalanceOf, new AbiWriter().Add(Account(account))).ReadAmount());

    private void Read(int account)
    {
        AbiReader deposit = Look(Vault, VaultAbi.DepositOf, new AbiWriter().Add(Account(account)));
        _deposits[account] = Long(new VaultDeposit(deposit.ReadAmount(), deposit.ReadAmount()).Free);
        _withdrawals[account] = Long(Look(Vault, VaultAbi.WithdrawalOf, new AbiWriter().Add(Account(account))).ReadAmount());
    }

    private void Read(int issuer, int beneficiary)
    {
        AbiReader book = Look(Vault, VaultAbi.BookOf, new AbiWriter().Add(Account(issuer)).Add(Account(beneficiary)));
        _books[Pair(issuer, beneficiary)] = new VaultBook(book.ReadAmount(), book.ReadAmount(), book.ReadAmount());
    }

    private bool Apply(AccountAddress sender, AccountAddress contract, AbiFunction function, AbiWriter arguments) =>
        _chain.Machine.Apply(_chain.Next(LedgerSeconds), sender, new LedgerCall(contract, arguments.ToCall(function))).IsDone;

    private AbiReader Look(AccountAddress contract, AbiFunction function, AbiWriter arguments)
    {
        MachineResult result = _chain.Machine.Look(_chain.Next(LedgerSeconds), default, new LedgerCall(contract, arguments.ToCall(function)));
        Require(result.IsDone);
        return new AbiReader(result.Returned);
    }

    private static void Require(bool isDone)
    {
        if (!isDone)
        {
            throw new InvalidOperationException("The ledger refused what it must take.");
        }
    }

    private static AccountAddress Account(int index) => PaymentKeys.Trader(index).Address;

    /// <summary>Amounts beyond any that exists, which cheats may ask for, are all alike.</summary>
    private static long Long(TokenAmount amount) =>
        amount.TryToBaseUnits(out UInt128 baseUnits) && baseUnits < long.MaxValue ? (long)baseUnits : long.MaxValue;

    private int Pair(int issuer, int beneficiary) => (issuer * _accounts) + beneficiary;
}
