using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Embedded;

namespace Sdk.Core.Ledger.Modules.Evidence;

/// <summary><c>Evidence.sol</c> as the embedded ledger runs it: facts about accounts, written by the contracts that saw them happen.</summary>
public sealed class EvidenceModule : ContractModule
{
    private const int WritersMax = 4;
    private const ulong CountMax = uint.MaxValue;
    private const ulong ScoreMax = 100;

    private static readonly TokenAmount Max40 = TokenAmount.FromBaseUnits((UInt128.One << 40) - 1);
    private static readonly TokenAmount Max88 = TokenAmount.FromBaseUnits((UInt128.One << 88) - 1);
    private static readonly TokenAmount Max96 = TokenAmount.FromBaseUnits((UInt128.One << 96) - 1);
    private static readonly TokenAmount Max128 = TokenAmount.FromBaseUnits(UInt128.MaxValue);

    private readonly AccountAddress[] _writers;
    private ModuleMap<AccountAddress, AccountStanding> _standings = null!;
    private ModuleMap<(AccountAddress Writer, (AccountAddress Issuer, AccountAddress Beneficiary) Pair), TokenAmount> _missing = null!;

    /// <summary>The module.</summary>
    /// <param name="writers">1 to 4 contracts that may write; none the zero address.</param>
    /// <exception cref="ArgumentException">There are none, more, or the zero address is among them.</exception>
    public EvidenceModule(IReadOnlyList<AccountAddress> writers)
        : base(EvidenceContract.ModuleName)
    {
        ArgumentNullException.ThrowIfNull(writers);
        if (writers.Count is 0 or > WritersMax || writers.Contains(default))
        {
            throw new ArgumentException($"Evidence has 1 to {WritersMax} writers, none of them the zero address.", nameof(writers));
        }

        _writers = [.. writers];
        Function(EvidenceAbi.Writers, OnWriters);
        Function(EvidenceAbi.RecordBounce, OnRecordBounce);
        Function(EvidenceAbi.ClearBounce, OnClearBounce);
        Function(EvidenceAbi.RecordLate, OnRecordLate);
        Function(EvidenceAbi.RecordSettlement, OnRecordSettlement);
        Function(EvidenceAbi.RecordSlash, OnRecordSlash);
        Function(EvidenceAbi.RecordAcquittal, OnRecordAcquittal);
        Function(EvidenceAbi.RecordRating, OnRecordRating);
        Function(EvidenceAbi.MissingOf, OnMissingOf);
        Function(EvidenceAbi.Standing, (_, ref arguments, results) => _standings[arguments.ReadAddress()].Write(results));
    }

    /// <inheritdoc/>
    protected override void DeclareState()
    {
        var pair = StateCodec.Pair(StateCodec.Address, StateCodec.Address);
        _standings = Map("standings", StateCodec.Address, AccountStanding.Codec);
        _missing = Map("missing", StateCodec.Pair(StateCodec.Address, pair), StateCodec.Amount);
    }

    private void OnWriters(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var list = new AbiWriter();
        foreach (var writer in _writers)
        {
            list.Add(writer);
        }

        results.AddArray(_writers.Length, list);
    }

    private void OnRecordBounce(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (issuer, beneficiary, missing) = (arguments.ReadAddress(), arguments.ReadAddress(), arguments.ReadAmount());
        RequireWriter(frame);
        if (missing.IsZero)
        {
            return;
        }

        var key = (frame.Sender, (issuer, beneficiary));
        var before = _missing[key];
        _missing[key] = Add(before, missing, Max128);
        var standing = _standings[issuer];
        _standings[issuer] = standing with
        {
            Outstanding = Add(standing.Outstanding, missing, Max128),
            Bounces = Increment(standing.Bounces),
            BouncesOpen = before.IsZero ? Increment(standing.BouncesOpen) : standing.BouncesOpen,
            LastBounceAt = frame.Timestamp,
        };
        frame.Emit(EvidenceAbi.BounceRecorded, [Topic(issuer), Topic(beneficiary)], new AbiWriter().Add(missing));
    }

    private void OnClearBounce(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (issuer, beneficiary, paid) = (arguments.ReadAddress(), arguments.ReadAddress(), arguments.ReadAmount());
        RequireWriter(frame);
        var key = (frame.Sender, (issuer, beneficiary));
        var before = _missing[key];
        if (before.IsZero || paid.IsZero)
        {
            return;
        }

        var left = Subtract(before, paid);
        _missing[key] = left;
        var standing = _standings[issuer];
        _standings[issuer] = standing with
        {
            BouncesOpen = left.IsZero && standing.BouncesOpen > 0 ? standing.BouncesOpen - 1 : standing.BouncesOpen,
            Outstanding = Subtract(standing.Outstanding, before - left),
        };
        frame.Emit(EvidenceAbi.BounceReduced, [Topic(issuer), Topic(beneficiary)], new AbiWriter().Add(before - left).Add(left));
    }

