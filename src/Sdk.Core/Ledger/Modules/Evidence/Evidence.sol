// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEvidence} from "src/Sdk.Core/Ledger/Modules/Evidence/IEvidence.sol";

/// Facts about accounts, written by the contracts that saw them happen and by nobody else: bounced cheques and their clearing, late
/// payments, settled trades, slashed bonds, ratings. It judges nobody: what the facts are worth, each reader decides by its own formula.
///
/// Counters are packed and saturate: a full counter stays full, so that no account can be made unable to trade by filling one. The
/// events carry the exact numbers.
contract Evidence is IEvidence {
    /// One account, as a reader of reputations needs it. Amounts are in base units, times in Unix seconds.
    struct Standing {
        uint256 settlementsPaid;
        uint256 settlementsReceived;
        uint256 volumePaid;
        uint256 volumeReceived;
        uint256 bounces;
        uint256 bouncesOpen;
        uint256 outstanding;
        uint256 lastBounceAt;
        uint256 latePayments;
        uint256 lateSeconds;
        uint256 lateVolume;
        uint256 lastLateAt;
        uint256 slashes;
        uint256 slashed;
        uint256 lastSlashAt;
        uint256 acquittals;
        uint256 falseAccusations;
        uint256 ratings;
        uint256 ratingSum;
        uint256 ratingWeight;
        uint256 ratingWeightedSum;
    }

    // One word each: a fact costs one storage write per account that it is about.
    struct Trades { uint96 volumePaid; uint96 volumeReceived; uint32 paid; uint32 received; }
    struct Bounces { uint128 outstanding; uint32 count; uint32 open; uint40 lastAt; }
    struct Lates { uint96 volume; uint40 secondsLate; uint32 count; uint40 lastAt; }
    struct Cases { uint96 slashed; uint32 slashes; uint32 acquittals; uint32 falseAccusations; uint40 lastSlashAt; }
    // The weighted sum is at most 100 times the weight, which 96 bits hold for a weight of 88.
    struct Ratings { uint96 weightedSum; uint88 weight; uint40 sum; uint32 count; }

    error NotWriter();
    error WritersOutOfRange();
    error ScoreOutOfRange();

    event BounceRecorded(address indexed issuer, address indexed beneficiary, uint256 missing);
    event BounceReduced(address indexed issuer, address indexed beneficiary, uint256 paid, uint256 left);
    event LateRecorded(address indexed account, address indexed creditor, uint256 amount, uint256 secondsLate);
    event SettlementRecorded(address indexed payer, address indexed payee, uint256 amount);
    event SlashRecorded(address indexed account, bytes32 indexed caseId, uint256 amount);
    event AcquittalRecorded(address indexed account, address indexed challenger, bytes32 indexed caseId);
    event RatingRecorded(
        address indexed rater, address indexed ratee, bytes32 indexed trade, uint256 score, bytes32 details, uint256 weight
    );

    uint256 private constant WRITERS_MAX = 4;
    uint256 private constant SCORE_MAX = 100;

    // In the code rather than in storage: the check costs no storage read. Unused places repeat the first writer.
    address private immutable writer0;
    address private immutable writer1;
    address private immutable writer2;
    address private immutable writer3;
    uint256 private immutable writerCount;

    mapping(address account => Trades) private trades;
    mapping(address account => Bounces) private bounces;
    mapping(address account => Lates) private lates;
    mapping(address account => Cases) private cases;
    mapping(address account => Ratings) private ratings;
    // By writer too: what one contract recorded another cannot clear.
    mapping(address writer => mapping(address issuer => mapping(address beneficiary => uint256))) private missingBy;

    modifier onlyWriter() {
        if (msg.sender != writer0 && msg.sender != writer1 && msg.sender != writer2 && msg.sender != writer3) revert NotWriter();
        _;
    }

    /// 1 to 4 contracts, which may not exist yet: their addresses follow from the deployer's nonces.
    constructor(address[] memory writers_) {
        if (writers_.length == 0 || writers_.length > WRITERS_MAX) revert WritersOutOfRange();
        for (uint256 i = 0; i < writers_.length; i++) {
            if (writers_[i] == address(0)) revert WritersOutOfRange();
        }
        writerCount = writers_.length;
        writer0 = writers_[0];
        writer1 = writers_[writers_.length > 1 ? 1 : 0];
        writer2 = writers_[writers_.length > 2 ? 2 : 0];
        writer3 = writers_[writers_.length > 3 ? 3 : 0];
    }

    function writers() external view returns (address[] memory list) {
        address[WRITERS_MAX] memory all = [writer0, writer1, writer2, writer3];
        list = new address[](writerCount);
        for (uint256 i = 0; i < list.length; i++) list[i] = all[i];
    }

    /// `missing` more of what `issuer` signed for `beneficiary` could not be paid. The writer says the same thing once only.
    function recordBounce(address issuer, address beneficiary, uint256 missing) external onlyWriter {
        if (missing == 0) return;
        uint256 before = missingBy[msg.sender][issuer][beneficiary];
        missingBy[msg.sender][issuer][beneficiary] = _add(before, missing, type(uint128).max);
        Bounces memory b = bounces[issuer];
        b.outstanding = uint128(_add(b.outstanding, missing, type(uint128).max));
        b.count = uint32(_add(b.count, 1, type(uint32).max));
        if (before == 0) b.open = uint32(_add(b.open, 1, type(uint32).max));
        b.lastAt = uint40(block.timestamp);
        bounces[issuer] = b;
        emit BounceRecorded(issuer, beneficiary, missing);
    }

    /// `issuer` made good so much of what `beneficiary` misses. More than is missing clears it; where nothing is missing nothing happens.
    function clearBounce(address issuer, address beneficiary, uint256 paid) external onlyWriter {
        uint256 before = missingBy[msg.sender][issuer][beneficiary];
        if (before == 0 || paid == 0) return;
        uint256 left = _sub(before, paid);
        missingBy[msg.sender][issuer][beneficiary] = left;
        Bounces memory b = bounces[issuer];
        if (left == 0) b.open = uint32(_sub(b.open, 1));
        b.outstanding = uint128(_sub(b.outstanding, before - left));
        bounces[issuer] = b;
        emit BounceReduced(issuer, beneficiary, before - left, left);
    }

    /// `account` paid `creditor` later than was agreed.
    function recordLate(address account, address creditor, uint256 amount, uint256 secondsLate) external onlyWriter {
        Lates memory l = lates[account];
        l.volume = uint96(_add(l.volume, amount, type(uint96).max));
        l.secondsLate = uint40(_add(l.secondsLate, secondsLate, type(uint40).max));
        l.count = uint32(_add(l.count, 1, type(uint32).max));
        l.lastAt = uint40(block.timestamp);
        lates[account] = l;
        emit LateRecorded(account, creditor, amount, secondsLate);
    }

    /// A trade ended in which `payer` paid `payee`.
    function recordSettlement(address payer, address payee, uint256 amount) external onlyWriter {
        Trades memory t = trades[payer];
        t.volumePaid = uint96(_add(t.volumePaid, amount, type(uint96).max));
        t.paid = uint32(_add(t.paid, 1, type(uint32).max));
        trades[payer] = t;
        // Read after the write: payer and payee may be one account.
        t = trades[payee];
        t.volumeReceived = uint96(_add(t.volumeReceived, amount, type(uint96).max));
        t.received = uint32(_add(t.received, 1, type(uint32).max));
        trades[payee] = t;
        emit SettlementRecorded(payer, payee, amount);
    }

    /// `account` was found guilty in a case and lost so much of its bond.
    function recordSlash(address account, bytes32 caseId, uint256 amount) external onlyWriter {
        Cases memory c = cases[account];
        c.slashed = uint96(_add(c.slashed, amount, type(uint96).max));
        c.slashes = uint32(_add(c.slashes, 1, type(uint32).max));
        c.lastSlashAt = uint40(block.timestamp);
        cases[account] = c;
        emit SlashRecorded(account, caseId, amount);
    }

    /// `account` was accused by `challenger`, and witnesses said that it had done what it owed.
    function recordAcquittal(address account, address challenger, bytes32 caseId) external onlyWriter {
        cases[account].acquittals = uint32(_add(cases[account].acquittals, 1, type(uint32).max));
        cases[challenger].falseAccusations = uint32(_add(cases[challenger].falseAccusations, 1, type(uint32).max));
        emit AcquittalRecorded(account, challenger, caseId);
    }

    /// One side of a settled trade rates the other, 0 to 100. The writer vouches that the trade was settled, who its sides were, what it
    /// was worth (`weight`) and that this side has not rated before. `details` names what the rating rests on; only the event keeps it.
    function recordRating(address rater, address ratee, bytes32 trade, uint256 score, bytes32 details, uint256 weight)
        external
        onlyWriter
    {
        if (score > SCORE_MAX) revert ScoreOutOfRange();
        Ratings memory r = ratings[ratee];
        // What no longer fits into the weight does not enter the weighted sum either, so that their ratio stays a mean.
        uint256 fits = _add(r.weight, weight, type(uint88).max) - r.weight;
        r.weight += uint88(fits);
        r.weightedSum += uint96(fits * score);
        if (r.count != type(uint32).max) {
            r.count += 1;
            r.sum += uint40(score);
        }
        ratings[ratee] = r;
        emit RatingRecorded(rater, ratee, trade, score, details, weight);
    }

    /// What `issuer` owes `beneficiary` for bounced cheques, as `writer` recorded it.
    function missingOf(address writer, address issuer, address beneficiary) external view returns (uint256) {
        return missingBy[writer][issuer][beneficiary];
    }

    function standing(address account) external view returns (Standing memory s) {
        Trades memory t = trades[account];
        (s.settlementsPaid, s.settlementsReceived, s.volumePaid, s.volumeReceived) = (t.paid, t.received, t.volumePaid, t.volumeReceived);
        Bounces memory b = bounces[account];
        (s.bounces, s.bouncesOpen, s.outstanding, s.lastBounceAt) = (b.count, b.open, b.outstanding, b.lastAt);
        Lates memory l = lates[account];
        (s.latePayments, s.lateSeconds, s.lateVolume, s.lastLateAt) = (l.count, l.secondsLate, l.volume, l.lastAt);
        Cases memory c = cases[account];
        (s.slashes, s.slashed, s.lastSlashAt) = (c.slashes, c.slashed, c.lastSlashAt);
        (s.acquittals, s.falseAccusations) = (c.acquittals, c.falseAccusations);
        Ratings memory r = ratings[account];
        (s.ratings, s.ratingSum, s.ratingWeight, s.ratingWeightedSum) = (r.count, r.sum, r.weight, r.weightedSum);
    }

    function _add(uint256 value, uint256 more, uint256 max) private pure returns (uint256) {
        return more >= max - value ? max : value + more;
    }

    function _sub(uint256 value, uint256 less) private pure returns (uint256) {
        return less >= value ? 0 : value - less;
    }
}
