using Sdk.Core.Ledger.Abi;

namespace Sdk.Core.Ledger.Modules.Bonds;

/// <summary>The functions, events and errors of <c>Bonds.sol</c>.</summary>
public static class BondsAbi
{
    /// <summary>A new provider: the nonce of its overlay address, its first bond.</summary>
    public static readonly AbiFunction Register = new("register(bytes32,uint256)");

    /// <summary>A provider: what it adds.</summary>
    public static readonly AbiFunction Post = new("post(uint256)");

    /// <summary>A provider: what it wants to take away.</summary>
    public static readonly AbiFunction RequestLeave = new("requestLeave(uint256)");

    /// <summary>A provider whose delay is over.</summary>
    public static readonly AbiFunction Withdraw = new("withdraw()");

    /// <summary>A challenger: provider, kind, subject, seats for witnesses, stake.</summary>
    public static readonly AbiFunction Challenge = new("challenge(address,uint8,bytes32,uint256,uint256)");

    /// <summary>Anybody: a case.</summary>
    public static readonly AbiFunction Draw = new("draw(uint256)");

    /// <summary>The accused provider: a case, the answer's hash.</summary>
    public static readonly AbiFunction Answer = new("answer(uint256,bytes32)");

    /// <summary>Anybody: a case, a seat, whether its witness says that the provider served, the witness's signature in two words.</summary>
    public static readonly AbiFunction Testify = new("testify(uint256,uint256,bool,bytes32,bytes32)");

    /// <summary>Anybody: a case.</summary>
    public static readonly AbiFunction Judge = new("judge(uint256)");

    /// <summary>Whoever is owed something.</summary>
    public static readonly AbiFunction Collect = new("collect()");

    /// <summary>What a provider answers with: its bond without what it has announced to take away.</summary>
    public static readonly AbiFunction LiableOf = new("liableOf(address)", "(uint256)");

    /// <summary>A provider by its account.</summary>
    public static readonly AbiFunction ProviderOf = new("providerOf(address)", "((bytes32,uint104,uint104,uint32,uint104,uint40,uint40,uint40))");

    /// <summary>A provider's account by its number.</summary>
    public static readonly AbiFunction ProviderOfNumber = new("providerOfNumber(uint256)", "(address)");

    /// <summary>A case.</summary>
    public static readonly AbiFunction CaseOf = new(
        "caseOf(uint256)",
        "((address,uint96,address,uint40,uint40,uint8,uint8,uint104,uint32,uint8,uint8,uint8,uint8,bytes32,bytes32,uint256))");

    /// <summary>Who sits in a seat: a case, a seat.</summary>
    public static readonly AbiFunction WitnessOf = new("witnessOf(uint256,uint256)", "(address)");

    /// <summary>How many providers have registered.</summary>
    public static readonly AbiFunction ProviderCount = new("providerCount()", "(uint256)");

    /// <summary>How many cases were opened.</summary>
    public static readonly AbiFunction CaseCount = new("caseCount()", "(uint256)");

    /// <summary>What an account can collect.</summary>
    public static readonly AbiFunction Owed = new("owed(address)", "(uint256)");

    /// <summary>The least bond.</summary>
    public static readonly AbiFunction BondMin = new("bondMin()", "(uint256)");

    /// <summary>The least stake.</summary>
    public static readonly AbiFunction StakeMin = new("stakeMin()", "(uint256)");

    /// <summary>The token.</summary>
    public static readonly AbiFunction Token = new("token()", "(address)");

    /// <summary>Where it writes its verdicts.</summary>
    public static readonly AbiFunction Evidence = new("evidence()", "(address)");

    /// <summary>Provider; nonce, number, bond.</summary>
    public static readonly AbiEvent Registered = new("Registered(address indexed,bytes32,uint256,uint256)");

    /// <summary>Provider; what was added, the bond.</summary>
    public static readonly AbiEvent BondPosted = new("BondPosted(address indexed,uint256,uint256)");

    /// <summary>Provider; what is to leave, and from when on it can.</summary>
    public static readonly AbiEvent LeaveRequested = new("LeaveRequested(address indexed,uint256,uint256)");

    /// <summary>Provider; what was taken away, the bond.</summary>
    public static readonly AbiEvent BondWithdrawn = new("BondWithdrawn(address indexed,uint256,uint256)");

    /// <summary>Case, provider, challenger; kind, subject, seats, stake, what the case may take.</summary>
    public static readonly AbiEvent Challenged = new(
        "Challenged(uint256 indexed,address indexed,address indexed,uint256,bytes32,uint256,uint256,uint256)");

