using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Modules.Escrow;

namespace Sdk.Ledger.Conformance.Differential;

/// <summary>
/// Random operations on the escrow: many trades of few accounts, in every state. What needs time to have passed is tried on trades for which
/// it has; seldom time is made to pass, since that ends what others have begun.
/// </summary>
internal sealed class EscrowOperations(TwinLedgers twins, Random random) : ModuleOperations(twins, random)
{
    private const ulong Hour = 3_600;
    private const int Tries = 60;

    private static readonly TokenAmount TooMuch = TokenAmount.FromBaseUnits(UInt128.One << 104);

    private readonly List<EscrowTerms> _trades = [];

    public override string Module => "Escrow";

    public override IReadOnlyList<Move> Moves =>
    [
        Asks(EscrowAbi.Token),
        Asks(EscrowAbi.Evidence),
        Asks(EscrowAbi.TradeId, () => Write(NewTerms())),
        Asks(EscrowAbi.TradeOf, () => new AbiWriter().Add(Chance(5) || _trades.Count == 0 ? RandomWord() : SomeTrade().TradeId())),
        Asks(EscrowAbi.Owed, () => new AbiWriter().Add(Anybody().Address)),
        Does(EscrowAbi.Lock, Lock),
        Does(EscrowAbi.Roll, Roll),
        Does(EscrowAbi.Settle, () => Settle(isForged: false)),
        Does(EscrowAbi.Release, () => Find(IsLive) is { } terms ? By(terms.Provider, EscrowAbi.Release, Write(terms)) : Lock()),
        Does(EscrowAbi.Close, () => Close(isForged: false)),
        Does(EscrowAbi.Refund, Refund),
        Does(EscrowAbi.Rate, () => Rate((ulong)Random.Next(101))),
        Does(EscrowAbi.Collect, Collect),
        Meets(EscrowAbi.TermsOutOfRange, () => Lock(BrokenTerms())),
        Meets(EscrowAbi.AmountOutOfRange, AmountOutOfRange),
        Meets(EscrowAbi.EndOutOfRange, EndOutOfRange),
        Meets(EscrowAbi.TradeExists, () => Find(static (_, trade) => trade.State != EscrowState.None) is { } terms ? Lock(terms) : Lock()),
        Meets(EscrowAbi.TradeNotLive, () => Find(static (_, trade) => trade.State != EscrowState.Live) is { } terms ? By(terms.Buyer, EscrowAbi.Refund, Write(terms)) : Refund()),
        Meets(EscrowAbi.TradeNotClosed, () => Find(static (_, trade) => trade.State == EscrowState.Live) is { } terms ? Rate(terms, terms.Buyer, 50) : Lock()),
        Meets(EscrowAbi.TradeOver, Over),
        Meets(EscrowAbi.NotBuyer, NotBuyer),
        Meets(EscrowAbi.NotProvider, () => Find(IsLive) is { } terms ? By(terms.Buyer, EscrowAbi.Release, Write(terms)) : Lock()),
        Meets(EscrowAbi.NotParty, () => Find(IsRateable) is { } terms ? Rate(terms, Pauper.Address, 50) : Settle(isForged: false)),
        Meets(EscrowAbi.NothingToPay, NothingToPay),
        Meets(EscrowAbi.InvalidSignature, () => Chance(2) ? Settle(isForged: true) : Close(isForged: true)),
        Meets(EscrowAbi.TooEarly, () => Find(IsOpen) is { } terms ? By(terms.Buyer, EscrowAbi.Refund, Write(terms)) : Lock()),
        Meets(EscrowAbi.TooLate, TooLate),
        Meets(EscrowAbi.AlreadyRated, () => Find(static (_, trade) => (trade.State & (EscrowState.RatedByBuyer | EscrowState.RatedByProvider)) != 0) is { } terms
            ? Rate(terms, Look(terms).State.HasFlag(EscrowState.RatedByBuyer) ? terms.Buyer : terms.Provider, 50)
            : Rate(50)),
        Meets(EscrowAbi.TransferFailed, () =>
        {
            var terms = NewTerms();
            return new Operation(terms.Buyer, new LedgerCall(Twins[TwinLedgers.FalseEscrow], LockCall(terms, SomeAmount()).ToCall(EscrowAbi.Lock)));
        }),
    ];

