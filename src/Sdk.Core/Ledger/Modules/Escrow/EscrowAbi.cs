using Sdk.Core.Ledger.Abi;

namespace Sdk.Core.Ledger.Modules.Escrow;

/// <summary>The functions, events and errors of <c>Escrow.sol</c>.</summary>
public static class EscrowAbi
{
    private const string Terms = "(bytes32,address,address,uint32,address,uint16,address,uint16)";

    /// <summary>The buyer: terms, amount, end.</summary>
    public static readonly AbiFunction Lock = new($"lock({Terms},uint256,uint256)");

    /// <summary>The buyer: terms, amount to add, new end.</summary>
    public static readonly AbiFunction Roll = new($"roll({Terms},uint256,uint256)");

    /// <summary>The provider: terms, the voucher's total, whether it is the last, the buyer's signature in two words.</summary>
    public static readonly AbiFunction Settle = new($"settle({Terms},uint256,bool,bytes32,bytes32)");

    /// <summary>The provider: terms.</summary>
    public static readonly AbiFunction Release = new($"release({Terms})");

    /// <summary>The buyer: terms, the provider's total, the provider's signature in two words.</summary>
    public static readonly AbiFunction Close = new($"close({Terms},uint256,bytes32,bytes32)");

    /// <summary>The buyer: terms.</summary>
    public static readonly AbiFunction Refund = new($"refund({Terms})");

    /// <summary>Either side: terms, score, what it rests on.</summary>
    public static readonly AbiFunction Rate = new($"rate({Terms},uint256,bytes32)");

    /// <summary>Whoever is owed something.</summary>
    public static readonly AbiFunction Collect = new("collect()");

    /// <summary>The id of terms.</summary>
    public static readonly AbiFunction TradeId = new($"tradeId({Terms})", "(bytes32)");

    /// <summary>A trade: what was deposited and settled, its end, its state.</summary>
    public static readonly AbiFunction TradeOf = new("tradeOf(bytes32)", "(uint256,uint256,uint256,uint256)");

    /// <summary>What an account can collect.</summary>
    public static readonly AbiFunction Owed = new("owed(address)", "(uint256)");

    /// <summary>The token.</summary>
    public static readonly AbiFunction Token = new("token()", "(address)");

    /// <summary>Where it writes what it saw.</summary>
    public static readonly AbiFunction Evidence = new("evidence()", "(address)");

    /// <summary>Trade, buyer, provider; terms, amount, end.</summary>
    public static readonly AbiEvent Locked = new($"Locked(bytes32 indexed,address indexed,address indexed,{Terms},uint256,uint256)");

    /// <summary>Trade; all that was deposited, the end.</summary>
    public static readonly AbiEvent Rolled = new("Rolled(bytes32 indexed,uint256,uint256)");

    /// <summary>Trade; all that was settled, and what of the last step the provider, the developer and the platform have.</summary>
    public static readonly AbiEvent Settled = new("Settled(bytes32 indexed,uint256,uint256,uint256,uint256)");

    /// <summary>Trade; all that was settled, what went back to the buyer.</summary>
    public static readonly AbiEvent Closed = new("Closed(bytes32 indexed,uint256,uint256)");

    /// <summary>Trade, who rated, whom; the score.</summary>
    public static readonly AbiEvent Rated = new("Rated(bytes32 indexed,address indexed,address indexed,uint256)");

    /// <summary>Who; how much.</summary>
    public static readonly AbiEvent Collected = new("Collected(address indexed,uint256)");

    /// <summary>A window, a share or a side of the terms is not allowed.</summary>
    public static readonly AbiError TermsOutOfRange = new("TermsOutOfRange()");

    /// <summary>Nothing, or more than fits.</summary>
    public static readonly AbiError AmountOutOfRange = new("AmountOutOfRange()");

    /// <summary>The end is past, before the one that was agreed, or too far off.</summary>
    public static readonly AbiError EndOutOfRange = new("EndOutOfRange()");

    /// <summary>These terms were locked before.</summary>
    public static readonly AbiError TradeExists = new("TradeExists()");

    /// <summary>The trade is unknown or closed.</summary>
    public static readonly AbiError TradeNotLive = new("TradeNotLive()");

    /// <summary>The trade is unknown or still goes on.</summary>
    public static readonly AbiError TradeNotClosed = new("TradeNotClosed()");

    /// <summary>The dispute window is over.</summary>
    public static readonly AbiError TradeOver = new("TradeOver()");

    /// <summary>Only the buyer may.</summary>
    public static readonly AbiError NotBuyer = new("NotBuyer()");

    /// <summary>Only the provider may.</summary>
    public static readonly AbiError NotProvider = new("NotProvider()");

    /// <summary>Only the two sides may.</summary>
    public static readonly AbiError NotParty = new("NotParty()");

    /// <summary>Nothing is owed, or nothing was paid.</summary>
    public static readonly AbiError NothingToPay = new("NothingToPay()");

    /// <summary>No signature, or not of whom it should be.</summary>
    public static readonly AbiError InvalidSignature = new("InvalidSignature()");

    /// <summary>The dispute window is not over.</summary>
    public static readonly AbiError TooEarly = new("TooEarly()");

    /// <summary>The time for ratings is over.</summary>
    public static readonly AbiError TooLate = new("TooLate()");

    /// <summary>This side has rated.</summary>
    public static readonly AbiError AlreadyRated = new("AlreadyRated()");

    /// <summary>The token said no.</summary>
    public static readonly AbiError TransferFailed = new("TransferFailed()");

    /// <summary>All functions.</summary>
    public static IReadOnlyList<AbiFunction> Functions { get; } =
        [Lock, Roll, Settle, Release, Close, Refund, Rate, Collect, TradeId, TradeOf, Owed, Token, Evidence];

    /// <summary>All events.</summary>
    public static IReadOnlyList<AbiEvent> Events { get; } = [Locked, Rolled, Settled, Closed, Rated, Collected];

    /// <summary>All errors.</summary>
    public static IReadOnlyList<AbiError> Errors { get; } =
    [
        TermsOutOfRange, AmountOutOfRange, EndOutOfRange, TradeExists, TradeNotLive, TradeNotClosed, TradeOver, NotBuyer, NotProvider, NotParty,
        NothingToPay, InvalidSignature, TooEarly, TooLate, AlreadyRated, TransferFailed,
    ];
}
