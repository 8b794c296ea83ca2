using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Embedded;

namespace Sdk.Core.Ledger.Modules.Evidence;

/// <summary>
/// The facts that the ledger has about an account. Counters and amounts saturate: one that is full stays full. They are facts, no
/// judgement: whoever sells to the account, or buys from it, weighs them by its own formula.
/// </summary>
/// <remarks>
/// Whoever has two accounts can trade with itself, and rate itself for it. It pays shares and fees for that, and
/// <see cref="RatingMean"/> weighs a rating by what the trade was worth; it cannot make a bounce or a slash go away.
/// </remarks>
public readonly record struct AccountStanding
{
    internal const int Words = 21;

    /// <summary>How they are stored, which is how <c>standing(address)</c> returns them.</summary>
    internal static readonly StateCodec<AccountStanding> Codec = new(Words, static (writer, value) => value.Write(writer), static (ref reader) => Read(ref reader));

    /// <summary>Trades that the account paid for and that are over.</summary>
    public ulong SettlementsPaid { get; init; }

    /// <summary>Trades that the account was paid for and that are over.</summary>
    public ulong SettlementsReceived { get; init; }

    /// <summary>What it paid in those, in base units, up to 2^96 − 1.</summary>
    public TokenAmount VolumePaid { get; init; }

    /// <summary>What it was paid in those, in base units, up to 2^96 − 1.</summary>
    public TokenAmount VolumeReceived { get; init; }

    /// <summary>How often a signature of the account promised more than it could pay.</summary>
    public ulong Bounces { get; init; }

    /// <summary>To how many others it still owes such a debt.</summary>
    public ulong BouncesOpen { get; init; }

    /// <summary>What it owes to them, in base units, up to 2^128 − 1.</summary>
    public TokenAmount Outstanding { get; init; }

    /// <summary>The newest bounce, in seconds since 1970; zero where there was none.</summary>
    public ulong LastBounceAt { get; init; }

    /// <summary>How often it paid late.</summary>
    public ulong LatePayments { get; init; }

    /// <summary>How late in all, in seconds.</summary>
    public ulong LateSeconds { get; init; }

    /// <summary>What it paid late, in base units, up to 2^96 − 1.</summary>
    public TokenAmount LateVolume { get; init; }

    /// <summary>The newest late payment, in seconds since 1970; zero where there was none.</summary>
    public ulong LastLateAt { get; init; }

    /// <summary>In how many cases it was found guilty.</summary>
    public ulong Slashes { get; init; }

    /// <summary>What it lost in those, in base units, up to 2^96 − 1.</summary>
    public TokenAmount Slashed { get; init; }

    /// <summary>The newest of those, in seconds since 1970; zero where there was none.</summary>
    public ulong LastSlashAt { get; init; }

    /// <summary>In how many cases witnesses cleared it.</summary>
    public ulong Acquittals { get; init; }

    /// <summary>How many cases of its own ended with the acquittal of the accused.</summary>
    public ulong FalseAccusations { get; init; }

    /// <summary>Ratings by the other sides of its trades.</summary>
    public ulong Ratings { get; init; }

    /// <summary>The sum of their scores, each 0 to 100.</summary>
    public ulong RatingSum { get; init; }

    /// <summary>What the rated trades were worth, in base units, up to 2^88 − 1.</summary>
    public TokenAmount RatingWeight { get; init; }

    /// <summary>The sum of the scores, each times what its trade was worth.</summary>
    public TokenAmount RatingWeightedSum { get; init; }

    /// <summary>The mean score, weighed by what the trades were worth; null where nobody has rated the account.</summary>
    public double? RatingMean => RatingWeight.IsZero
        ? null
        : (double)Units(RatingWeightedSum) / (double)Units(RatingWeight);

    internal void Write(AbiWriter writer) => writer
        .Add(SettlementsPaid).Add(SettlementsReceived).Add(VolumePaid).Add(VolumeReceived)
        .Add(Bounces).Add(BouncesOpen).Add(Outstanding).Add(LastBounceAt)
        .Add(LatePayments).Add(LateSeconds).Add(LateVolume).Add(LastLateAt)
        .Add(Slashes).Add(Slashed).Add(LastSlashAt).Add(Acquittals).Add(FalseAccusations)
        .Add(Ratings).Add(RatingSum).Add(RatingWeight).Add(RatingWeightedSum);

    /// <exception cref="AbiException">The words are out of range.</exception>
    internal static AccountStanding Read(ref AbiReader reader) => new()
    {
        SettlementsPaid = reader.ReadUInt64(),
        SettlementsReceived = reader.ReadUInt64(),
        VolumePaid = reader.ReadAmount(),
        VolumeReceived = reader.ReadAmount(),
        Bounces = reader.ReadUInt64(),
        BouncesOpen = reader.ReadUInt64(),
        Outstanding = reader.ReadAmount(),
        LastBounceAt = reader.ReadUInt64(),
        LatePayments = reader.ReadUInt64(),
        LateSeconds = reader.ReadUInt64(),
        LateVolume = reader.ReadAmount(),
        LastLateAt = reader.ReadUInt64(),
        Slashes = reader.ReadUInt64(),
        Slashed = reader.ReadAmount(),
        LastSlashAt = reader.ReadUInt64(),
        Acquittals = reader.ReadUInt64(),
        FalseAccusations = reader.ReadUInt64(),
        Ratings = reader.ReadUInt64(),
        RatingSum = reader.ReadUInt64(),
        RatingWeight = TokenAmount.FromBaseUnits(reader.ReadUInt128()),
        RatingWeightedSum = TokenAmount.FromBaseUnits(reader.ReadUInt128()),
    };

    private static UInt128 Units(TokenAmount amount) => amount.TryToBaseUnits(out var units) ? units : UInt128.MaxValue;
}
