using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Embedded;

namespace Sdk.Core.Ledger.Modules.Vault;

/// <summary><c>Vault.sol</c> as the embedded ledger runs it: its functions, checks, events and errors, in its order.</summary>
public sealed partial class VaultModule : ContractModule
{
    /// <summary>The module's name in a deployment, and that of the domain of cheques (EIP-712).</summary>
    public const string ModuleName = "Vault";

    /// <summary>How long announced withdrawals and decreases wait: a day. Cheques cashed meanwhile win.</summary>
    public const ulong WithdrawalDelaySeconds = 86_400;

    private const string DomainVersion = "1";
    private const string ChequeType = "Cheque(address issuer,address beneficiary,uint256 cumulativePayout)";
    private const int ChequeWords = 4;

    // 2^120 − 1: what Solidity keeps of a hard deposit beside what was paid out.
    private static readonly TokenAmount HardMax = TokenAmount.FromBaseUnits(UInt128.MaxValue >> 8);
    private static readonly TokenAmount StoredMax = TokenAmount.FromBaseUnits(UInt128.MaxValue);

    private readonly AccountAddress _token;
    private readonly AccountAddress _evidence;
    private ModuleMap<AccountAddress, VaultDeposit> _accounts = null!;
    private ModuleMap<(AccountAddress Issuer, AccountAddress Beneficiary), VaultBook> _books = null!;
    private ModuleMap<AccountAddress, VaultRequest> _withdrawals = null!;
    private ModuleMap<(AccountAddress Issuer, AccountAddress Beneficiary), VaultRequest> _decreases = null!;
    private Hash256? _domain;

    /// <summary>A vault.</summary>
    /// <param name="token">The token that is deposited.</param>
    /// <param name="evidence">Where bounces are recorded.</param>
    public VaultModule(AccountAddress token, AccountAddress evidence)
        : base(ModuleName)
    {
        (_token, _evidence) = (token, evidence);
        Function(VaultAbi.WithdrawalDelay, (ModuleFrame _, ref AbiReader _, AbiWriter results) => results.Add(WithdrawalDelaySeconds));
        Function(VaultAbi.Token, (ModuleFrame _, ref AbiReader _, AbiWriter results) => results.Add(_token));
        Function(VaultAbi.Evidence, (ModuleFrame _, ref AbiReader _, AbiWriter results) => results.Add(_evidence));
        Function(VaultAbi.Deposit, Deposit);
        Function(VaultAbi.DepositWithPermit, DepositWithPermit);
        Function(VaultAbi.RequestWithdrawal, RequestWithdrawal);
        Function(VaultAbi.Withdraw, Withdraw);
        Function(VaultAbi.CashCheque, CashCheque);
        Function(VaultAbi.CashOut, CashOut);
        Function(VaultAbi.CashBatch, CashBatch);
        Function(VaultAbi.IncreaseHardDeposit, IncreaseHardDeposit);
        Function(VaultAbi.RequestHardDepositDecrease, RequestHardDepositDecrease);
        Function(VaultAbi.DecreaseHardDeposit, DecreaseHardDeposit);
        Function(VaultAbi.DepositOf, DepositOf);
        Function(VaultAbi.BookOf, BookOf);
        Function(VaultAbi.WithdrawalOf, WithdrawalOf);
        Function(VaultAbi.HardDepositDecreaseOf, HardDepositDecreaseOf);
        Function(VaultAbi.Cover, Cover);
        Function(VaultAbi.ChequeDigest, ChequeDigest);
        Function(VaultAbi.DomainSeparator, (ModuleFrame frame, ref AbiReader _, AbiWriter results) => results.Add(Domain(frame)));
    }

    /// <inheritdoc/>
    protected override void DeclareState()
    {
        var pair = StateCodec.Pair(StateCodec.Address, StateCodec.Address);
        var request = new StateCodec<VaultRequest>(
            2, (writer, value) => writer.Add(value.Amount).Add(value.AvailableAt), (ref reader) => new VaultRequest(reader.ReadAmount(), reader.ReadUInt64()));
        _accounts = Map("accounts", StateCodec.Address, new StateCodec<VaultDeposit>(
            2, (writer, value) => writer.Add(value.Amount).Add(value.HardTotal), (ref reader) => new VaultDeposit(reader.ReadAmount(), reader.ReadAmount())));
        _books = Map("books", pair, new StateCodec<VaultBook>(
            3,
            (writer, value) => writer.Add(value.PaidOut).Add(value.Hard).Add(value.Missing),
            (ref reader) => new VaultBook(reader.ReadAmount(), reader.ReadAmount(), reader.ReadAmount())));
        _withdrawals = Map("withdrawals", StateCodec.Address, request);
        _decreases = Map("decreases", pair, request);
    }