    public override IEnumerable<LedgerCall> Views() =>
    [
        .. Twins.Keys.Select(key => Call(EscrowAbi.Owed, new AbiWriter().Add(key.Address))),
        .. _trades.TakeLast(40).Select(terms => Call(EscrowAbi.TradeOf, new AbiWriter().Add(terms.TradeId()))),
    ];

    private static AbiWriter Write(EscrowTerms terms) => terms.Write(new AbiWriter());

    private static bool IsLive(EscrowTerms terms, EscrowTrade trade) => trade.State == EscrowState.Live;

    private bool IsOpen(EscrowTerms terms, EscrowTrade trade) => IsLive(terms, trade) && Twins.Now + 1 <= trade.End + terms.DisputeWindowSeconds;

    private bool IsOver(EscrowTerms terms, EscrowTrade trade) => IsLive(terms, trade) && Twins.Now + 1 > trade.End + terms.DisputeWindowSeconds;

    private bool IsRateable(EscrowTerms terms, EscrowTrade trade) =>
        trade.State.HasFlag(EscrowState.Closed) && !trade.Settled.IsZero && Twins.Now + 1 <= trade.End + (30 * Day);

    private EscrowTrade Look(EscrowTerms terms)
    {
        var reader = Look(EscrowAbi.TradeOf, new AbiWriter().Add(terms.TradeId()));
        return EscrowTrade.Read(ref reader);
    }

    private EscrowTerms SomeTrade() => _trades[Chance(2) ? Random.Next(Math.Max(0, _trades.Count - 20), _trades.Count) : Random.Next(_trades.Count)];

    private EscrowTerms? Find(Func<EscrowTerms, EscrowTrade, bool> isWanted) => _trades.Count == 0
        ? null
        : Enumerable.Range(0, Tries).Select(_ => SomeTrade()).FirstOrDefault(terms => isWanted(terms, Look(terms)));

    private EscrowTerms NewTerms()
    {
        var buyer = Anybody();
        var (hasDeveloper, hasPlatform) = (Chance(2), Chance(2));
        return new EscrowTerms
        {
            Agreement = RandomWord(),
            Buyer = buyer.Address,
            Provider = AnybodyBut(buyer).Address,
            DisputeWindowSeconds = (uint)Random.NextInt64((long)Hour, (long)(2 * Day)),
            Developer = hasDeveloper ? Anybody().Address : default,
            DeveloperShare = (ushort)(hasDeveloper ? Random.Next(1, 2_501) : 0),
            Platform = hasPlatform ? Anybody().Address : default,
            PlatformShare = (ushort)(hasPlatform ? Random.Next(1, 2_501) : 0),
        };
    }

    private EscrowTerms BrokenTerms()
    {
        var terms = NewTerms() with { Developer = Anybody().Address, DeveloperShare = 100, Platform = Anybody().Address, PlatformShare = 100 };
        return Random.Next(8) switch
        {
            0 => terms with { Provider = terms.Buyer },
            1 => terms with { Provider = default },
            2 => terms with { DisputeWindowSeconds = (uint)Random.Next((int)Hour) },
            3 => terms with { DisputeWindowSeconds = (uint)Random.NextInt64((long)(30 * Day) + 1, uint.MaxValue) },
            4 => terms with { DeveloperShare = (ushort)Random.Next(4_901, ushort.MaxValue) },
            5 => terms with { DeveloperShare = 0 },
            6 => terms with { Platform = default },
            _ => terms with { PlatformShare = 0 },
        };
    }

    private static Operation By(AccountAddress sender, LedgerCall call, ulong later = 1) => new(sender, call, later);

    private Operation By(AccountAddress sender, AbiFunction function, AbiWriter arguments, ulong later = 1) => By(sender, Call(function, arguments), later);

