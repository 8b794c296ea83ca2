// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// What other modules tell Evidence about accounts. Only the writers that were named when Evidence was deployed may call.
/// Amounts are units of the suite's token; times are in seconds. No call of a named writer may revert, whatever the amounts: sums stop at their
/// greatest value instead. Otherwise an account could fill its own record until cheques on it could not be cashed any more.
interface IEvidence {
    /// A cheque of `issuer` to `beneficiary` was cashed and `missing` more of it could not be paid.
    function recordBounce(address issuer, address beneficiary, uint256 missing) external;

    /// `paid` of what had bounced between the two was made good.
    function clearBounce(address issuer, address beneficiary, uint256 paid) external;

    /// `account` paid `amount` to `creditor` so much later than was due.
    function recordLate(address account, address creditor, uint256 amount, uint256 secondsLate) external;

    /// `payer` paid `amount` to `payee`, and that settles a trade.
    function recordSettlement(address payer, address payee, uint256 amount) external;

    /// `amount` of the bond of `account` was taken by the verdict of a case.
    function recordSlash(address account, bytes32 caseId, uint256 amount) external;

    /// A case was opened against `account` by `challenger`, and witnesses said that `account` had done what it owed.
    function recordAcquittal(address account, address challenger, bytes32 caseId) external;

    /// One side of a settled trade worth `weight` rates the other, 0 to 100, once; `details` names what the rating rests on.
    function recordRating(address rater, address ratee, bytes32 trade, uint256 score, bytes32 details, uint256 weight) external;
}
