using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Modules.Evidence;
using Sdk.Core.Ledger.Modules.Token;

namespace Sdk.Core.Ledger.Modules.Escrow;

/// <summary>
/// Trades whose money is locked before the service begins. The buyer signs vouchers while it runs; the provider has the highest one paid;
/// what is left goes back to the buyer. A trade under escrow is paid by its vouchers alone.
/// </summary>
/// <remarks>
/// The worst that can happen: a buyer that stops signing costs the provider what it served since the last voucher; a provider that stops
/// serving costs the buyer what it paid ahead, and keeps the rest locked until the end and the dispute window are over. A provider that
/// does not settle by then loses what it did not settle.
/// </remarks>
public sealed class EscrowContract : ContractClient, IContract<EscrowContract>
{
    private EscrowContract(ILedger ledger, AccountAddress address)
        : base(ledger, address)
    {
    }

    /// <inheritdoc/>
    public static string ModuleName => "Escrow";

    /// <inheritdoc/>
    public static IReadOnlyList<AbiError> Errors { get; } = [.. EscrowAbi.Errors, .. EvidenceAbi.Errors, .. TokenAbi.Errors];

    /// <inheritdoc/>
    public static EscrowContract Bind(ILedger ledger, AccountAddress address) => new(ledger, address);

    /// <summary>Locks money for a provider, until <paramref name="end"/>. The escrow needs the buyer's allowance for the tokens.</summary>
    /// <param name="terms">What is agreed; the buyer of it signs.</param>
    /// <param name="amount">How much, below 2^104 base units.</param>
    /// <param name="end">When the service ends, in whole seconds, at most 366 days from now.</param>
    /// <param name="buyer">The buyer's key.</param>
    /// <param name="cancellationToken">Stops waiting; the operation may be included all the same.</param>
    /// <exception cref="LedgerRevertException">The contract refused: an error of <see cref="EscrowAbi"/> or of the token.</exception>
    /// <exception cref="LedgerException">The ledger did not take it.</exception>
    public ValueTask<LedgerReceipt> LockAsync(
        EscrowTerms terms, TokenAmount amount, DateTimeOffset end, KeyPair buyer, CancellationToken cancellationToken = default) =>
        SubmitAsync(EscrowAbi.Lock, Write(terms).Add(amount).Add(UnixTime.Seconds(end)), buyer, cancellationToken: cancellationToken);

    /// <summary>Adds money, time or both to a live trade. After the end, within the dispute window, it is on record as late.</summary>
    /// <inheritdoc cref="LockAsync"/>
    public ValueTask<LedgerReceipt> RollAsync(
        EscrowTerms terms, TokenAmount amount, DateTimeOffset end, KeyPair buyer, CancellationToken cancellationToken = default) =>
        SubmitAsync(EscrowAbi.Roll, Write(terms).Add(amount).Add(UnixTime.Seconds(end)), buyer, cancellationToken: cancellationToken);

    /// <summary>Has a voucher paid, up to what is deposited.</summary>
    /// <param name="terms">What is agreed; the provider of it signs.</param>
    /// <param name="cumulative">The voucher's total, in base units.</param>
    /// <param name="isLast">Whether the trade closes with it, so that the rest goes back at once.</param>
    /// <param name="voucherSignature">The buyer's signature of the voucher.</param>
    /// <param name="provider">The provider's key.</param>
    /// <param name="cancellationToken">Stops waiting; the operation may be included all the same.</param>
    /// <exception cref="LedgerRevertException">The contract refused: an error of <see cref="EscrowAbi"/> or of the token.</exception>
    /// <exception cref="LedgerException">The ledger did not take it.</exception>
    public ValueTask<LedgerReceipt> SettleAsync(
        EscrowTerms terms, TokenAmount cumulative, bool isLast, Signature voucherSignature, KeyPair provider, CancellationToken cancellationToken = default)
    {
        var (r, vs) = voucherSignature.ToCompact();
        var arguments = Write(terms).Add(cumulative).Add(isLast).Add(r).Add(vs);
        return SubmitAsync(EscrowAbi.Settle, arguments, provider, cancellationToken: cancellationToken);
    }

    /// <summary>Lets go of what is not settled: the trade closes and the rest goes back to the buyer.</summary>
    /// <param name="terms">What is agreed; the provider of it signs.</param>
    /// <param name="provider">The provider's key.</param>
    /// <param name="cancellationToken">Stops waiting; the operation may be included all the same.</param>
    /// <exception cref="LedgerRevertException">The contract refused: an error of <see cref="EscrowAbi"/> or of the token.</exception>
    /// <exception cref="LedgerException">The ledger did not take it.</exception>
    public ValueTask<LedgerReceipt> ReleaseAsync(EscrowTerms terms, KeyPair provider, CancellationToken cancellationToken = default) =>
        SubmitAsync(EscrowAbi.Release, Write(terms), provider, cancellationToken: cancellationToken);