    private ulong Until(ulong time) => time > Twins.Now ? time - Twins.Now : 1;

    private AbiWriter LockCall(EscrowTerms terms, TokenAmount amount) =>
        Write(terms).Add(amount).Add(Twins.Now + 2 + (ulong)Random.NextInt64((long)(2 * Day)));

    private Operation Lock()
    {
        var terms = NewTerms();
        _trades.Add(terms);
        return Lock(terms);
    }

    private Operation Lock(EscrowTerms terms) => By(terms.Buyer, EscrowAbi.Lock, LockCall(terms, SomeAmount()));

    private Operation Roll()
    {
        if (Find(IsOpen) is not { } terms)
        {
            return Lock();
        }

        var end = Math.Max(Look(terms).End, Twins.Now + 2) + (Chance(3) ? 0UL : (ulong)Random.NextInt64((long)Day));
        return By(terms.Buyer, EscrowAbi.Roll, Write(terms).Add(Chance(4) ? TokenAmount.Zero : SomeAmount()).Add(end));
    }

    private Operation Settle(bool isForged)
    {
        if (Find((terms, trade) => IsOpen(terms, trade) && trade.Settled < trade.Deposited) is not { } found)
        {
            return Lock();
        }

        var trade = Look(found);
        var left = trade.Deposited - trade.Settled;
        var step = Chance(5) ? left + SomeAmount() : left.MultiplyBy((ulong)Random.Next(1, 101), 100, TokenRounding.Up);
        return Settle(found, trade.Settled + step, isForged);
    }

    private Operation Settle(EscrowTerms terms, TokenAmount cumulative, bool isForged)
    {
        var (r, vs) = Sign(new EscrowVoucher(terms.TradeId(), cumulative).Digest(Twins.ChainId, Twins[Module]), terms.Buyer, isForged);
        return By(terms.Provider, EscrowAbi.Settle, Write(terms).Add(cumulative).Add(Chance(3)).Add(r).Add(vs));
    }

    private Operation Close(bool isForged)
    {
        if (Find(IsLive) is not { } terms)
        {
            return Lock();
        }

        var trade = Look(terms);
        var cumulative = trade.Settled + (trade.Deposited - trade.Settled).MultiplyBy((ulong)Random.Next(101), 100, TokenRounding.Down);
        return Close(terms, cumulative, isForged);
    }

    private Operation Close(EscrowTerms terms, TokenAmount cumulative, bool isForged = false)
    {
        var (r, vs) = Sign(new EscrowVoucher(terms.TradeId(), cumulative).CloseDigest(Twins.ChainId, Twins[Module]), terms.Provider, isForged);
        return By(terms.Buyer, EscrowAbi.Close, Write(terms).Add(cumulative).Add(r).Add(vs));
    }

    // Of another key, or with other words: a high s, another r, the other v.
    private (Hash256 R, Hash256 Vs) Sign(Hash256 digest, AccountAddress signer, bool isForged)
    {
        var key = Twins.Keys.First(key => key.Address == signer);
        var (r, vs) = (isForged && Chance(2) ? AnybodyBut(key) : key).SignDigest(digest.Bytes).ToCompact();
        return !isForged ? (r, vs) : Random.Next(3) switch
        {
            0 => (r, Hash256.FromBytes([.. Enumerable.Repeat((byte)0x7f, Hash256.LengthBytes)])),
            1 => (RandomWord(), vs),
            _ => (r, Hash256.FromBytes([(byte)(vs.Bytes[0] ^ 0x80), .. vs.Bytes[1..]])),
        };
    }

    private Operation Refund() => (Find(IsOver) ?? (Chance(10) ? Find(IsLive) : null)) is { } terms
        ? By(terms.Buyer, EscrowAbi.Refund, Write(terms), Until(Look(terms).End + terms.DisputeWindowSeconds + 1))
        : Lock();

