using Sdk.Core.Ledger.Abi;

namespace Sdk.Core.Ledger.Modules.HashLocks;

/// <summary>The interface of the hash locks (<c>HashLocks.sol</c> says what each function does).</summary>
public static class HashLocksAbi
{
    private const string Terms = "(address,address,address,uint256,bytes32,uint256,uint256,address,address,uint256)";

    /// <summary>The address of which nobody has the key.</summary>
    public static AbiFunction Burn { get; } = new("BURN()", "(address)");

    /// <summary>The chain that the contract was deployed on.</summary>
    public static AbiFunction ChainId { get; } = new("chainId()", "(uint256)");

    /// <summary>Recipient, hash, deadline; chain, token, recipient and amount on the other ledger. Locks the coins sent along; returns the lock's id.</summary>
    public static AbiFunction Lock { get; } = new("lock(address,bytes32,uint256,uint256,address,address,uint256)", "(bytes32)");

    /// <summary>Recipient, token, amount, hash, deadline; chain, token, recipient and amount on the other ledger. Returns the lock's id.</summary>
    public static AbiFunction LockToken { get; } = new("lockToken(address,address,uint256,bytes32,uint256,uint256,address,address,uint256)", "(bytes32)");

    /// <summary>All terms, and the secret.</summary>
    public static AbiFunction Claim { get; } = new($"claim({Terms},bytes32)");

    /// <summary>All terms.</summary>
    public static AbiFunction Refund { get; } = new($"refund({Terms})");

    /// <summary>All terms; returns the lock's id.</summary>
    public static AbiFunction IdOf { get; } = new($"idOf({Terms})", "(bytes32)");

    /// <summary>A lock's id; returns whether it is neither claimed nor refunded yet.</summary>
    public static AbiFunction IsLocked { get; } = new("isLocked(bytes32)", "(bool)");

    /// <summary>Sender, recipient, hash; then token, amount, deadline; chain, token, recipient and amount on the other ledger.</summary>
    public static AbiEvent Locked { get; } =
        new("Locked(address indexed,address indexed,bytes32 indexed,address,uint256,uint256,uint256,address,address,uint256)");

    /// <summary>The lock's id; the secret.</summary>
    public static AbiEvent Claimed { get; } = new("Claimed(bytes32 indexed,bytes32)");

    /// <summary>The lock's id.</summary>
    public static AbiEvent Refunded { get; } = new("Refunded(bytes32 indexed)");

    /// <summary>The zero address is no recipient.</summary>
    public static AbiError NoRecipient { get; } = new("NoRecipient()");

    /// <summary>Nothing would be locked.</summary>
    public static AbiError NoAmount { get; } = new("NoAmount()");

    /// <summary>The zero address is no token.</summary>
    public static AbiError NoToken { get; } = new("NoToken()");

    /// <summary>The deadline: it is over, or was when the lock was to be made.</summary>
    public static AbiError DeadlinePassed { get; } = new("DeadlinePassed(uint256)");

    /// <summary>The deadline: until then the recipient may claim.</summary>
    public static AbiError DeadlineNotReached { get; } = new("DeadlineNotReached(uint256)");

    /// <summary>The lock's id: the same terms are locked.</summary>
    public static AbiError AlreadyLocked { get; } = new("AlreadyLocked(bytes32)");

    /// <summary>The lock's id: nothing is locked under these terms.</summary>
    public static AbiError NotLocked { get; } = new("NotLocked(bytes32)");

    /// <summary>The hash of the secret is another one.</summary>
    public static AbiError WrongSecret { get; } = new("WrongSecret()");

    /// <summary>What the contract held before and after the token was to be paid: it moves other amounts than it is told to.</summary>
    public static AbiError AmountNotReceived { get; } = new("AmountNotReceived(uint256,uint256)");

    /// <summary>Who does not take coins.</summary>
    public static AbiError PaymentRefused { get; } = new("PaymentRefused(address)");

    /// <summary>The token that says it did not pay, or is none.</summary>
    public static AbiError TokenFailed { get; } = new("SafeERC20FailedOperation(address)");

    /// <summary>All errors of the contract itself.</summary>
    public static IReadOnlyList<AbiError> Errors { get; } =
    [
        NoRecipient, NoAmount, NoToken, DeadlinePassed, DeadlineNotReached, AlreadyLocked, NotLocked, WrongSecret, AmountNotReceived,
        PaymentRefused, TokenFailed,
    ];
}
