// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IEvidence} from "src/Sdk.Core/Ledger/Modules/Evidence/IEvidence.sol";

/// Providers post bonds; who was cheated by one opens a case. A case goes
///
///   challenge (a stake) → draw (witnesses, by a block's hash) → answer (within a day) → testimonies (until a day later) → judge
///
/// and puts at risk as much of the bond as ten times the stake, whatever other cases there are: a case of a friend shields nothing. Without
/// an answer the provider is guilty unless most witnesses say that it served; with an answer the majority of the testimonies decides, and
/// where there is none nobody is convicted.
///
/// Witnesses are providers whose bond stood in the block whose hash draws them; everything that the draw reads is fixed in that block, so
/// that nobody who knows the hash can change the outcome, by joining, leaving or paying in. A bond stands while what is not announced to leave is
/// the least at least. Whoever asks what a provider answers with asks `liableOf`: the rest may be gone at any moment.
contract Bonds {
    struct Provider {
        bytes32 overlayNonce; // fixed at registration
        uint104 bond;
        uint104 atRisk; // what open cases may take, each for itself: in all it may be more than the bond
        uint32 number; // from 1 in the order of registration
        uint104 leaving; // of the bond: what may be withdrawn from `leavesAt` on
        uint40 leavesAt;
        uint40 bondedSince; // block in which the bond last came to stand
        uint40 bondedUntil; // block in which it last ceased to; zero when it never did
    }

    struct Case {
        address challenger;
        uint96 stake;
        address provider;
        uint40 openedAt;
        uint40 drawBlock;
        uint8 kind;
        uint8 seats;
        uint104 atRisk;
        uint32 candidates;
        uint8 state;
        uint8 drawn;
        uint8 testified; // one bit per seat
        uint8 served; // one bit per seat
        bytes32 subject;
        bytes32 answer;
        uint256 witnesses; // providers' numbers, 32 bits per seat, the lowest seat in the lowest bits
    }

    error BondOutOfRange();
    error StakeOutOfRange();
    error SeatsOutOfRange();
    error AlreadyRegistered();
    error NotRegistered();
    error NotProvider();
    error SelfChallenge();
    error CaseNotOpen();
    error AlreadyDrawn();
    error AlreadyAnswered();
    error AlreadyTestified();
    error EmptyAnswer();
    error NoSuchSeat();
    error InvalidSignature();
    error NothingToPay();
    error TooEarly();
    error TooLate();
    error TransferFailed();

    event Registered(address indexed provider, bytes32 overlayNonce, uint256 number, uint256 bond);
    event BondPosted(address indexed provider, uint256 amount, uint256 bond);
    event LeaveRequested(address indexed provider, uint256 amount, uint256 leavesAt);
    event BondWithdrawn(address indexed provider, uint256 amount, uint256 bond);
    event Challenged(
        uint256 indexed caseId,
        address indexed provider,
        address indexed challenger,
        uint256 kind,
        bytes32 subject,
        uint256 seats,
        uint256 stake,
        uint256 atRisk
    );
    event DrawPostponed(uint256 indexed caseId, uint256 drawBlock);
    event Drawn(uint256 indexed caseId, uint256 drawn, uint256 witnesses);
    event Answered(uint256 indexed caseId, bytes32 answer);
    event Testified(uint256 indexed caseId, address indexed witness, bool served);
    event Judged(uint256 indexed caseId, address indexed provider, uint256 verdict, uint256 slashed, uint256 burned);
    event Collected(address indexed account, uint256 amount);

    uint8 private constant OPEN = 1;
    uint8 private constant GUILTY = 2;
    uint8 private constant ACQUITTED = 3;
    uint8 private constant UNDECIDED = 4;

    uint256 private constant ANSWER_PERIOD = 1 days;
    uint256 private constant CASE_PERIOD = 2 days;
    /// Longer than a case, so that what a provider did until it asked can still be brought.
    uint256 private constant LEAVE_DELAY = 7 days;
    /// The EVM remembers so many hashes.
    uint256 private constant HASHES = 256;
    uint256 private constant SEATS_MIN = 3;
    uint256 private constant SEATS_MAX = 7;
    /// Bounds the gas of a draw. With half of the candidates fit, 64 attempts leave one of seven seats empty less than once in 10^11 draws.
    uint256 private constant ATTEMPTS_MAX = 64;
    uint256 private constant RISK_PER_STAKE = 10;
    uint256 private constant FEE_DIVISOR = 10;
    uint256 private constant DECIMALS_MAX = 18;
    address private constant BURNED = 0x000000000000000000000000000000000000dEaD;

    bytes32 private constant TESTIMONY_TYPE = keccak256("Testimony(uint256 caseId,bytes32 answer,bool served)");
    bytes32 private constant DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    IERC20Metadata public immutable token;
    IEvidence public immutable evidence;
    /// One whole token: the price of a candidate in every draw.
    uint256 public immutable bondMin;
    /// A tenth of a token: the price of a case.
    uint256 public immutable stakeMin;

    mapping(address account => Provider) private providers;
    mapping(uint256 number => address) private providerAt;
    uint256 public providerCount;
    mapping(uint256 caseId => Case) private cases;
    uint256 public caseCount;
    /// Stakes, rewards and compensations, which their owners collect: were they sent, one of them could hold up a verdict.
    mapping(address account => uint256) public owed;

    constructor(IERC20Metadata token_, IEvidence evidence_) {
        token = token_;
        evidence = evidence_;
        uint256 decimals = token_.decimals();
        if (decimals == 0 || decimals > DECIMALS_MAX) revert BondOutOfRange();
        bondMin = 10 ** decimals;
        stakeMin = bondMin / 10;
    }

    /// Names the nonce of the provider's overlay address for good, and posts the first bond. Another nonce needs another account.
    function register(bytes32 overlayNonce, uint256 amount) external {
        Provider storage p = providers[msg.sender];
        if (p.number != 0) revert AlreadyRegistered();
        if (amount < bondMin || amount > type(uint104).max) revert BondOutOfRange();
        uint256 number = ++providerCount;
        providerAt[number] = msg.sender;
        p.overlayNonce = overlayNonce;
        p.number = uint32(number);
        p.bond = uint104(amount);
        p.bondedSince = uint40(block.number);
        emit Registered(msg.sender, overlayNonce, number, amount);
        _take(amount);
    }

    /// Tops the bond up. A bond that has ceased to stand comes to stand again no sooner than 256 blocks later: sooner, its owner could undo by
    /// it what a draw has to read.
    function post(uint256 amount) external {
        Provider storage p = providers[msg.sender];
        if (p.number == 0) revert NotRegistered();
        (uint256 bond, uint256 leaving) = (p.bond, p.leaving);
        if (amount == 0 || amount > type(uint104).max - bond || bond + amount - leaving < bondMin) revert BondOutOfRange();
        _change(p, bond + amount, leaving);
        emit BondPosted(msg.sender, amount, bond + amount);
        _take(amount);
    }

    /// Asks to take so much of the bond away, all of it or down to the least; the delay begins anew with each request, and zero takes
    /// the request back. Until it is withdrawn, it answers for cases like the rest, but no more counts as a bond that stands.
    function requestLeave(uint256 amount) external {
        Provider storage p = providers[msg.sender];
        if (p.number == 0) revert NotRegistered();
        uint256 bond = p.bond;
        if (amount > bond || (amount != 0 && amount != bond && bond - amount < bondMin)) revert BondOutOfRange();
        _change(p, bond, amount);
        p.leavesAt = uint40(block.timestamp + LEAVE_DELAY);
        emit LeaveRequested(msg.sender, amount, p.leavesAt);
    }

    /// Takes away what was asked for, as far as no open case may take it.
    function withdraw() external {
        Provider storage p = providers[msg.sender];
        (uint256 bond, uint256 leaving, uint256 atRisk) = (p.bond, p.leaving, p.atRisk);
        uint256 free = atRisk < bond ? bond - atRisk : 0;
        uint256 amount = leaving < free ? leaving : free;
        if (amount == 0) revert NothingToPay();
        if (block.timestamp < p.leavesAt) revert TooEarly();
        _change(p, bond - amount, leaving - amount);
        emit BondWithdrawn(msg.sender, amount, bond - amount);
        _send(msg.sender, amount);
    }

    /// Opens a case about `subject` (the hash of what was owed, such as an agreement or a block of data) with 3, 5 or 7 seats for witnesses.
    /// What the case may take is ten times the stake, or the bond where that is less.
    function challenge(address provider, uint8 kind, bytes32 subject, uint256 seats, uint256 stake) external {
        Provider storage p = providers[provider];
        if (p.number == 0) revert NotRegistered();
        if (provider == msg.sender) revert SelfChallenge();
        if (seats < SEATS_MIN || seats > SEATS_MAX || seats % 2 == 0) revert SeatsOutOfRange();
        if (stake < stakeMin || stake > type(uint96).max) revert StakeOutOfRange();
        uint256 atRisk = p.bond;
        if (atRisk > stake * RISK_PER_STAKE) atRisk = stake * RISK_PER_STAKE;
        // The witnesses' half of the stake is taken from what a guilty provider loses.
        if (atRisk < stake || atRisk > type(uint104).max - p.atRisk) revert StakeOutOfRange();
        p.atRisk += uint104(atRisk);
        uint256 caseId = ++caseCount;
        Case storage c = cases[caseId];
        c.challenger = msg.sender;
        c.stake = uint96(stake);
        c.provider = provider;
        c.openedAt = uint40(block.timestamp);
        c.drawBlock = uint40(block.number + 1);
        c.kind = kind;
        c.seats = uint8(seats);
        c.atRisk = uint104(atRisk);
        c.candidates = uint32(providerCount);
        c.state = OPEN;
        c.subject = subject;
        emit Challenged(caseId, provider, msg.sender, kind, subject, seats, stake, atRisk);
        _take(stake);
    }

    /// Draws the witnesses by the hash of the block after the challenge; anybody may call it. Where nobody did within 256 blocks that hash is
    /// lost, and the call names the next block instead.
    function draw(uint256 caseId) external {
        Case storage c = _open(caseId);
        if (c.drawn != 0) revert AlreadyDrawn();
        if (block.timestamp > c.openedAt + CASE_PERIOD) revert TooLate();
        uint256 drawBlock = c.drawBlock;
        if (block.number <= drawBlock) revert TooEarly();
        bytes32 seed = blockhash(drawBlock);
        if (seed == 0) {
            c.drawBlock = uint40(block.number + 1);
            c.candidates = uint32(providerCount);
            emit DrawPostponed(caseId, c.drawBlock);
            return;
        }
        (uint256 found, uint256 witnesses) = _pick(c, caseId, seed, drawBlock);
        // An even number could tie by itself; too few to fill a seat are none, and the case is judged without witnesses.
        if (found != 0 && found % 2 == 0) {
            found--;
            witnesses &= (1 << (32 * found)) - 1;
        }
        c.drawn = uint8(found == 0 ? type(uint8).max : found);
        c.witnesses = witnesses;
        emit Drawn(caseId, found, witnesses);
    }

    /// The provider's answer, in time: the hash of what it shows the witnesses, such as the data or a proof. It stands once given.
    function answer(uint256 caseId, bytes32 proof) external {
        Case storage c = _open(caseId);
        if (msg.sender != c.provider) revert NotProvider();
        if (proof == 0) revert EmptyAnswer();
        if (c.answer != 0) revert AlreadyAnswered();
        if (block.timestamp > c.openedAt + ANSWER_PERIOD) revert TooLate();
        c.answer = proof;
        emit Answered(caseId, proof);
    }

    /// What the witness in a seat signed about the answer, or, when its time is over, about its absence; anybody may bring it.
    function testify(uint256 caseId, uint256 seat, bool served, bytes32 r, bytes32 vs) external {
        Case storage c = _open(caseId);
        if (block.timestamp > c.openedAt + CASE_PERIOD) revert TooLate();
        if (c.answer == 0 && block.timestamp <= c.openedAt + ANSWER_PERIOD) revert TooEarly();
        if (c.drawn > SEATS_MAX || seat >= c.drawn) revert NoSuchSeat();
        uint8 mark = uint8(1 << seat);
        if (c.testified & mark != 0) revert AlreadyTestified();
        address witness = _witness(c, seat);
        _checkSignature(witness, keccak256(abi.encode(TESTIMONY_TYPE, caseId, c.answer, served)), r, vs);
        c.testified |= mark;
        if (served) c.served |= mark;
        emit Testified(caseId, witness, served);
    }

    /// The verdict, by rule; anybody may ask for it when the time for testimonies is over.
    ///
    /// Guilty: of what was at risk, as far as cases judged before have left it, half is the challenger's, who has its stake back; witnesses of
    /// the majority share half a stake; the rest is burned, so that nobody empties its own bond by a friend's case for less than half of it.
    /// Acquitted by a majority: the stake is lost. Its witnesses share the same half (a verdict must not pay them better than the other),
    /// the provider has the rest for its trouble.
    /// Undecided: a tenth of the stake is the provider's, the rest goes back; silent witnesses must not ruin who told the truth.
    function judge(uint256 caseId) external {
        Case storage c = _open(caseId);
        if (block.timestamp <= c.openedAt + CASE_PERIOD) revert TooEarly();
        uint256 testified = c.testified;
        uint256 served = c.served;
        uint256 forProvider = _count(served);
        uint256 against = _count(testified) - forProvider;
        uint8 verdict = forProvider > against ? ACQUITTED : against > forProvider || c.answer == 0 ? GUILTY : UNDECIDED;
        c.state = verdict;
        address provider = c.provider;
        Provider storage p = providers[provider];
        p.atRisk -= c.atRisk;
        uint256 stake = c.stake;
        uint256 slashed = 0;
        uint256 burned = 0;
        if (verdict == GUILTY) {
            uint256 bond = p.bond;
            slashed = c.atRisk < bond ? c.atRisk : bond;
            bond -= slashed;
            _change(p, bond, p.leaving < bond ? p.leaving : bond);
            burned = slashed - slashed / 2;
            // A tie without an answer convicts, but had no majority to reward.
            if (against > forProvider) burned -= _reward(c, testified & ~served, against, stake / 2 < burned ? stake / 2 : burned);
            owed[c.challenger] += stake + slashed / 2;
        } else if (verdict == ACQUITTED) {
            uint256 rewarded = _reward(c, served, forProvider, stake / 2);
            owed[provider] += stake - rewarded;
        } else {
            uint256 fee = stake / FEE_DIVISOR;
            owed[provider] += fee;
            owed[c.challenger] += stake - fee;
        }
        emit Judged(caseId, provider, verdict, slashed, burned);
        _send(BURNED, burned);
        if (verdict == GUILTY) {
            evidence.recordSlash(provider, bytes32(caseId), slashed);
        } else if (verdict == ACQUITTED) {
            evidence.recordAcquittal(provider, c.challenger, bytes32(caseId));
        }
    }

    function collect() external {
        uint256 amount = owed[msg.sender];
        if (amount == 0) revert NothingToPay();
        owed[msg.sender] = 0;
        emit Collected(msg.sender, amount);
        _send(msg.sender, amount);
    }

    /// What a provider answers with: its bond without what it has announced to take away, and may take at any moment once the delay is over.
    function liableOf(address account) external view returns (uint256) {
        return providers[account].bond - providers[account].leaving;
    }

    /// An account that never registered has the number zero.
    function providerOf(address account) external view returns (Provider memory) {
        return providers[account];
    }

    /// The account of a provider's number; zero where there is none.
    function providerOfNumber(uint256 number) external view returns (address) {
        return providerAt[number];
    }

    /// state: 0 unknown, 1 open, 2 guilty, 3 acquitted, 4 undecided; drawn: 255 where the draw found no witness.
    function caseOf(uint256 caseId) external view returns (Case memory) {
        return cases[caseId];
    }

    /// The account in a seat; zero where there is none.
    function witnessOf(uint256 caseId, uint256 seat) external view returns (address) {
        return seat < SEATS_MAX ? _witness(cases[caseId], seat) : address(0);
    }

    function _open(uint256 caseId) private view returns (Case storage c) {
        c = cases[caseId];
        if (c.state != OPEN) revert CaseNotOpen();
    }

    /// Providers whose bond stood in the block, other than the two sides, each once; sorted by number, so that the seats say nothing
    /// about the order in which they were found.
    function _pick(Case storage c, uint256 caseId, bytes32 seed, uint256 drawBlock)
        private
        view
        returns (uint256 found, uint256 witnesses)
    {
        uint256 seats = c.seats;
        uint256 candidates = c.candidates;
        (address provider, address challenger) = (c.provider, c.challenger);
        for (uint256 attempt = 0; attempt < ATTEMPTS_MAX && found < seats; attempt++) {
            uint256 number = uint256(keccak256(abi.encode(seed, caseId, attempt))) % candidates + 1;
            uint256 place = 0;
            while (place < found && uint32(witnesses >> (32 * place)) < number) place++;
            if (place < found && uint32(witnesses >> (32 * place)) == number) continue;
            address candidate = providerAt[number];
            if (candidate == provider || candidate == challenger || !_stood(providers[candidate], drawBlock)) continue;
            uint256 below = witnesses & ((1 << (32 * place)) - 1);
            witnesses = below | (number << (32 * place)) | ((witnesses - below) << 32);
            found++;
        }
    }

    /// Whether the bond stood before the block and to its end.
    function _stood(Provider storage p, uint256 drawBlock) private view returns (bool) {
        return p.bondedSince < drawBlock && (p.bond - p.leaving >= bondMin || p.bondedUntil > drawBlock);
    }

    /// Writes bond and leave, and the block in which the bond comes to stand or ceases to.
    function _change(Provider storage p, uint256 bond, uint256 leaving) private {
        bool stood = p.bond - p.leaving >= bondMin;
        bool stands = bond - leaving >= bondMin;
        if (stood && !stands) p.bondedUntil = uint40(block.number);
        if (stands && !stood) {
            if (block.number <= p.bondedUntil + HASHES) revert TooEarly();
            p.bondedSince = uint40(block.number);
        }
        p.bond = uint104(bond);
        p.leaving = uint104(leaving);
    }

    function _witness(Case storage c, uint256 seat) private view returns (address) {
        return providerAt[uint32(c.witnesses >> (32 * seat))];
    }

    function _count(uint256 marks) private pure returns (uint256 count) {
        for (; marks != 0; marks &= marks - 1) count++;
    }

    function _reward(Case storage c, uint256 marks, uint256 count, uint256 pool) private returns (uint256) {
        uint256 share = pool / count;
        for (uint256 seat = 0; seat < SEATS_MAX; seat++) {
            if (marks & (1 << seat) != 0) owed[_witness(c, seat)] += share;
        }
        return share * count;
    }

    function _take(uint256 amount) private {
        if (!token.transferFrom(msg.sender, address(this), amount)) revert TransferFailed();
    }

    function _send(address to, uint256 amount) private {
        if (amount != 0 && !token.transfer(to, amount)) revert TransferFailed();
    }

    /// EIP-2098: the parity of v stands in the highest bit of s. A high s is refused, so each signature has one form.
    function _checkSignature(address signer, bytes32 structHash, bytes32 r, bytes32 vs) private view {
        bytes32 domain = keccak256(abi.encode(DOMAIN_TYPE, keccak256("Bonds"), keccak256("1"), block.chainid, address(this)));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain, structHash));
        uint256 s = uint256(vs) & type(uint256).max >> 1;
        if (s > HALF_ORDER) revert InvalidSignature();
        if (ecrecover(digest, uint8(27 + (uint256(vs) >> 255)), r, bytes32(s)) != signer) revert InvalidSignature();
    }
}