    /// <summary>Ends a trade before its time, with the provider's consent to a total (<see cref="EscrowVoucher.SignClose"/>), which it collects.</summary>
    /// <param name="terms">What is agreed; the buyer of it signs.</param>
    /// <param name="cumulative">What the provider is to have in all, in base units, shares included.</param>
    /// <param name="closeSignature">The provider's signature.</param>
    /// <param name="buyer">The buyer's key.</param>
    /// <param name="cancellationToken">Stops waiting; the operation may be included all the same.</param>
    /// <exception cref="LedgerRevertException">The contract refused: an error of <see cref="EscrowAbi"/> or of the token.</exception>
    /// <exception cref="LedgerException">The ledger did not take it.</exception>
    public ValueTask<LedgerReceipt> CloseAsync(
        EscrowTerms terms, TokenAmount cumulative, Signature closeSignature, KeyPair buyer, CancellationToken cancellationToken = default)
    {
        var (r, vs) = closeSignature.ToCompact();
        return SubmitAsync(EscrowAbi.Close, Write(terms).Add(cumulative).Add(r).Add(vs), buyer, cancellationToken: cancellationToken);
    }

    /// <summary>Takes back what the provider has not settled, after the dispute window.</summary>
    /// <param name="terms">What is agreed; the buyer of it signs.</param>
    /// <param name="buyer">The buyer's key.</param>
    /// <param name="cancellationToken">Stops waiting; the operation may be included all the same.</param>
    /// <exception cref="LedgerRevertException">The contract refused: an error of <see cref="EscrowAbi"/> or of the token.</exception>
    /// <exception cref="LedgerException">The ledger did not take it.</exception>
    public ValueTask<LedgerReceipt> RefundAsync(EscrowTerms terms, KeyPair buyer, CancellationToken cancellationToken = default) =>
        SubmitAsync(EscrowAbi.Refund, Write(terms), buyer, cancellationToken: cancellationToken);

    /// <summary>Rates the other side of a trade that was paid, once and for good, within 30 days of its closing.</summary>
    /// <param name="terms">What was agreed; one side of it signs.</param>
    /// <param name="score">0 to 100.</param>
    /// <param name="details">What the rating rests on, by its hash; only the event keeps it.</param>
    /// <param name="side">The key of the buyer or the provider.</param>
    /// <param name="cancellationToken">Stops waiting; the operation may be included all the same.</param>
    /// <exception cref="LedgerRevertException">The contract refused: an error of <see cref="EscrowAbi"/> or of <see cref="EvidenceAbi"/>.</exception>
    /// <exception cref="LedgerException">The ledger did not take it.</exception>
    public ValueTask<LedgerReceipt> RateAsync(EscrowTerms terms, byte score, Hash256 details, KeyPair side, CancellationToken cancellationToken = default) =>
        SubmitAsync(EscrowAbi.Rate, Write(terms).Add((ulong)score).Add(details), side, cancellationToken: cancellationToken);

    /// <summary>Takes what the account is owed: shares of developers and platforms, and what a buyer's closing left for the provider.</summary>
    /// <param name="account">The account's key.</param>
    /// <param name="cancellationToken">Stops waiting; the operation may be included all the same.</param>
    /// <exception cref="LedgerRevertException">Nothing is owed, or the token refused.</exception>
    /// <exception cref="LedgerException">The ledger did not take it.</exception>
    public ValueTask<LedgerReceipt> CollectAsync(KeyPair account, CancellationToken cancellationToken = default) =>
        SubmitAsync(EscrowAbi.Collect, null, account, cancellationToken: cancellationToken);

    /// <summary>How a trade stands.</summary>
    /// <param name="trade">Its id (<see cref="EscrowTerms.TradeId"/>).</param>
    /// <param name="view">On which state.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LedgerException">The ledger does not answer, or not credibly.</exception>
    public async ValueTask<EscrowTrade> TradeAsync(Hash256 trade, LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default)
    {
        var returned = await QueryAsync(EscrowAbi.TradeOf, new AbiWriter().Add(trade), view, cancellationToken).ConfigureAwait(false);
        var reader = new AbiReader(returned);
        return EscrowTrade.Read(ref reader);
    }

    /// <summary>What an account can collect, in base units.</summary>
    /// <param name="account">The account.</param>
    /// <param name="view">On which state.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LedgerException">The ledger does not answer, or not credibly.</exception>
    public async ValueTask<TokenAmount> OwedAsync(AccountAddress account, LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default)
    {
        var returned = await QueryAsync(EscrowAbi.Owed, new AbiWriter().Add(account), view, cancellationToken).ConfigureAwait(false);
        return new AbiReader(returned).ReadAmount();
    }

    private static AbiWriter Write(EscrowTerms terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        return terms.Write(new AbiWriter());
    }
}