    private Operation Over() => (Find(IsOver) ?? (Chance(10) ? Find(IsLive) : null)) is { } terms
        ? By(terms.Buyer, EscrowAbi.Roll, Write(terms).Add(SomeAmount()).Add(Twins.Now + (10 * Day)), Until(Look(terms).End + terms.DisputeWindowSeconds + 1))
        : Lock();

    private Operation Rate(ulong score)
    {
        const EscrowState Both = EscrowState.RatedByBuyer | EscrowState.RatedByProvider;
        if (Find((terms, trade) => IsRateable(terms, trade) && (trade.State & Both) != Both) is not { } found)
        {
            return Settle(isForged: false);
        }

        return Rate(found, Look(found).State.HasFlag(EscrowState.RatedByBuyer) || Chance(2) ? found.Provider : found.Buyer, score);
    }

    private Operation Rate(EscrowTerms terms, AccountAddress side, ulong score, ulong later = 1) =>
        By(side, EscrowAbi.Rate, Write(terms).Add(score).Add(RandomWord()), later);

    private Operation TooLate() =>
        Find((_, trade) => trade.State == EscrowState.Closed && !trade.Settled.IsZero && (Twins.Now + 1 > trade.End + (30 * Day) || Chance(1_000))) is { } terms
        ? Rate(terms, terms.Buyer, 50, Until(Look(terms).End + (30 * Day) + 1))
        : Settle(isForged: false);

    private Operation Collect()
    {
        var creditor = Twins.Keys.FirstOrDefault(key => !Look(EscrowAbi.Owed, new AbiWriter().Add(key.Address)).ReadAmount().IsZero);
        return creditor is null ? Settle(isForged: false) : By(creditor.Address, EscrowAbi.Collect, new AbiWriter());
    }

    private Operation NotBuyer()
    {
        var other = Pauper.Address;
        return Find(IsOpen) is { } terms && Chance(2)
            ? By(other, Random.Next(3) switch
            {
                0 => Call(EscrowAbi.Refund, Write(terms)),
                1 => Call(EscrowAbi.Roll, Write(terms).Add(1).Add(Twins.Now + Day)),
                _ => Call(EscrowAbi.Close, Write(terms).Add(1).Add(RandomWord()).Add(RandomWord())),
            })
            : By(other, EscrowAbi.Lock, LockCall(NewTerms(), SomeAmount()));
    }

    private Operation AmountOutOfRange()
    {
        if (Chance(3) || Find(IsOpen) is not { } terms)
        {
            var fresh = NewTerms();
            return By(fresh.Buyer, EscrowAbi.Lock, LockCall(fresh, Chance(2) ? TokenAmount.Zero : TooMuch));
        }

        return Chance(2)
            ? Close(terms, Look(terms).Deposited + 1)
            : By(terms.Buyer, EscrowAbi.Roll, Write(terms).Add(TooMuch - 1).Add(Math.Max(Look(terms).End, Twins.Now + 2)));
    }

    private Operation EndOutOfRange()
    {
        var tooFar = Chance(2) ? TokenAmount.MaxValue : Twins.Now + 2 + (366 * Day);
        if (Chance(2) || Find(IsOpen) is not { } terms)
        {
            var fresh = NewTerms();
            return By(fresh.Buyer, EscrowAbi.Lock, Write(fresh).Add(SomeAmount()).Add(Chance(2) ? Twins.Now : tooFar));
        }

        return By(terms.Buyer, EscrowAbi.Roll, Write(terms).Add(SomeAmount()).Add(Chance(2) ? Look(terms).End - 1 : tooFar));
    }

    private Operation NothingToPay() => Random.Next(3) switch
    {
        0 => By(Pauper.Address, EscrowAbi.Collect, new AbiWriter()),
        1 when Find(IsOpen) is { } terms => Settle(terms, Look(terms).Settled, isForged: false),
        2 when Find(static (_, trade) => trade.State == EscrowState.Closed && trade.Settled.IsZero) is { } unpaid => Rate(unpaid, unpaid.Buyer, 50),
        _ => Lock(),
    };
}