    private void OnRecordLate(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (account, creditor) = (arguments.ReadAddress(), arguments.ReadAddress());
        var (amount, secondsLate) = (arguments.ReadAmount(), arguments.ReadAmount());
        RequireWriter(frame);
        var standing = _standings[account];
        _standings[account] = standing with
        {
            LateVolume = Add(standing.LateVolume, amount, Max96),
            LateSeconds = Number(Add(standing.LateSeconds, secondsLate, Max40)),
            LatePayments = Increment(standing.LatePayments),
            LastLateAt = frame.Timestamp,
        };
        frame.Emit(EvidenceAbi.LateRecorded, [Topic(account), Topic(creditor)], new AbiWriter().Add(amount).Add(secondsLate));
    }

    private void OnRecordSettlement(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (payer, payee, amount) = (arguments.ReadAddress(), arguments.ReadAddress(), arguments.ReadAmount());
        RequireWriter(frame);
        var standing = _standings[payer];
        _standings[payer] = standing with
        {
            VolumePaid = Add(standing.VolumePaid, amount, Max96),
            SettlementsPaid = Increment(standing.SettlementsPaid),
        };

        // Read after the write: payer and payee may be one account.
        standing = _standings[payee];
        _standings[payee] = standing with
        {
            VolumeReceived = Add(standing.VolumeReceived, amount, Max96),
            SettlementsReceived = Increment(standing.SettlementsReceived),
        };
        frame.Emit(EvidenceAbi.SettlementRecorded, [Topic(payer), Topic(payee)], new AbiWriter().Add(amount));
    }

    private void OnRecordSlash(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (account, caseId, amount) = (arguments.ReadAddress(), arguments.ReadWord(), arguments.ReadAmount());
        RequireWriter(frame);
        var standing = _standings[account];
        _standings[account] = standing with
        {
            Slashed = Add(standing.Slashed, amount, Max96),
            Slashes = Increment(standing.Slashes),
            LastSlashAt = frame.Timestamp,
        };
        frame.Emit(EvidenceAbi.SlashRecorded, [Topic(account), caseId], new AbiWriter().Add(amount));
    }

    private void OnRecordAcquittal(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (account, challenger, caseId) = (arguments.ReadAddress(), arguments.ReadAddress(), arguments.ReadWord());
        RequireWriter(frame);
        _standings[account] = _standings[account] with { Acquittals = Increment(_standings[account].Acquittals) };
        _standings[challenger] = _standings[challenger] with { FalseAccusations = Increment(_standings[challenger].FalseAccusations) };
        frame.Emit(EvidenceAbi.AcquittalRecorded, [Topic(account), Topic(challenger), caseId]);
    }

    private void OnRecordRating(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (rater, ratee, trade) = (arguments.ReadAddress(), arguments.ReadAddress(), arguments.ReadWord());
        var (score, details, weight) = (arguments.ReadAmount(), arguments.ReadWord(), arguments.ReadAmount());
        RequireWriter(frame);
        if (score > ScoreMax)
        {
            throw Revert(EvidenceAbi.ScoreOutOfRange);
        }

        // What no longer fits into the weight does not enter the weighted sum either, so that their ratio stays a mean.
        var standing = _standings[ratee];
        var fits = Add(standing.RatingWeight, weight, Max88) - standing.RatingWeight;
        standing = standing with
        {
            RatingWeight = standing.RatingWeight + fits,
            RatingWeightedSum = standing.RatingWeightedSum + (fits * Number(score)),
        };
        _standings[ratee] = standing.Ratings == CountMax
            ? standing
            : standing with { Ratings = standing.Ratings + 1, RatingSum = standing.RatingSum + Number(score) };
        frame.Emit(
            EvidenceAbi.RatingRecorded, [Topic(rater), Topic(ratee), trade], new AbiWriter().Add(score).Add(details).Add(weight));
    }

    private void OnMissingOf(ModuleFrame frame, ref AbiReader arguments, AbiWriter results) =>
        results.Add(_missing[(arguments.ReadAddress(), (arguments.ReadAddress(), arguments.ReadAddress()))]);

    private void RequireWriter(ModuleFrame frame)
    {
        if (!_writers.Contains(frame.Sender))
        {
            throw Revert(EvidenceAbi.NotWriter);
        }
    }

    private static ulong Increment(ulong count) => count >= CountMax ? CountMax : count + 1;

    private static TokenAmount Add(TokenAmount value, TokenAmount more, TokenAmount max) => more >= max - value ? max : value + more;

    private static TokenAmount Subtract(TokenAmount value, TokenAmount less) => less >= value ? TokenAmount.Zero : value - less;

    /// <summary>A number that a limit keeps small.</summary>
    private static ulong Number(TokenAmount amount) => amount.TryToBaseUnits(out var units) ? checked((ulong)units) : throw new OverflowException();
}
