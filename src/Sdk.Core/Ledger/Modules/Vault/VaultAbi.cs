using Sdk.Core.Ledger.Abi;

namespace Sdk.Core.Ledger.Modules.Vault;

/// <summary>The interface of the vault: deposits, and the cheques drawn on them (<c>Vault.sol</c> says what each does).</summary>
public static class VaultAbi
{
    /// <summary>How long announced withdrawals wait, in seconds.</summary>
    public static AbiFunction WithdrawalDelay { get; } = new("WITHDRAWAL_DELAY()", "(uint256)");

    /// <summary>The token that is deposited.</summary>
    public static AbiFunction Token { get; } = new("token()", "(address)");

    /// <summary>Where bounces are recorded.</summary>
    public static AbiFunction Evidence { get; } = new("evidence()", "(address)");

    /// <summary>Account, amount.</summary>
    public static AbiFunction Deposit { get; } = new("deposit(address,uint256)");

    /// <summary>Account, amount; the caller's permit: deadline, v, r, s.</summary>
    public static AbiFunction DepositWithPermit { get; } = new("depositWithPermit(address,uint256,uint256,uint8,bytes32,bytes32)");

    /// <summary>Amount.</summary>
    public static AbiFunction RequestWithdrawal { get; } = new("requestWithdrawal(uint256)");

    /// <summary>Recipient; returns what was paid.</summary>
    public static AbiFunction Withdraw { get; } = new("withdraw(address)", "(uint256)");

    /// <summary>Issuer, beneficiary, cumulative payout, r, vs; returns what was paid.</summary>
    public static AbiFunction CashCheque { get; } = new("cashCheque(address,address,uint256,bytes32,bytes32)", "(uint256)");

    /// <summary>Issuer, recipient, cumulative payout, r, vs; returns what was paid.</summary>
    public static AbiFunction CashOut { get; } = new("cashOut(address,address,uint256,bytes32,bytes32)", "(uint256)");

    /// <summary>Beneficiary, and for each cheque issuer, cumulative payout, r, vs; returns what was paid in all.</summary>
    public static AbiFunction CashBatch { get; } = new("cashBatch(address,(address,uint256,bytes32,bytes32)[])", "(uint256)");

    /// <summary>Beneficiary, amount.</summary>
    public static AbiFunction IncreaseHardDeposit { get; } = new("increaseHardDeposit(address,uint256)");

    /// <summary>Beneficiary, amount.</summary>
    public static AbiFunction RequestHardDepositDecrease { get; } = new("requestHardDepositDecrease(address,uint256)");

    /// <summary>Beneficiary; returns by how much.</summary>
    public static AbiFunction DecreaseHardDeposit { get; } = new("decreaseHardDeposit(address)", "(uint256)");

    /// <summary>Account; returns its deposit and the part of it that is reserved.</summary>
    public static AbiFunction DepositOf { get; } = new("depositOf(address)", "(uint256,uint256)");

    /// <summary>Issuer, beneficiary; returns what was paid out, what is reserved, what is missing.</summary>
    public static AbiFunction BookOf { get; } = new("bookOf(address,address)", "(uint256,uint256,uint256)");

    /// <summary>Account; returns the amount announced, and since when it can be withdrawn.</summary>
    public static AbiFunction WithdrawalOf { get; } = new("withdrawalOf(address)", "(uint256,uint256)");

    /// <summary>Issuer, beneficiary; returns the amount announced, and since when.</summary>
    public static AbiFunction HardDepositDecreaseOf { get; } = new("hardDepositDecreaseOf(address,address)", "(uint256,uint256)");

    /// <summary>Issuer, beneficiary; returns what the beneficiary may count on.</summary>
    public static AbiFunction Cover { get; } = new("cover(address,address)", "(uint256)");

    /// <summary>Issuer, beneficiary, cumulative payout; returns what the issuer signs.</summary>
    public static AbiFunction ChequeDigest { get; } = new("chequeDigest(address,address,uint256)", "(bytes32)");

    /// <summary>The separator of the domain of cheques.</summary>
    public static AbiFunction DomainSeparator { get; } = new("domainSeparator()", "(bytes32)");

