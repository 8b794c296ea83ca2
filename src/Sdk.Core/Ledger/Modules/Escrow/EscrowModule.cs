using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Embedded;
using Sdk.Core.Ledger.Modules.Evidence;

namespace Sdk.Core.Ledger.Modules.Escrow;

/// <summary><c>Escrow.sol</c> as the embedded ledger runs it: money of a buyer, locked for one provider and paid by vouchers.</summary>
public sealed class EscrowModule : ContractModule
{
    private const ulong BasisPoints = 10_000;
    private const ulong DisputeWindowMin = 3_600;
    private const ulong DisputeWindowMax = 30 * Day;
    private const ulong TermMax = 366 * Day;
    private const ulong RatingWindow = 30 * Day;
    private const ulong Day = 86_400;

    private static readonly TokenAmount Max104 = TokenAmount.FromBaseUnits((UInt128.One << 104) - 1);

    private readonly AccountAddress _token;
    private readonly AccountAddress _evidence;
    private ModuleMap<Hash256, EscrowTrade> _trades = null!;
    private ModuleMap<AccountAddress, TokenAmount> _owed = null!;

    /// <summary>The module.</summary>
    /// <param name="token">The token's contract.</param>
    /// <param name="evidence">Where it writes what it saw; it must be among the writers there.</param>
    public EscrowModule(AccountAddress token, AccountAddress evidence)
        : base(EscrowContract.ModuleName)
    {
        (_token, _evidence) = (token, evidence);
        Function(EscrowAbi.Lock, OnLock);
        Function(EscrowAbi.Roll, OnRoll);
        Function(EscrowAbi.Settle, OnSettle);
        Function(EscrowAbi.Release, OnRelease);
        Function(EscrowAbi.Close, OnClose);
        Function(EscrowAbi.Refund, OnRefund);
        Function(EscrowAbi.Rate, OnRate);
        Function(EscrowAbi.Collect, OnCollect);
        Function(EscrowAbi.TradeId, (_, ref arguments, results) => results.Add(EscrowTerms.Read(ref arguments).TradeId()));
        Function(EscrowAbi.TradeOf, (_, ref arguments, results) => _trades[arguments.ReadWord()].Write(results));
        Function(EscrowAbi.Owed, (_, ref arguments, results) => results.Add(_owed[arguments.ReadAddress()]));
        Function(EscrowAbi.Token, (_, ref _, results) => results.Add(_token));
        Function(EscrowAbi.Evidence, (_, ref _, results) => results.Add(_evidence));
    }

    /// <inheritdoc/>
    protected override void DeclareState()
    {
        _trades = Map("trades", StateCodec.Word, EscrowTrade.Codec);
        _owed = Map("owed", StateCodec.Address, StateCodec.Amount);
    }

    private void OnLock(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (terms, amount, end) = (EscrowTerms.Read(ref arguments), arguments.ReadAmount(), arguments.ReadAmount());
        var id = terms.TradeId();
        RequireBuyer(frame, terms);
        CheckTerms(terms);
        if (amount.IsZero || amount > Max104)
        {
            throw Revert(EscrowAbi.AmountOutOfRange);
        }

        if (end <= frame.Timestamp || end > frame.Timestamp + TermMax)
        {
            throw Revert(EscrowAbi.EndOutOfRange);
        }

        if (_trades[id].State != EscrowState.None)
        {
            throw Revert(EscrowAbi.TradeExists);
        }

        _trades[id] = new EscrowTrade(amount, TokenAmount.Zero, Number(end), EscrowState.Live);
        frame.Emit(EscrowAbi.Locked, [id, Topic(terms.Buyer), Topic(terms.Provider)], terms.Write(new AbiWriter()).Add(amount).Add(end));
        Take(frame, amount);
    }

    private void OnRoll(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (terms, amount, end) = (EscrowTerms.Read(ref arguments), arguments.ReadAmount(), arguments.ReadAmount());
        var id = terms.TradeId();
        var trade = Live(id);
        RequireBuyer(frame, terms);
        RequireOpenWindow(frame, trade, terms);
        if (amount > Max104 - trade.Deposited)
        {
            throw Revert(EscrowAbi.AmountOutOfRange);
        }

        if (end < trade.End || end <= frame.Timestamp || end > frame.Timestamp + TermMax)
        {
            throw Revert(EscrowAbi.EndOutOfRange);
        }

        if (amount.IsZero && end == trade.End)
        {
            throw Revert(EscrowAbi.AmountOutOfRange);
        }

        var previousEnd = trade.End;
        trade = trade with { Deposited = trade.Deposited + amount, End = Number(end) };
        _trades[id] = trade;
        frame.Emit(EscrowAbi.Rolled, [id], new AbiWriter().Add(trade.Deposited).Add(end));
        if (!amount.IsZero)
        {
            Take(frame, amount);
        }

        if (frame.Timestamp > previousEnd)
        {
            var late = new AbiWriter().Add(terms.Buyer).Add(terms.Provider).Add(amount).Add(frame.Timestamp - previousEnd);
            ContractCalls.Tell(frame, _evidence, late.ToCall(EvidenceAbi.RecordLate));
        }
    }

