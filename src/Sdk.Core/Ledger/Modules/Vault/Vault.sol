// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IEvidence} from "src/Sdk.Core/Ledger/Modules/Evidence/IEvidence.sol";

/// Deposits of all accounts in one contract, and the cheques drawn on them.
///
/// A cheque says how much an issuer has promised a beneficiary so far, in all: a newer one replaces every older one, and cashing pays what was not
/// paid yet. Cashed cheques credit the beneficiary's own deposit, on which it draws cheques in turn; tokens move only when somebody deposits,
/// withdraws, or has a cheque paid out. What an issuer cannot pay stays on record with Evidence until it is paid.
///
/// Each pair of issuer and beneficiary has one storage word, each account another, so that cashing writes three words. The token must move exactly
/// the amount that it is told to move: a token that takes fees cannot be used here. There is no owner, and nothing can be changed or stopped.
contract Vault {
    /// How long an announced withdrawal, or decrease of a hard deposit, waits, in seconds. Cheques cashed meanwhile win. A receiver that looks at
    /// the ledger every twelve hours has another twelve to get its transaction in.
    uint256 public constant WITHDRAWAL_DELAY = 1 days;

    /// One cheque of a batch: as in `cashCheque`, the beneficiary aside.
    struct Cheque {
        address issuer;
        uint256 cumulativePayout;
        bytes32 r;
        bytes32 vs;
    }

    event Deposited(address indexed account, address indexed from, uint256 amount);
    event ChequeCashed(address indexed issuer, address indexed beneficiary, uint256 paid, uint256 paidOut);
    event ChequePaidOut(address indexed issuer, address indexed beneficiary, address recipient, uint256 paid, uint256 paidOut);
    event ChequeBounced(address indexed issuer, address indexed beneficiary, uint256 missing);
    event BounceCleared(address indexed issuer, address indexed beneficiary, uint256 paid);
    event WithdrawalRequested(address indexed account, uint256 amount, uint256 availableAt);
    event Withdrawn(address indexed account, address recipient, uint256 amount);
    event HardDepositIncreased(address indexed issuer, address indexed beneficiary, uint256 amount);
    event HardDepositDecreaseRequested(address indexed issuer, address indexed beneficiary, uint256 amount, uint256 availableAt);
    event HardDepositDecreased(address indexed issuer, address indexed beneficiary, uint256 amount);

    /// The amount does not fit where it is kept: 128 bits, or 120 for a hard deposit.
    error AmountTooLarge(uint256 amount);
    error NoAccount();
    error TransferFailed();
    /// The cheque promises no more than was paid already.
    error ChequeAlreadyCashed(uint256 paidOut);
    /// Not a signature (EIP-2098) of the issuer's key with s in the lower half.
    error InvalidSignature();
    error OwnCheque();
    /// The issuer cannot pay anything, and what it owes is on record already.
    error NoCover();
    /// No cheque of the batch pays anything or says anything new.
    error NothingToCash();
    error InsufficientDeposit(uint256 available, uint256 required);
    error NothingRequested();
    error TooEarly(uint256 availableAt);

    IERC20 public immutable token;
    IEvidence public immutable evidence;

    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant CHEQUE_TYPEHASH = keccak256("Cheque(address issuer,address beneficiary,uint256 cumulativePayout)");
    uint256 private constant BOUNCED = 1 << 248;
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    uint256 private immutable _deployedChainId;
    bytes32 private immutable _deployedDomainSeparator;

    // Words are packed by hand: the compiler reads and writes a packed struct field by field, which costs a cashed cheque 5 % more.
    struct Word {
        uint256 value;
    }

    /// All that the account has here (lower 128 bits), and the part that is reserved for single beneficiaries (upper 128).
    mapping(address account => Word) private _accounts;

    /// How much of the issuer's cheques was paid to the beneficiary in all (lower 128 bits), what the issuer has reserved for it (the next 120), and
    /// whether something that was presented is not paid yet (the rest): then `_missing` says how much.
    mapping(address issuer => mapping(address beneficiary => Word)) private _books;

    mapping(address issuer => mapping(address beneficiary => uint256)) private _missing;

    /// Amount (lower 128 bits) and the time from which it can be taken (the rest). Words of their own, which no cheque touches.
    mapping(address account => Word) private _withdrawals;
    mapping(address issuer => mapping(address beneficiary => Word)) private _decreases;

    constructor(IERC20 token_, IEvidence evidence_) {
        token = token_;
        evidence = evidence_;
        _deployedChainId = block.chainid;
        _deployedDomainSeparator = _buildDomainSeparator();
    }

    // Deposits

    /// Moves tokens of the caller into the deposit of an account, which may be somebody else's.
    function deposit(address account, uint256 amount) external {
        _deposit(account, amount);
    }

    /// The same with the caller's permit (EIP-2612). A permit that somebody else has submitted before does no harm: then the allowance is there.
    function depositWithPermit(address account, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external {
        if (token.allowance(msg.sender, address(this)) < amount) {
            IERC20Permit(address(token)).permit(msg.sender, address(this), amount, deadline, v, r, s);
        }
        _deposit(account, amount);
    }

    /// Announces a withdrawal in place of any announced before; zero takes it back. From now on the amount counts as no cover for cheques.
    function requestWithdrawal(uint256 amount) external {
        uint256 availableAt = _request(_withdrawals[msg.sender], amount);
        emit WithdrawalRequested(msg.sender, amount, availableAt);
    }

    /// Pays the announced withdrawal, or what cheques and hard deposits have left of it.
    function withdraw(address recipient) external returns (uint256 amount) {
        if (recipient == address(0)) revert NoAccount();
        uint256 requested = _take(_withdrawals[msg.sender]);
        Word storage account = _accounts[msg.sender];
        amount = _min(requested, _free(account.value));
        account.value -= amount;
        emit Withdrawn(msg.sender, recipient, amount);
        _pay(recipient, amount);
    }

    // Cheques

    /// Cashes a cheque into the beneficiary's deposit. Anybody may, for instance a watcher for a beneficiary that is away, or an issuer that makes a
    /// bounced cheque good. Pays what the cover allows; the rest is a bounce on record. The signature is compact (EIP-2098).
    function cashCheque(address issuer, address beneficiary, uint256 cumulativePayout, bytes32 r, bytes32 vs) external returns (uint256 paid) {
        uint256 paidOut;
        (paid, paidOut) = _cash(issuer, beneficiary, cumulativePayout, r, vs);
        _credit(beneficiary, paid);
        emit ChequeCashed(issuer, beneficiary, paid, paidOut);
    }

    /// Cashes a cheque of which the caller is the beneficiary, and has the tokens paid to a recipient.
    function cashOut(address issuer, address recipient, uint256 cumulativePayout, bytes32 r, bytes32 vs) external returns (uint256 paid) {
        if (recipient == address(0)) revert NoAccount();
        uint256 paidOut;
        (paid, paidOut) = _cash(issuer, msg.sender, cumulativePayout, r, vs);
        emit ChequePaidOut(issuer, msg.sender, recipient, paid, paidOut);
        _pay(recipient, paid);
    }

    /// Cashes cheques of several issuers to one beneficiary into its deposit. Cheques that were cashed meanwhile, and those that would change
    /// nothing, are passed over, so that nobody can spoil a batch by cashing one of its cheques first.
    function cashBatch(address beneficiary, Cheque[] calldata cheques) external returns (uint256 total) {
        bool any;
        for (uint256 i; i < cheques.length; ++i) {
            Cheque calldata cheque = cheques[i];
            (bool changed, uint256 paid, uint256 paidOut) =
                _draw(cheque.issuer, beneficiary, cheque.cumulativePayout, cheque.r, cheque.vs);
            if (!changed) continue;
            any = true;
            total += paid;
            emit ChequeCashed(cheque.issuer, beneficiary, paid, paidOut);
        }
        if (!any) revert NothingToCash();
        _credit(beneficiary, total);
    }

    // Hard deposits

    /// Reserves a part of the caller's deposit for one beneficiary, whose cheques are paid from it first.
    function increaseHardDeposit(address beneficiary, uint256 amount) external {
        if (beneficiary == address(0)) revert NoAccount();
        Word storage account = _accounts[msg.sender];
        uint256 available = _free(account.value);
        if (amount > available) revert InsufficientDeposit(available, amount);
        Word storage book = _books[msg.sender][beneficiary];
        uint256 hard = _hard(book.value) + amount;
        if (hard > type(uint120).max) revert AmountTooLarge(hard);
        account.value += amount << 128;
        book.value += amount << 128;
        emit HardDepositIncreased(msg.sender, beneficiary, amount);
    }

    /// Announces a decrease of what the caller has reserved for a beneficiary, in place of any announced before; zero takes it back.
    function requestHardDepositDecrease(address beneficiary, uint256 amount) external {
        uint256 availableAt = _request(_decreases[msg.sender][beneficiary], amount);
        emit HardDepositDecreaseRequested(msg.sender, beneficiary, amount, availableAt);
    }

    /// Carries out the announced decrease, or what cheques have left of it.
    function decreaseHardDeposit(address beneficiary) external returns (uint256 amount) {
        uint256 requested = _take(_decreases[msg.sender][beneficiary]);
        Word storage book = _books[msg.sender][beneficiary];
        amount = _min(requested, _hard(book.value));
        book.value -= amount << 128;
        _accounts[msg.sender].value -= amount << 128;
        emit HardDepositDecreased(msg.sender, beneficiary, amount);
    }

    // What is on the books

    /// What an account has here, and the part of it that is reserved for single beneficiaries.
    function depositOf(address account) external view returns (uint256 amount, uint256 hardTotal) {
        uint256 word = _accounts[account].value;
        return (_lower(word), word >> 128);
    }

    /// How much of an issuer's cheques was paid to a beneficiary in all, what is reserved for it, and what was presented and is not paid.
    function bookOf(address issuer, address beneficiary) external view returns (uint256 paidOut, uint256 hard, uint256 missing) {
        uint256 book = _books[issuer][beneficiary].value;
        return (_lower(book), _hard(book), _missing[issuer][beneficiary]);
    }

    function withdrawalOf(address account) external view returns (uint256 amount, uint256 availableAt) {
        uint256 word = _withdrawals[account].value;
        return (_lower(word), word >> 128);
    }

    function hardDepositDecreaseOf(address issuer, address beneficiary) external view returns (uint256 amount, uint256 availableAt) {
        uint256 word = _decreases[issuer][beneficiary].value;
        return (_lower(word), word >> 128);
    }

    /// What a beneficiary may count on: the issuer's free deposit and what is reserved for the beneficiary, without what was announced to leave.
    /// Others may draw on the free part first.
    function cover(address issuer, address beneficiary) external view returns (uint256) {
        uint256 free = _free(_accounts[issuer].value);
        uint256 hard = _hard(_books[issuer][beneficiary].value);
        return free - _min(free, _lower(_withdrawals[issuer].value)) + hard - _min(hard, _lower(_decreases[issuer][beneficiary].value));
    }

    /// What an issuer signs (EIP-712).
    function chequeDigest(address issuer, address beneficiary, uint256 cumulativePayout) external view returns (bytes32) {
        return _digest(issuer, beneficiary, cumulativePayout);
    }

    function domainSeparator() external view returns (bytes32) {
        return _domainSeparator();
    }

    // Inside

    function _cash(address issuer, address beneficiary, uint256 cumulativePayout, bytes32 r, bytes32 vs)
        private
        returns (uint256 paid, uint256 paidOut)
    {
        bool changed;
        (changed, paid, paidOut) = _draw(issuer, beneficiary, cumulativePayout, r, vs);
        if (!changed) {
            if (cumulativePayout <= paidOut) revert ChequeAlreadyCashed(paidOut);
            revert NoCover();
        }
    }

    /// Takes what a cheque is worth from its issuer; the caller gives it to the beneficiary. What was cashed already is told first, before the
    /// signature is looked at, since that is what a replay, or two watchers at once, would pay for.
    function _draw(address issuer, address beneficiary, uint256 cumulativePayout, bytes32 r, bytes32 vs)
        private
        returns (bool changed, uint256 paid, uint256 paidOut)
    {
        Word storage book = _books[issuer][beneficiary];
        uint256 bookBefore = book.value;
        paidOut = _lower(bookBefore);
        if (cumulativePayout <= paidOut) return (false, 0, paidOut);
        if (cumulativePayout > type(uint128).max) revert AmountTooLarge(cumulativePayout);
        if (issuer == beneficiary) revert OwnCheque();
        _requireSignature(_digest(issuer, beneficiary, cumulativePayout), issuer, r, vs);

        // No sum here can overflow: each is at most 2^128 - 1 more than what fits, and paid is at most what the issuer has.
        unchecked {
            uint256 due = cumulativePayout - paidOut;
            Word storage account = _accounts[issuer];
            uint256 accountBefore = account.value;
            uint256 hard = _hard(bookBefore);
            paid = _min(due, _free(accountBefore) + hard);
            uint256 cleared;
            uint256 added;
            if (paid < due || bookBefore >= BOUNCED) {
                // What bounced first is what is paid first.
                uint256 missing = _missing[issuer][beneficiary];
                cleared = _min(missing, paid);
                added = due > missing ? due - missing - (paid - cleared) : 0;
                if (cleared == 0 && added == 0) return (false, 0, paidOut);
                missing = missing - cleared + added;
                _missing[issuer][beneficiary] = missing;
                bookBefore = (bookBefore & (BOUNCED - 1)) | (missing > 0 ? BOUNCED : 0);
            }
            paidOut += paid;
            uint256 fromHard = _min(paid, hard) << 128;
            book.value = bookBefore + paid - fromHard;
            account.value = accountBefore - paid - fromHard;
            if (cleared > 0) {
                emit BounceCleared(issuer, beneficiary, cleared);
                evidence.clearBounce(issuer, beneficiary, cleared);
            }
            if (added > 0) {
                emit ChequeBounced(issuer, beneficiary, added);
                evidence.recordBounce(issuer, beneficiary, added);
            }
            changed = true;
        }
    }

    function _deposit(address account, uint256 amount) private {
        if (account == address(0)) revert NoAccount();
        _credit(account, amount);
        emit Deposited(account, msg.sender, amount);
        if (!token.transferFrom(msg.sender, address(this), amount)) revert TransferFailed();
    }

    function _credit(address beneficiary, uint256 amount) private {
        if (amount > type(uint128).max) revert AmountTooLarge(amount);
        Word storage account = _accounts[beneficiary];
        uint256 before = account.value;
        unchecked {
            uint256 sum = _lower(before) + amount;
            if (sum > type(uint128).max) revert AmountTooLarge(sum);
            account.value = before + amount;
        }
    }

    function _pay(address recipient, uint256 amount) private {
        if (!token.transfer(recipient, amount)) revert TransferFailed();
    }

    function _request(Word storage request, uint256 amount) private returns (uint256 availableAt) {
        if (amount > type(uint128).max) revert AmountTooLarge(amount);
        if (amount > 0) availableAt = block.timestamp + WITHDRAWAL_DELAY;
        request.value = amount | (availableAt << 128);
    }

    function _take(Word storage request) private returns (uint256 amount) {
        uint256 word = request.value;
        amount = _lower(word);
        if (amount == 0) revert NothingRequested();
        if (block.timestamp < word >> 128) revert TooEarly(word >> 128);
        request.value = 0;
    }

    function _requireSignature(bytes32 digest, address signer, bytes32 r, bytes32 vs) private view {
        uint256 s = uint256(vs) & (type(uint256).max >> 1);
        bool valid = s <= HALF_ORDER;
        // As ecrecover() does it, without copying its arguments twice: a cheque costs 100 less.
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore(input, digest)
            mstore(add(input, 0x20), add(shr(255, vs), 27))
            mstore(add(input, 0x40), r)
            mstore(add(input, 0x60), s)
            mstore(0, 0)
            pop(staticcall(gas(), 1, input, 0x80, 0, 0x20))
            // Zero is what a signature of nobody gives.
            valid := and(valid, and(eq(mload(0), signer), gt(signer, 0)))
        }
        if (!valid) revert InvalidSignature();
    }

    /// keccak256(0x1901 ‖ domain separator ‖ keccak256(type hash ‖ issuer ‖ beneficiary ‖ cumulative payout)), without allocating memory.
    function _digest(address issuer, address beneficiary, uint256 cumulativePayout) private view returns (bytes32 digest) {
        bytes32 typeHash = CHEQUE_TYPEHASH;
        bytes32 separator = _domainSeparator();
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore(input, typeHash)
            mstore(add(input, 0x20), issuer)
            mstore(add(input, 0x40), beneficiary)
            mstore(add(input, 0x60), cumulativePayout)
            mstore(add(input, 0x40), keccak256(input, 0x80))
            mstore(add(input, 0x20), separator)
            mstore(input, 0x1901)
            digest := keccak256(add(input, 0x1e), 0x42)
        }
    }

    /// A chain that splits gets a new id on one side: there cheques of before the split are void.
    function _domainSeparator() private view returns (bytes32) {
        return block.chainid == _deployedChainId ? _deployedDomainSeparator : _buildDomainSeparator();
    }

    function _buildDomainSeparator() private view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_TYPEHASH, keccak256("Vault"), keccak256("1"), block.chainid, address(this)));
    }

    function _lower(uint256 word) private pure returns (uint256) {
        return word & type(uint128).max;
    }

    /// What of an account is not reserved. It never reserves more than it has.
    function _free(uint256 account) private pure returns (uint256) {
        unchecked {
            return _lower(account) - (account >> 128);
        }
    }

    function _hard(uint256 book) private pure returns (uint256) {
        return (book >> 128) & type(uint120).max;
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