    /// <summary>Case; the block whose hash is to draw.</summary>
    public static readonly AbiEvent DrawPostponed = new("DrawPostponed(uint256 indexed,uint256)");

    /// <summary>Case; how many witnesses, their numbers in 32 bits each.</summary>
    public static readonly AbiEvent Drawn = new("Drawn(uint256 indexed,uint256,uint256)");

    /// <summary>Case; the answer's hash.</summary>
    public static readonly AbiEvent Answered = new("Answered(uint256 indexed,bytes32)");

    /// <summary>Case, witness; whether it says that the provider served.</summary>
    public static readonly AbiEvent Testified = new("Testified(uint256 indexed,address indexed,bool)");

    /// <summary>Case, provider; verdict, what the provider lost, what of it was burned.</summary>
    public static readonly AbiEvent Judged = new("Judged(uint256 indexed,address indexed,uint256,uint256,uint256)");

    /// <summary>Who; how much.</summary>
    public static readonly AbiEvent Collected = new("Collected(address indexed,uint256)");

    /// <summary>The bond would be below the least, or more than fits; or more is to leave than there is.</summary>
    public static readonly AbiError BondOutOfRange = new("BondOutOfRange()");

    /// <summary>The stake is below the least, more than fits, or more than the provider can still lose.</summary>
    public static readonly AbiError StakeOutOfRange = new("StakeOutOfRange()");

    /// <summary>Seats are 3, 5 or 7.</summary>
    public static readonly AbiError SeatsOutOfRange = new("SeatsOutOfRange()");

    /// <summary>The account is a provider.</summary>
    public static readonly AbiError AlreadyRegistered = new("AlreadyRegistered()");

    /// <summary>The account is no provider.</summary>
    public static readonly AbiError NotRegistered = new("NotRegistered()");

    /// <summary>Only the accused provider may.</summary>
    public static readonly AbiError NotProvider = new("NotProvider()");

    /// <summary>Nobody accuses itself.</summary>
    public static readonly AbiError SelfChallenge = new("SelfChallenge()");

    /// <summary>The case is unknown or judged.</summary>
    public static readonly AbiError CaseNotOpen = new("CaseNotOpen()");

    /// <summary>The witnesses are drawn.</summary>
    public static readonly AbiError AlreadyDrawn = new("AlreadyDrawn()");

    /// <summary>The answer is given.</summary>
    public static readonly AbiError AlreadyAnswered = new("AlreadyAnswered()");

    /// <summary>The witness has testified.</summary>
    public static readonly AbiError AlreadyTestified = new("AlreadyTestified()");

    /// <summary>The hash of an answer is not zero.</summary>
    public static readonly AbiError EmptyAnswer = new("EmptyAnswer()");

    /// <summary>No witness sits there.</summary>
    public static readonly AbiError NoSuchSeat = new("NoSuchSeat()");

    /// <summary>No signature, or not of whom it should be.</summary>
    public static readonly AbiError InvalidSignature = new("InvalidSignature()");

    /// <summary>Nothing is owed, or nothing can leave.</summary>
    public static readonly AbiError NothingToPay = new("NothingToPay()");

    /// <summary>Its time, or its block, has not come.</summary>
    public static readonly AbiError TooEarly = new("TooEarly()");

    /// <summary>Its time is over.</summary>
    public static readonly AbiError TooLate = new("TooLate()");

    /// <summary>The token said no.</summary>
    public static readonly AbiError TransferFailed = new("TransferFailed()");

    /// <summary>All functions.</summary>
    public static IReadOnlyList<AbiFunction> Functions { get; } =
    [
        Register, Post, RequestLeave, Withdraw, Challenge, Draw, Answer, Testify, Judge, Collect, LiableOf, ProviderOf, ProviderOfNumber, CaseOf, WitnessOf,
        ProviderCount, CaseCount, Owed, BondMin, StakeMin, Token, Evidence,
    ];

    /// <summary>All events.</summary>
    public static IReadOnlyList<AbiEvent> Events { get; } =
        [Registered, BondPosted, LeaveRequested, BondWithdrawn, Challenged, DrawPostponed, Drawn, Answered, Testified, Judged, Collected];

    /// <summary>All errors.</summary>
    public static IReadOnlyList<AbiError> Errors { get; } =
    [
        BondOutOfRange, StakeOutOfRange, SeatsOutOfRange, AlreadyRegistered, NotRegistered, NotProvider, SelfChallenge, CaseNotOpen, AlreadyDrawn,
        AlreadyAnswered, AlreadyTestified, EmptyAnswer, NoSuchSeat, InvalidSignature, NothingToPay, TooEarly, TooLate, TransferFailed,
    ];
}
