// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IEvidence} from "src/Sdk.Core/Ledger/Modules/Evidence/IEvidence.sol";

/// Money of a buyer, locked for one provider. While the service runs the buyer signs vouchers over rising totals; the provider has the
/// highest one paid out, as often as it likes; what is left goes back to the buyer.
///
/// A trade is its terms: its id is their hash and the caller brings them along. Only the one word that changes is stored, nobody can
/// take another's id, and a voucher for one trade is worth nothing for any other.
///
/// Nobody can hold the other's money for ever: the provider has until the end and the dispute window after it, then the rest is the
/// buyer's; the provider can let go of it before, or sign that the buyer may take it.
contract Escrow {
    struct Terms {
        bytes32 agreement; // hash of what the two sides agreed on
        address buyer;
        address provider;
        uint32 disputeWindow; // seconds after the end in which the provider can still settle
        address developer; // author of the application; zero without a share
        uint16 developerShare; // basis points of every payment
        address platform; // zero without a commission
        uint16 platformShare; // basis points of every payment
    }

    struct Trade {
        uint104 deposited;
        uint104 settled;
        uint40 end; // once closed: when that was
        uint8 state;
    }

    error TermsOutOfRange();
    error AmountOutOfRange();
    error EndOutOfRange();
    error TradeExists();
    error TradeNotLive();
    error TradeNotClosed();
    error TradeOver();
    error NotBuyer();
    error NotProvider();
    error NotParty();
    error NothingToPay();
    error InvalidSignature();
    error TooEarly();
    error TooLate();
    error AlreadyRated();
    error TransferFailed();

    event Locked(bytes32 indexed trade, address indexed buyer, address indexed provider, Terms terms, uint256 amount, uint256 end);
    event Rolled(bytes32 indexed trade, uint256 deposited, uint256 end);
    event Settled(bytes32 indexed trade, uint256 settled, uint256 paid, uint256 developerPaid, uint256 platformPaid);
    event Closed(bytes32 indexed trade, uint256 settled, uint256 refunded);
    event Rated(bytes32 indexed trade, address indexed rater, address indexed ratee, uint256 score);
    event Collected(address indexed account, uint256 amount);

    uint256 private constant BASIS_POINTS = 10_000;
    /// Developer and platform together take at most half: beyond that a provider is somebody else's employee, or a field is wrong.
    uint256 private constant SHARES_MAX = 5_000;
    uint256 private constant DISPUTE_WINDOW_MIN = 1 hours;
    uint256 private constant DISPUTE_WINDOW_MAX = 30 days;
    /// Leases are at most 365 days; a day more for clocks.
    uint256 private constant TERM_MAX = 366 days;
    uint256 private constant RATING_WINDOW = 30 days;

    uint8 private constant LIVE = 1;
    uint8 private constant CLOSED = 2;
    uint8 private constant RATED_BY_BUYER = 4;
    uint8 private constant RATED_BY_PROVIDER = 8;

    bytes32 private constant TERMS_TYPE = keccak256(
        "Terms(bytes32 agreement,address buyer,address provider,uint32 disputeWindow,address developer,uint16 developerShare,address platform,uint16 platformShare)"
    );
    bytes32 private constant VOUCHER_TYPE = keccak256("Voucher(bytes32 trade,uint256 cumulative)");
    bytes32 private constant CLOSE_TYPE = keccak256("Close(bytes32 trade,uint256 cumulative)");
    bytes32 private constant DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    IERC20 public immutable token;
    IEvidence public immutable evidence;

    mapping(bytes32 trade => Trade) private trades;
    /// Shares of developers and platforms, which they collect: were they sent, one recipient that the token refuses would hold up the provider.
    mapping(address account => uint256) public owed;

    constructor(IERC20 token_, IEvidence evidence_) {
        token = token_;
        evidence = evidence_;
    }

    /// The buyer locks `amount` until `end`. The same terms cannot be locked twice, not even after the trade: the agreement is part of them.
    function lock(Terms calldata terms, uint256 amount, uint256 end) external {
        bytes32 id = _idOf(terms);
        if (msg.sender != terms.buyer) revert NotBuyer();
        _checkTerms(terms);
        if (amount == 0 || amount > type(uint104).max) revert AmountOutOfRange();
        if (end <= block.timestamp || end > block.timestamp + TERM_MAX) revert EndOutOfRange();
        if (trades[id].state != 0) revert TradeExists();
        trades[id] = Trade(uint104(amount), 0, uint40(end), LIVE);
        emit Locked(id, terms.buyer, terms.provider, terms, amount, end);
        _take(amount);
    }

    /// The buyer adds money, or time, or both, until the dispute window is over. After the end it is late, and that is recorded.
    function roll(Terms calldata terms, uint256 amount, uint256 end) external {
        bytes32 id = _idOf(terms);
        Trade memory t = _live(id);
        if (msg.sender != terms.buyer) revert NotBuyer();
        if (block.timestamp > t.end + terms.disputeWindow) revert TradeOver();
        if (amount > type(uint104).max - t.deposited) revert AmountOutOfRange();
        if (end < t.end || end <= block.timestamp || end > block.timestamp + TERM_MAX) revert EndOutOfRange();
        if (amount == 0 && end == t.end) revert AmountOutOfRange();
        uint256 previousEnd = t.end;
        t.deposited += uint104(amount);
        t.end = uint40(end);
        trades[id] = t;
        emit Rolled(id, t.deposited, end);
        if (amount != 0) _take(amount);
        if (block.timestamp > previousEnd) {
            evidence.recordLate(terms.buyer, terms.provider, amount, block.timestamp - previousEnd);
        }
    }

    /// The provider has a voucher of the buyer paid, up to what is deposited: the difference to what was paid before, less the shares.
    /// With `last` the trade closes and the rest goes back. Only the provider: its call is also its consent to be rated.
    function settle(Terms calldata terms, uint256 cumulative, bool last, bytes32 r, bytes32 vs) external {
        bytes32 id = _idOf(terms);
        Trade memory t = _live(id);
        if (msg.sender != terms.provider) revert NotProvider();
        if (block.timestamp > t.end + terms.disputeWindow) revert TradeOver();
        uint256 total = cumulative < t.deposited ? cumulative : t.deposited;
        if (total <= t.settled) revert NothingToPay();
        _checkSignature(terms.buyer, VOUCHER_TYPE, id, cumulative, r, vs);
        uint256 payment = _book(id, t, terms, total);
        if (last) {
            _close(id, t);
        } else {
            trades[id] = t;
        }
        _send(terms.provider, payment);
        if (last) _finish(t, terms);
    }

    /// The provider lets go of what it has not settled.
    function release(Terms calldata terms) external {
        bytes32 id = _idOf(terms);
        Trade memory t = _live(id);
        if (msg.sender != terms.provider) revert NotProvider();
        _close(id, t);
        _finish(t, terms);
    }

    /// The buyer ends the trade before its time with the provider's signature over the total that the provider is to have.
    function close(Terms calldata terms, uint256 cumulative, bytes32 r, bytes32 vs) external {
        bytes32 id = _idOf(terms);
        Trade memory t = _live(id);
        if (msg.sender != terms.buyer) revert NotBuyer();
        if (cumulative < t.settled || cumulative > t.deposited) revert AmountOutOfRange();
        _checkSignature(terms.provider, CLOSE_TYPE, id, cumulative, r, vs);
        uint256 payment = cumulative == t.settled ? 0 : _book(id, t, terms, cumulative);
        _close(id, t);
        // Kept for the provider, not sent: it does not stand in this transaction, and the buyer's refund must not hang on its account.
        if (payment != 0) owed[terms.provider] += payment;
        _finish(t, terms);
    }

    /// After the dispute window the buyer takes back what the provider has not settled.
    function refund(Terms calldata terms) external {
        bytes32 id = _idOf(terms);
        Trade memory t = _live(id);
        if (msg.sender != terms.buyer) revert NotBuyer();
        if (block.timestamp <= t.end + terms.disputeWindow) revert TooEarly();
        _close(id, t);
        _finish(t, terms);
    }

    /// A side of a trade that was paid rates the other, once, within 30 days of its closing. A rating is not replaced: one that could
    /// be is a thing to sell, and to threaten with.
    function rate(Terms calldata terms, uint256 score, bytes32 details) external {
        bytes32 id = _idOf(terms);
        Trade memory t = trades[id];
        if (t.state & CLOSED == 0) revert TradeNotClosed();
        bool isBuyer = msg.sender == terms.buyer;
        if (!isBuyer && msg.sender != terms.provider) revert NotParty();
        if (t.settled == 0) revert NothingToPay();
        if (block.timestamp > t.end + RATING_WINDOW) revert TooLate();
        uint8 mark = isBuyer ? RATED_BY_BUYER : RATED_BY_PROVIDER;
        if (t.state & mark != 0) revert AlreadyRated();
        t.state |= mark;
        trades[id] = t;
        address ratee = isBuyer ? terms.provider : terms.buyer;
        emit Rated(id, msg.sender, ratee, score);
        evidence.recordRating(msg.sender, ratee, id, score, details, t.settled);
    }

    /// Developers, platforms, and providers whose trade the buyer closed, take what is theirs.
    function collect() external {
        uint256 amount = owed[msg.sender];
        if (amount == 0) revert NothingToPay();
        owed[msg.sender] = 0;
        emit Collected(msg.sender, amount);
        _send(msg.sender, amount);
    }

    function tradeId(Terms calldata terms) external pure returns (bytes32) {
        return _idOf(terms);
    }

    /// state: 0 unknown, 1 live, 2 closed; 4 and 8 are added when the buyer and when the provider has rated.
    function tradeOf(bytes32 id) external view returns (uint256 deposited, uint256 settled, uint256 end, uint256 state) {
        Trade memory t = trades[id];
        return (t.deposited, t.settled, t.end, t.state);
    }

    function _checkTerms(Terms calldata terms) private pure {
        if (terms.provider == address(0) || terms.provider == terms.buyer) revert TermsOutOfRange();
        if (terms.disputeWindow < DISPUTE_WINDOW_MIN || terms.disputeWindow > DISPUTE_WINDOW_MAX) revert TermsOutOfRange();
        if (uint256(terms.developerShare) + terms.platformShare > SHARES_MAX) revert TermsOutOfRange();
        // A share belongs to somebody, and nobody is named who has none: each trade has one way to be written.
        if ((terms.developer == address(0)) != (terms.developerShare == 0)) revert TermsOutOfRange();
        if ((terms.platform == address(0)) != (terms.platformShare == 0)) revert TermsOutOfRange();
    }

    function _live(bytes32 id) private view returns (Trade memory t) {
        t = trades[id];
        if (t.state != LIVE) revert TradeNotLive();
    }

    /// Books the step to `total`: the shares to who has them, the rest to the provider. Shares are rounded down over the total, not over
    /// the step, so that the number of steps changes nothing; what rounding leaves is the provider's.
    function _book(bytes32 id, Trade memory t, Terms calldata terms, uint256 total) private returns (uint256 payment) {
        uint256 step = total - t.settled;
        uint256 developerPaid = _share(terms.developerShare, t.settled, total);
        uint256 platformPaid = _share(terms.platformShare, t.settled, total);
        if (developerPaid != 0) owed[terms.developer] += developerPaid;
        if (platformPaid != 0) owed[terms.platform] += platformPaid;
        t.settled = uint104(total);
        payment = step - developerPaid - platformPaid;
        emit Settled(id, total, payment, developerPaid, platformPaid);
    }

    function _share(uint256 share, uint256 from, uint256 to) private pure returns (uint256) {
        return share == 0 ? 0 : to * share / BASIS_POINTS - from * share / BASIS_POINTS;
    }

    function _close(bytes32 id, Trade memory t) private {
        t.state = CLOSED;
        t.end = uint40(block.timestamp);
        trades[id] = t;
        emit Closed(id, t.settled, t.deposited - t.settled);
    }

    function _finish(Trade memory t, Terms calldata terms) private {
        _send(terms.buyer, t.deposited - t.settled);
        if (t.settled != 0) evidence.recordSettlement(terms.buyer, terms.provider, t.settled);
    }

    function _take(uint256 amount) private {
        if (!token.transferFrom(msg.sender, address(this), amount)) revert TransferFailed();
    }

    function _send(address to, uint256 amount) private {
        if (amount != 0 && !token.transfer(to, amount)) revert TransferFailed();
    }

    function _idOf(Terms calldata terms) private pure returns (bytes32) {
        return keccak256(abi.encode(TERMS_TYPE, terms));
    }

    /// EIP-2098: the parity of v stands in the highest bit of s. A high s is refused, so each signature has one form.
    function _checkSignature(address signer, bytes32 structType, bytes32 id, uint256 cumulative, bytes32 r, bytes32 vs) private view {
        bytes32 domain = keccak256(abi.encode(DOMAIN_TYPE, keccak256("Escrow"), keccak256("1"), block.chainid, address(this)));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain, keccak256(abi.encode(structType, id, cumulative))));
        uint256 s = uint256(vs) & type(uint256).max >> 1;
        if (s > HALF_ORDER) revert InvalidSignature();
        if (ecrecover(digest, uint8(27 + (uint256(vs) >> 255)), r, bytes32(s)) != signer) revert InvalidSignature();
    }
}