    private void OnSettle(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (terms, cumulative, last) = (EscrowTerms.Read(ref arguments), arguments.ReadAmount(), arguments.ReadBool());
        var signature = (R: arguments.ReadWord(), Vs: arguments.ReadWord());
        var id = terms.TradeId();
        var trade = Live(id);
        RequireProvider(frame, terms);
        RequireOpenWindow(frame, trade, terms);
        var total = cumulative < trade.Deposited ? cumulative : trade.Deposited;
        if (total <= trade.Settled)
        {
            throw Revert(EscrowAbi.NothingToPay);
        }

        RequireSignature(signature, terms.Buyer, new EscrowVoucher(id, cumulative).Digest(frame.ChainId, frame.This));
        var payment = Book(frame, id, ref trade, terms, total);
        if (last)
        {
            Close(frame, id, ref trade);
        }
        else
        {
            _trades[id] = trade;
        }

        Send(frame, terms.Provider, payment);
        if (last)
        {
            Finish(frame, trade, terms);
        }
    }

    private void OnRelease(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var terms = EscrowTerms.Read(ref arguments);
        var id = terms.TradeId();
        var trade = Live(id);
        RequireProvider(frame, terms);
        Close(frame, id, ref trade);
        Finish(frame, trade, terms);
    }

    private void OnClose(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (terms, cumulative) = (EscrowTerms.Read(ref arguments), arguments.ReadAmount());
        var signature = (R: arguments.ReadWord(), Vs: arguments.ReadWord());
        var id = terms.TradeId();
        var trade = Live(id);
        RequireBuyer(frame, terms);
        if (cumulative < trade.Settled || cumulative > trade.Deposited)
        {
            throw Revert(EscrowAbi.AmountOutOfRange);
        }

        RequireSignature(signature, terms.Provider, new EscrowVoucher(id, cumulative).CloseDigest(frame.ChainId, frame.This));
        var payment = cumulative == trade.Settled ? TokenAmount.Zero : Book(frame, id, ref trade, terms, cumulative);
        Close(frame, id, ref trade);
        if (!payment.IsZero)
        {
            _owed[terms.Provider] += payment;
        }

        Finish(frame, trade, terms);
    }

    private void OnRefund(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var terms = EscrowTerms.Read(ref arguments);
        var id = terms.TradeId();
        var trade = Live(id);
        RequireBuyer(frame, terms);
        if (frame.Timestamp <= trade.End + terms.DisputeWindowSeconds)
        {
            throw Revert(EscrowAbi.TooEarly);
        }

        Close(frame, id, ref trade);
        Finish(frame, trade, terms);
    }

    private void OnRate(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (terms, score, details) = (EscrowTerms.Read(ref arguments), arguments.ReadAmount(), arguments.ReadWord());
        var id = terms.TradeId();
        var trade = _trades[id];
        if (!trade.State.HasFlag(EscrowState.Closed))
        {
            throw Revert(EscrowAbi.TradeNotClosed);
        }

        var isBuyer = frame.Sender == terms.Buyer;
        if (!isBuyer && frame.Sender != terms.Provider)
        {
            throw Revert(EscrowAbi.NotParty);
        }

        if (trade.Settled.IsZero)
        {
            throw Revert(EscrowAbi.NothingToPay);
        }

        if (frame.Timestamp > trade.End + RatingWindow)
        {
            throw Revert(EscrowAbi.TooLate);
        }

        var mark = isBuyer ? EscrowState.RatedByBuyer : EscrowState.RatedByProvider;
        if (trade.State.HasFlag(mark))
        {
            throw Revert(EscrowAbi.AlreadyRated);
        }

        _trades[id] = trade with { State = trade.State | mark };
        var ratee = isBuyer ? terms.Provider : terms.Buyer;
        frame.Emit(EscrowAbi.Rated, [id, Topic(frame.Sender), Topic(ratee)], new AbiWriter().Add(score));
        var rating = new AbiWriter().Add(frame.Sender).Add(ratee).Add(id).Add(score).Add(details).Add(trade.Settled);
        ContractCalls.Tell(frame, _evidence, rating.ToCall(EvidenceAbi.RecordRating));
    }

    private void OnCollect(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var amount = _owed[frame.Sender];
        if (amount.IsZero)
        {
            throw Revert(EscrowAbi.NothingToPay);
        }

        _owed[frame.Sender] = TokenAmount.Zero;
        frame.Emit(EscrowAbi.Collected, [Topic(frame.Sender)], new AbiWriter().Add(amount));
        Send(frame, frame.Sender, amount);
    }