    private void Deposit(ModuleFrame frame, ref AbiReader arguments, AbiWriter results) =>
        Deposit(frame, arguments.ReadAddress(), arguments.ReadAmount());

    private void DepositWithPermit(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (account, amount, deadline) = (arguments.ReadAddress(), arguments.ReadAmount(), arguments.ReadAmount());
        var (v, r, s) = (arguments.ReadUInt(8), arguments.ReadWord(), arguments.ReadWord());
        var allowance = CallContract(frame, _token, new AbiWriter().Add(frame.Sender).Add(frame.This).ToCall(Token.TokenAbi.Allowance)).ReadAmount();
        if (allowance < amount)
        {
            CallContract(
                frame, _token, new AbiWriter().Add(frame.Sender).Add(frame.This).Add(amount).Add(deadline).Add(v).Add(r).Add(s).ToCall(Token.TokenAbi.Permit));
        }

        Deposit(frame, account, amount);
    }

    private void RequestWithdrawal(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var request = Request(frame, arguments.ReadAmount());
        _withdrawals[frame.Sender] = request;
        frame.Emit(VaultAbi.WithdrawalRequested, [Topic(frame.Sender)], new AbiWriter().Add(request.Amount).Add(request.AvailableAt));
    }

    private void Withdraw(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var recipient = arguments.ReadAddress();
        RequireAccount(recipient);
        var requested = RequireAvailable(frame, _withdrawals[frame.Sender]);
        _withdrawals[frame.Sender] = default;
        var account = _accounts[frame.Sender];
        var amount = Min(requested, account.Free);
        _accounts[frame.Sender] = account with { Amount = account.Amount - amount };
        frame.Emit(VaultAbi.Withdrawn, [Topic(frame.Sender)], new AbiWriter().Add(recipient).Add(amount));
        Pay(frame, recipient, amount);
        results.Add(amount);
    }

    private void IncreaseHardDeposit(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (beneficiary, amount) = (arguments.ReadAddress(), arguments.ReadAmount());
        RequireAccount(beneficiary);
        var account = _accounts[frame.Sender];
        if (amount > account.Free)
        {
            throw Revert(VaultAbi.InsufficientDeposit, new AbiWriter().Add(account.Free).Add(amount));
        }

        var book = _books[(frame.Sender, beneficiary)];
        var hard = book.Hard + amount;
        if (hard > HardMax)
        {
            throw Revert(VaultAbi.AmountTooLarge, new AbiWriter().Add(hard));
        }

        _accounts[frame.Sender] = account with { HardTotal = account.HardTotal + amount };
        _books[(frame.Sender, beneficiary)] = book with { Hard = hard };
        frame.Emit(VaultAbi.HardDepositIncreased, [Topic(frame.Sender), Topic(beneficiary)], new AbiWriter().Add(amount));
    }

    private void RequestHardDepositDecrease(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var beneficiary = arguments.ReadAddress();
        var request = Request(frame, arguments.ReadAmount());
        _decreases[(frame.Sender, beneficiary)] = request;
        frame.Emit(
            VaultAbi.HardDepositDecreaseRequested, [Topic(frame.Sender), Topic(beneficiary)], new AbiWriter().Add(request.Amount).Add(request.AvailableAt));
    }

    private void DecreaseHardDeposit(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var beneficiary = arguments.ReadAddress();
        var pair = (frame.Sender, beneficiary);
        var requested = RequireAvailable(frame, _decreases[pair]);
        _decreases[pair] = default;
        var book = _books[pair];
        var amount = Min(requested, book.Hard);
        _books[pair] = book with { Hard = book.Hard - amount };
        var account = _accounts[frame.Sender];
        _accounts[frame.Sender] = account with { HardTotal = account.HardTotal - amount };
        frame.Emit(VaultAbi.HardDepositDecreased, [Topic(frame.Sender), Topic(beneficiary)], new AbiWriter().Add(amount));
        results.Add(amount);
    }

