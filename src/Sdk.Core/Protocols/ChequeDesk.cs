using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Modules.Token;
using Sdk.Core.Ledger.Modules.Vault;
using Sdk.Core.Payments;

namespace Sdk.Core.Protocols;

/// <summary>What the books need of the ledger: what stands behind cheques, our own deposit, and cashing.</summary>
internal sealed class ChequeDesk
{
    /// <summary>Cheques cashed in one transaction.</summary>
    private const int BatchMax = 16;

    private static readonly TimeSpan PermitLifetime = TimeSpan.FromHours(1);

    private readonly ILedger _ledger;
    private readonly VaultContract _vault;
    private readonly KeyPair _account;

    public ChequeDesk(ILedger ledger, KeyPair account)
    {
        (_ledger, _account) = (ledger, account);
        _vault = ledger.Module<VaultContract>();
        Domain = new ChequeDomain(ledger.ChainId, _vault.Address);
    }

    public ChequeDomain Domain { get; }

    /// <summary>What stands behind an issuer's cheques to us. The newest state is asked: an announced withdrawal counts from its first block on.</summary>
    public async ValueTask<ChequeCover> CoverAsync(AccountAddress issuer, CancellationToken cancellationToken)
    {
        var deposit = await _vault.DepositOfAsync(issuer, LedgerView.Latest, cancellationToken).ConfigureAwait(false);
        var withdrawal = await _vault.WithdrawalOfAsync(issuer, LedgerView.Latest, cancellationToken).ConfigureAwait(false);
        var book = await _vault.BookOfAsync(issuer, _account.Address, LedgerView.Latest, cancellationToken).ConfigureAwait(false);
        var decrease = await _vault.HardDepositDecreaseOfAsync(issuer, _account.Address, LedgerView.Latest, cancellationToken).ConfigureAwait(false);
        var hard = book.Hard > decrease.Amount ? book.Hard - decrease.Amount : TokenAmount.Zero;
        return new ChequeCover(deposit.Free, withdrawal.Amount, hard, book.PaidOut);
    }

    public async ValueTask DepositAsync(TokenAmount amount, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var token = _ledger.Module<TokenContract>();
        var permit = await token.SignPermitAsync(_account, _vault.Address, amount, (ulong)(now + PermitLifetime).ToUnixTimeSeconds(), cancellationToken).ConfigureAwait(false);
        var receipt = await _vault.DepositWithPermitAsync(_account.Address, permit, _account, cancellationToken).ConfigureAwait(false);
        await _ledger.FinalAsync(receipt, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>First what peers have cashed, then what is left: the other way round, what is cashed in between would seem to be free.</summary>
    public async ValueTask ReadFundsAsync(Accounting books, CancellationToken cancellationToken)
    {
        foreach (var sheet in books.Sheets.Where(sheet => sheet.Issued > sheet.PaidToPeer))
        {
            var book = await _vault.BookOfAsync(_account.Address, sheet.Account, LedgerView.Final, cancellationToken).ConfigureAwait(false);
            books.PaidToPeer(sheet, BaseUnits(book.PaidOut));
        }

        var withdrawal = await _vault.WithdrawalOfAsync(_account.Address, LedgerView.Latest, cancellationToken).ConfigureAwait(false);
        var deposit = await _vault.DepositOfAsync(_account.Address, LedgerView.Final, cancellationToken).ConfigureAwait(false);
        books.Deposited(BaseUnits(deposit.Free > withdrawal.Amount ? deposit.Free - withdrawal.Amount : TokenAmount.Zero));
    }

    /// <summary>A cheque that has bounced is presented again once there is cover.</summary>
    public async ValueTask LookAtBouncesAsync(Accounting books, DateTimeOffset now, CancellationToken cancellationToken)
    {
        foreach (var sheet in books.Sheets.Where(sheet => sheet.Bounced > 0))
        {
            books.Covered(sheet, await CoverAsync(sheet.Account, cancellationToken).ConfigureAwait(false), now);
        }
    }

    /// <summary>Cashes what is worth it, and tells the books what the vault made of it once that is final.</summary>
    public async ValueTask CashAsync(Accounting books, UInt128 cost, TimeProvider time, CancellationToken cancellationToken)
    {
        while (books.BeginCashing(cost, BatchMax, time.GetUtcNow()) is { Count: > 0 } chosen)
        {
            try
            {
                var cheques = chosen.Select(sheet => books.HeldCheque(sheet)!).Select(held => new VaultCheque(held.Cheque.Issuer, held.Cheque.CumulativePayout, held.Signature));
                var receipt = await _vault.CashBatchAsync(_account.Address, [.. cheques], _account, cancellationToken).ConfigureAwait(false);
                await _ledger.FinalAsync(receipt, cancellationToken).ConfigureAwait(false);
            }
            catch (LedgerRevertException)
            {
                // Somebody cashed them before: what the vault says below is what counts.
            }
            catch
            {
                books.CashingFailed(chosen);
                throw;
            }

            await ReadBooksAsync(books, chosen, time, cancellationToken).ConfigureAwait(false);
            if (chosen.Count < BatchMax)
            {
                return;
            }
        }
    }

    private async ValueTask ReadBooksAsync(Accounting books, IReadOnlyList<PeerSheet> sheets, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var sheet in sheets)
            {
                var book = await _vault.BookOfAsync(sheet.Account, _account.Address, LedgerView.Final, cancellationToken).ConfigureAwait(false);
                books.Cashed(sheet, BaseUnits(book.PaidOut + book.Missing), BaseUnits(book.PaidOut), time.GetUtcNow());
            }
        }
        finally
        {
            books.CashingFailed(sheets);
        }
    }

    private static UInt128 BaseUnits(TokenAmount amount) => amount.TryToBaseUnits(out var baseUnits) ? baseUnits : UInt128.MaxValue;
}