    /// <summary>Account, who paid; amount.</summary>
    public static AbiEvent Deposited { get; } = new("Deposited(address indexed,address indexed,uint256)");

    /// <summary>Issuer, beneficiary; what was paid now into its deposit, and in all.</summary>
    public static AbiEvent ChequeCashed { get; } = new("ChequeCashed(address indexed,address indexed,uint256,uint256)");

    /// <summary>Issuer, beneficiary; recipient, what was paid now, and in all.</summary>
    public static AbiEvent ChequePaidOut { get; } = new("ChequePaidOut(address indexed,address indexed,address,uint256,uint256)");

    /// <summary>Issuer, beneficiary; how much more could not be paid.</summary>
    public static AbiEvent ChequeBounced { get; } = new("ChequeBounced(address indexed,address indexed,uint256)");

    /// <summary>Issuer, beneficiary; how much of what had bounced was paid.</summary>
    public static AbiEvent BounceCleared { get; } = new("BounceCleared(address indexed,address indexed,uint256)");

    /// <summary>Account; amount, and since when it can be withdrawn.</summary>
    public static AbiEvent WithdrawalRequested { get; } = new("WithdrawalRequested(address indexed,uint256,uint256)");

    /// <summary>Account; recipient, amount.</summary>
    public static AbiEvent Withdrawn { get; } = new("Withdrawn(address indexed,address,uint256)");

    /// <summary>Issuer, beneficiary; by how much.</summary>
    public static AbiEvent HardDepositIncreased { get; } = new("HardDepositIncreased(address indexed,address indexed,uint256)");

    /// <summary>Issuer, beneficiary; amount, and since when.</summary>
    public static AbiEvent HardDepositDecreaseRequested { get; } = new("HardDepositDecreaseRequested(address indexed,address indexed,uint256,uint256)");

    /// <summary>Issuer, beneficiary; by how much.</summary>
    public static AbiEvent HardDepositDecreased { get; } = new("HardDepositDecreased(address indexed,address indexed,uint256)");

    /// <summary>The amount does not fit: 128 bits, 120 for a hard deposit.</summary>
    public static AbiError AmountTooLarge { get; } = new("AmountTooLarge(uint256)");

    /// <summary>The zero address has no deposit and is paid nothing.</summary>
    public static AbiError NoAccount { get; } = new("NoAccount()");

    /// <summary>The token says that it did not pay.</summary>
    public static AbiError TransferFailed { get; } = new("TransferFailed()");

    /// <summary>What was paid out in all: the cheque promises no more.</summary>
    public static AbiError ChequeAlreadyCashed { get; } = new("ChequeAlreadyCashed(uint256)");

    /// <summary>Not the issuer's signature, or its s is high.</summary>
    public static AbiError InvalidSignature { get; } = new("InvalidSignature()");

    /// <summary>Nobody cashes cheques to itself.</summary>
    public static AbiError OwnCheque { get; } = new("OwnCheque()");

    /// <summary>The issuer cannot pay anything, and what it owes is on record.</summary>
    public static AbiError NoCover { get; } = new("NoCover()");

    /// <summary>No cheque of the batch changes anything.</summary>
    public static AbiError NothingToCash { get; } = new("NothingToCash()");

    /// <summary>What is not reserved yet, and what was to be.</summary>
    public static AbiError InsufficientDeposit { get; } = new("InsufficientDeposit(uint256,uint256)");

    /// <summary>Nothing was announced.</summary>
    public static AbiError NothingRequested { get; } = new("NothingRequested()");

    /// <summary>Since when it can be done.</summary>
    public static AbiError TooEarly { get; } = new("TooEarly(uint256)");

    /// <summary>All errors of the contract itself.</summary>
    public static IReadOnlyList<AbiError> Errors { get; } =
    [
        AmountTooLarge, NoAccount, TransferFailed, ChequeAlreadyCashed, InvalidSignature, OwnCheque, NoCover, NothingToCash,
        InsufficientDeposit, NothingRequested, TooEarly,
    ];
}
