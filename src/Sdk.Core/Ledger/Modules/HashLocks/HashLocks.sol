// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// Coins and tokens locked for a recipient until a deadline, under the SHA-256 hash of a secret of 32 bytes: one half of a transfer between two
/// ledgers, or of an exchange. Before the deadline anybody who knows the secret can have the recipient paid; from the deadline on anybody can have
/// the sender paid back.
///
/// A lock is one storage word under the hash of all its terms; who claims or refunds brings the terms along. The word is cleared at the end, so
/// the secret's hash must be fresh for each transfer: terms that were locked once can be locked again, and then the secret is known already.
/// There is no owner, and nothing can be changed or stopped.
contract HashLocks {
    /// What is locked here, for whom, and what is due for it on the other ledger. This contract keeps the part about the other ledger and says it in
    /// the event, so that both sides can show what was agreed; it cannot look there.
    struct Terms {
        address sender; // who locked, and who is paid back
        address recipient; // `BURN` where coins of a side chain are to vanish while those that they stand for are released
        address token; // zero: the chain's own coin
        uint256 amount;
        bytes32 secretHash;
        uint256 deadline; // in seconds since 1970
        uint256 counterChainId;
        address counterToken;
        address counterRecipient;
        uint256 counterAmount;
    }

    /// Nobody has the key of this address.
    address public constant BURN = 0x000000000000000000000000000000000000dEaD;

    event Locked(
        address indexed sender,
        address indexed recipient,
        bytes32 indexed secretHash,
        address token,
        uint256 amount,
        uint256 deadline,
        uint256 counterChainId,
        address counterToken,
        address counterRecipient,
        uint256 counterAmount
    );
    event Claimed(bytes32 indexed id, bytes32 secret);
    event Refunded(bytes32 indexed id);

    error NoRecipient();
    error NoAmount();
    error DeadlinePassed(uint256 deadline);
    error DeadlineNotReached(uint256 deadline);
    /// The same terms are locked already.
    error AlreadyLocked(bytes32 id);
    /// Nothing is locked under these terms: never, or not any more.
    error NotLocked(bytes32 id);
    error NoToken();
    error WrongSecret();
    /// The token moved another amount than it was told to: what this contract held before, and after.
    error AmountNotReceived(uint256 balanceBefore, uint256 balanceAfter);
    error PaymentRefused(address recipient);

    /// The chain that this contract was deployed on. If the chain splits, locks stay what they are on both sides.
    uint256 public immutable chainId = block.chainid;

    mapping(bytes32 id => uint256) private _locked;

    /// Locks the coins that are sent along. The caller must be able to receive coins, or nobody can pay it back.
    function lock(
        address recipient,
        bytes32 secretHash,
        uint256 deadline,
        uint256 counterChainId,
        address counterToken,
        address counterRecipient,
        uint256 counterAmount
    ) external payable returns (bytes32) {
        return _lock(
            Terms(
                msg.sender, recipient, address(0), msg.value, secretHash, deadline, counterChainId, counterToken, counterRecipient, counterAmount
            )
        );
    }

    /// Locks an ERC-20 token of the caller. A token that takes a fee on the way is refused.
    function lockToken(
        address recipient,
        address token,
        uint256 amount,
        bytes32 secretHash,
        uint256 deadline,
        uint256 counterChainId,
        address counterToken,
        address counterRecipient,
        uint256 counterAmount
    ) external returns (bytes32 id) {
        if (token == address(0)) revert NoToken();
        id = _lock(
            Terms(msg.sender, recipient, token, amount, secretHash, deadline, counterChainId, counterToken, counterRecipient, counterAmount)
        );
        // The lock counts already while the token runs code of its own. Whatever that code does here, what this contract holds must have grown by
        // exactly the amount in the end: a lock that was claimed before it was paid has not.
        uint256 before = IERC20(token).balanceOf(address(this));
        SafeERC20.safeTransferFrom(IERC20(token), msg.sender, address(this), amount);
        uint256 afterwards = IERC20(token).balanceOf(address(this));
        if (afterwards < before || afterwards - before != amount) revert AmountNotReceived(before, afterwards);
    }

    /// Pays the recipient. Anybody may call, and only the recipient can gain by it.
    function claim(Terms calldata terms, bytes32 secret) external {
        if (sha256(abi.encode(secret)) != terms.secretHash) revert WrongSecret();
        if (block.timestamp >= terms.deadline) revert DeadlinePassed(terms.deadline);
        bytes32 id = _unlock(terms);
        emit Claimed(id, secret);
        _pay(terms.token, terms.recipient, terms.amount);
    }

    /// Pays the sender back. Anybody may call.
    function refund(Terms calldata terms) external {
        if (block.timestamp < terms.deadline) revert DeadlineNotReached(terms.deadline);
        bytes32 id = _unlock(terms);
        emit Refunded(id);
        _pay(terms.token, terms.sender, terms.amount);
    }

    /// The name of a lock: a hash of this ledger, this contract and all terms.
    function idOf(Terms calldata terms) external view returns (bytes32) {
        return _id(terms);
    }

    function isLocked(bytes32 id) external view returns (bool) {
        return _locked[id] != 0;
    }

    function _lock(Terms memory terms) private returns (bytes32 id) {
        if (terms.recipient == address(0)) revert NoRecipient();
        if (terms.amount == 0) revert NoAmount();
        if (terms.deadline <= block.timestamp) revert DeadlinePassed(terms.deadline);
        id = _id(terms);
        if (_locked[id] != 0) revert AlreadyLocked(id);
        _locked[id] = 1;
        emit Locked(
            terms.sender,
            terms.recipient,
            terms.secretHash,
            terms.token,
            terms.amount,
            terms.deadline,
            terms.counterChainId,
            terms.counterToken,
            terms.counterRecipient,
            terms.counterAmount
        );
    }

    function _unlock(Terms calldata terms) private returns (bytes32 id) {
        id = _id(terms);
        if (_locked[id] == 0) revert NotLocked(id);
        _locked[id] = 0;
    }

    function _pay(address token, address recipient, uint256 amount) private {
        if (token != address(0)) return SafeERC20.safeTransfer(IERC20(token), recipient, amount);
        bool paid;
        // What the recipient returns is not copied: it could be long.
        assembly ("memory-safe") {
            paid := call(gas(), recipient, amount, 0, 0, 0, 0)
        }
        if (!paid) revert PaymentRefused(recipient);
    }

    function _id(Terms memory terms) private view returns (bytes32) {
        return keccak256(abi.encode(chainId, address(this), terms));
    }
}