    private static void CheckTerms(EscrowTerms terms)
    {
        if (terms.Provider == default
            || terms.Provider == terms.Buyer
            || terms.DisputeWindowSeconds < DisputeWindowMin
            || terms.DisputeWindowSeconds > DisputeWindowMax
            || terms.DeveloperShare + terms.PlatformShare > EscrowTerms.SharesMax
            || terms.Developer == default != (terms.DeveloperShare == 0)
            || terms.Platform == default != (terms.PlatformShare == 0))
        {
            throw Revert(EscrowAbi.TermsOutOfRange);
        }
    }

    private static void RequireBuyer(ModuleFrame frame, EscrowTerms terms)
    {
        if (frame.Sender != terms.Buyer)
        {
            throw Revert(EscrowAbi.NotBuyer);
        }
    }

    private static void RequireProvider(ModuleFrame frame, EscrowTerms terms)
    {
        if (frame.Sender != terms.Provider)
        {
            throw Revert(EscrowAbi.NotProvider);
        }
    }

    private static void RequireOpenWindow(ModuleFrame frame, EscrowTrade trade, EscrowTerms terms)
    {
        if (frame.Timestamp > trade.End + terms.DisputeWindowSeconds)
        {
            throw Revert(EscrowAbi.TradeOver);
        }
    }

    private static void RequireSignature((Hash256 R, Hash256 Vs) signature, AccountAddress signer, Hash256 digest)
    {
        if (!EcRecover.IsBy(signer, digest, signature.R, signature.Vs))
        {
            throw Revert(EscrowAbi.InvalidSignature);
        }
    }

    private EscrowTrade Live(Hash256 id)
    {
        var trade = _trades[id];
        return trade.State == EscrowState.Live ? trade : throw Revert(EscrowAbi.TradeNotLive);
    }

    /// <summary>
    /// Books the step to <paramref name="total"/>: the shares to who has them, the rest to the provider. Shares are rounded down over the
    /// total, not over the step, so that the number of steps changes nothing; what rounding leaves is the provider's.
    /// </summary>
    private TokenAmount Book(ModuleFrame frame, Hash256 id, ref EscrowTrade trade, EscrowTerms terms, TokenAmount total)
    {
        var step = total - trade.Settled;
        var developerPaid = Share(terms.DeveloperShare, trade.Settled, total);
        var platformPaid = Share(terms.PlatformShare, trade.Settled, total);
        if (!developerPaid.IsZero)
        {
            _owed[terms.Developer] += developerPaid;
        }

        if (!platformPaid.IsZero)
        {
            _owed[terms.Platform] += platformPaid;
        }

        trade = trade with { Settled = total };
        var payment = step - developerPaid - platformPaid;
        frame.Emit(EscrowAbi.Settled, [id], new AbiWriter().Add(total).Add(payment).Add(developerPaid).Add(platformPaid));
        return payment;
    }

    private static TokenAmount Share(ushort share, TokenAmount from, TokenAmount to) =>
        to.MultiplyBy(share, BasisPoints, TokenRounding.Down) - from.MultiplyBy(share, BasisPoints, TokenRounding.Down);

    private void Close(ModuleFrame frame, Hash256 id, ref EscrowTrade trade)
    {
        trade = trade with { State = EscrowState.Closed, End = frame.Timestamp };
        _trades[id] = trade;
        frame.Emit(EscrowAbi.Closed, [id], new AbiWriter().Add(trade.Settled).Add(trade.Deposited - trade.Settled));
    }

    private void Finish(ModuleFrame frame, EscrowTrade trade, EscrowTerms terms)
    {
        Send(frame, terms.Buyer, trade.Deposited - trade.Settled);
        if (!trade.Settled.IsZero)
        {
            var settlement = new AbiWriter().Add(terms.Buyer).Add(terms.Provider).Add(trade.Settled);
            ContractCalls.Tell(frame, _evidence, settlement.ToCall(EvidenceAbi.RecordSettlement));
        }
    }

    private void Take(ModuleFrame frame, TokenAmount amount)
    {
        if (!ContractCalls.TryTake(frame, _token, amount))
        {
            throw Revert(EscrowAbi.TransferFailed);
        }
    }

    private void Send(ModuleFrame frame, AccountAddress to, TokenAmount amount)
    {
        if (!ContractCalls.TrySend(frame, _token, to, amount))
        {
            throw Revert(EscrowAbi.TransferFailed);
        }
    }

    /// <summary>A time that was checked.</summary>
    private static ulong Number(TokenAmount time) => time.TryToBaseUnits(out var seconds) ? checked((ulong)seconds) : throw new OverflowException();
}