    private void DepositOf(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var account = _accounts[arguments.ReadAddress()];
        results.Add(account.Amount).Add(account.HardTotal);
    }

    private void BookOf(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var book = _books[(arguments.ReadAddress(), arguments.ReadAddress())];
        results.Add(book.PaidOut).Add(book.Hard).Add(book.Missing);
    }

    private void WithdrawalOf(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var request = _withdrawals[arguments.ReadAddress()];
        results.Add(request.Amount).Add(request.AvailableAt);
    }

    private void HardDepositDecreaseOf(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var request = _decreases[(arguments.ReadAddress(), arguments.ReadAddress())];
        results.Add(request.Amount).Add(request.AvailableAt);
    }

    private void Cover(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (issuer, beneficiary) = (arguments.ReadAddress(), arguments.ReadAddress());
        var free = _accounts[issuer].Free;
        var hard = _books[(issuer, beneficiary)].Hard;
        results.Add(free - Min(free, _withdrawals[issuer].Amount) + hard - Min(hard, _decreases[(issuer, beneficiary)].Amount));
    }

    private void ChequeDigest(ModuleFrame frame, ref AbiReader arguments, AbiWriter results) =>
        results.Add(Digest(frame, arguments.ReadAddress(), arguments.ReadAddress(), arguments.ReadAmount()));

    private void Deposit(ModuleFrame frame, AccountAddress account, TokenAmount amount)
    {
        RequireAccount(account);
        Credit(account, amount);
        frame.Emit(VaultAbi.Deposited, [Topic(account), Topic(frame.Sender)], new AbiWriter().Add(amount));
        RequirePaid(CallContract(frame, _token, new AbiWriter().Add(frame.Sender).Add(frame.This).Add(amount).ToCall(Token.TokenAbi.TransferFrom)));
    }

    private void Credit(AccountAddress beneficiary, TokenAmount amount)
    {
        if (amount > StoredMax)
        {
            throw Revert(VaultAbi.AmountTooLarge, new AbiWriter().Add(amount));
        }

        var account = _accounts[beneficiary];
        var sum = account.Amount + amount;
        if (sum > StoredMax)
        {
            throw Revert(VaultAbi.AmountTooLarge, new AbiWriter().Add(sum));
        }

        _accounts[beneficiary] = account with { Amount = sum };
    }

    private void Pay(ModuleFrame frame, AccountAddress recipient, TokenAmount amount) =>
        RequirePaid(CallContract(frame, _token, new AbiWriter().Add(recipient).Add(amount).ToCall(Token.TokenAbi.Transfer)));

    private static VaultRequest Request(ModuleFrame frame, TokenAmount amount) => amount > StoredMax
        ? throw Revert(VaultAbi.AmountTooLarge, new AbiWriter().Add(amount))
        : new VaultRequest(amount, amount.IsZero ? 0 : frame.Timestamp + WithdrawalDelaySeconds);

    private static TokenAmount RequireAvailable(ModuleFrame frame, VaultRequest request) =>
        request.Amount.IsZero ? throw Revert(VaultAbi.NothingRequested)
        : frame.Timestamp < request.AvailableAt ? throw Revert(VaultAbi.TooEarly, new AbiWriter().Add(request.AvailableAt))
        : request.Amount;

    private static void RequireAccount(AccountAddress account)
    {
        if (account == default)
        {
            throw Revert(VaultAbi.NoAccount);
        }
    }

    private static void RequirePaid(AbiReader answer)
    {
        if (!answer.ReadBool())
        {
            throw Revert(VaultAbi.TransferFailed);
        }
    }

    // As Solidity calls a contract: where there is none, it reverts without data.
    private static AbiReader CallContract(ModuleFrame frame, AccountAddress contract, byte[] data) =>
        frame.HasCode(contract) ? new AbiReader(frame.Call(contract, data)) : throw Revert();

    private static TokenAmount Min(TokenAmount left, TokenAmount right) => left < right ? left : right;
}
