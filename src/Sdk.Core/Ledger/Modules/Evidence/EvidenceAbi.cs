using Sdk.Core.Ledger.Abi;

namespace Sdk.Core.Ledger.Modules.Evidence;

/// <summary>The functions, events and errors of <c>Evidence.sol</c>.</summary>
public static class EvidenceAbi
{
    /// <summary>The contracts that may write.</summary>
    public static readonly AbiFunction Writers = new("writers()", "(address[])");

    /// <summary>A writer: issuer, beneficiary, what was missing.</summary>
    public static readonly AbiFunction RecordBounce = new("recordBounce(address,address,uint256)");

    /// <summary>A writer: issuer, beneficiary, what was paid of it.</summary>
    public static readonly AbiFunction ClearBounce = new("clearBounce(address,address,uint256)");

    /// <summary>A writer: who paid late, to whom, how much, how many seconds late.</summary>
    public static readonly AbiFunction RecordLate = new("recordLate(address,address,uint256,uint256)");

    /// <summary>A writer: payer, payee, amount.</summary>
    public static readonly AbiFunction RecordSettlement = new("recordSettlement(address,address,uint256)");

    /// <summary>A writer: whose bond, by which case, how much of it.</summary>
    public static readonly AbiFunction RecordSlash = new("recordSlash(address,bytes32,uint256)");

    /// <summary>A writer: who was accused, by whom, in which case.</summary>
    public static readonly AbiFunction RecordAcquittal = new("recordAcquittal(address,address,bytes32)");

    /// <summary>A writer: who rates whom, for which trade, the score, what it rests on, what the trade was worth.</summary>
    public static readonly AbiFunction RecordRating = new("recordRating(address,address,bytes32,uint256,bytes32,uint256)");

    /// <summary>What a writer recorded as missing: writer, issuer, beneficiary.</summary>
    public static readonly AbiFunction MissingOf = new("missingOf(address,address,address)", "(uint256)");

    /// <summary>All that is known of an account.</summary>
    public static readonly AbiFunction Standing = new(
        "standing(address)",
        "((uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256))");

    /// <summary>Issuer, beneficiary; what was missing.</summary>
    public static readonly AbiEvent BounceRecorded = new("BounceRecorded(address indexed,address indexed,uint256)");

    /// <summary>Issuer, beneficiary; what was paid, what is left.</summary>
    public static readonly AbiEvent BounceReduced = new("BounceReduced(address indexed,address indexed,uint256,uint256)");

    /// <summary>Who paid late, to whom; how much, how many seconds late.</summary>
    public static readonly AbiEvent LateRecorded = new("LateRecorded(address indexed,address indexed,uint256,uint256)");

    /// <summary>Payer, payee; amount.</summary>
    public static readonly AbiEvent SettlementRecorded = new("SettlementRecorded(address indexed,address indexed,uint256)");

    /// <summary>Whose bond, by which case; how much of it.</summary>
    public static readonly AbiEvent SlashRecorded = new("SlashRecorded(address indexed,bytes32 indexed,uint256)");

    /// <summary>Who was accused, by whom, in which case.</summary>
    public static readonly AbiEvent AcquittalRecorded = new("AcquittalRecorded(address indexed,address indexed,bytes32 indexed)");

    /// <summary>Who rated, whom, for which trade; the score, what it rests on, what the trade was worth.</summary>
    public static readonly AbiEvent RatingRecorded = new("RatingRecorded(address indexed,address indexed,bytes32 indexed,uint256,bytes32,uint256)");

    /// <summary>The caller may not write.</summary>
    public static readonly AbiError NotWriter = new("NotWriter()");

    /// <summary>None, too many, or the zero address among them.</summary>
    public static readonly AbiError WritersOutOfRange = new("WritersOutOfRange()");

    /// <summary>The score is above 100.</summary>
    public static readonly AbiError ScoreOutOfRange = new("ScoreOutOfRange()");

    /// <summary>All functions.</summary>
    public static IReadOnlyList<AbiFunction> Functions { get; } =
        [Writers, RecordBounce, ClearBounce, RecordLate, RecordSettlement, RecordSlash, RecordAcquittal, RecordRating, MissingOf, Standing];

    /// <summary>All events.</summary>
    public static IReadOnlyList<AbiEvent> Events { get; } =
        [BounceRecorded, BounceReduced, LateRecorded, SettlementRecorded, SlashRecorded, AcquittalRecorded, RatingRecorded];

    /// <summary>All errors.</summary>
    public static IReadOnlyList<AbiError> Errors { get; } = [NotWriter, WritersOutOfRange, ScoreOutOfRange];
}
