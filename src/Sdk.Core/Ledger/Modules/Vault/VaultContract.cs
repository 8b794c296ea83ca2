using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Modules.Evidence;
using Sdk.Core.Ledger.Modules.Token;

namespace Sdk.Core.Ledger.Modules.Vault;

/// <summary>
/// The vault on a ledger: deposits of all accounts, and the cheques drawn on them. Amounts are in base units (<see cref="TokenAmount"/>),
/// times in seconds since 1970.
/// </summary>
/// <remarks>
/// Thread-safe. What a call can be refused for says <see cref="LedgerRevertException.ErrorName"/>, by the names in <see cref="VaultAbi"/>;
/// where tokens move, also by those in <see cref="TokenAbi"/>.
/// </remarks>
public sealed class VaultContract : ContractClient, IContract<VaultContract>
{
    private VaultContract(ILedger ledger, AccountAddress address)
        : base(ledger, address)
    {
    }

    /// <inheritdoc/>
    public static string ModuleName => VaultModule.ModuleName;

    /// <inheritdoc/>
    public static IReadOnlyList<AbiError> Errors { get; } = [.. VaultAbi.Errors, .. EvidenceAbi.Errors, .. TokenAbi.Errors];

    /// <inheritdoc/>
    public static VaultContract Bind(ILedger ledger, AccountAddress address) => new(ledger, address);

    /// <summary>Moves tokens of the signer, within the vault's allowance, into the deposit of an account, which may be another's.</summary>
    public ValueTask<LedgerReceipt> DepositAsync(AccountAddress account, TokenAmount amount, KeyPair signer, CancellationToken cancellationToken = default) =>
        SubmitAsync(VaultAbi.Deposit, new AbiWriter().Add(account).Add(amount), signer, cancellationToken: cancellationToken);

    /// <summary>The same with the signer's permit for the vault, which says how much.</summary>
    public ValueTask<LedgerReceipt> DepositWithPermitAsync(
        AccountAddress account, TokenPermit permit, KeyPair signer, CancellationToken cancellationToken = default)
    {
        var (v, r, s) = permit.Signature.Split();
        var arguments = new AbiWriter().Add(account).Add(permit.Value).Add(permit.Deadline).Add((ulong)v).Add(r).Add(s);
        return SubmitAsync(VaultAbi.DepositWithPermit, arguments, signer, cancellationToken: cancellationToken);
    }

    /// <summary>
    /// Announces a withdrawal, in place of any announced before; zero takes it back. It waits <see cref="VaultModule.WithdrawalDelaySeconds"/>,
    /// cheques cashed meanwhile win, and the amount counts as no cover from now on.
    /// </summary>
    public ValueTask<LedgerReceipt> RequestWithdrawalAsync(TokenAmount amount, KeyPair signer, CancellationToken cancellationToken = default) =>
        SubmitAsync(VaultAbi.RequestWithdrawal, new AbiWriter().Add(amount), signer, cancellationToken: cancellationToken);

    /// <summary>Has the announced withdrawal paid to a recipient, or what cheques and hard deposits have left of it.</summary>
    public ValueTask<LedgerReceipt> WithdrawAsync(AccountAddress recipient, KeyPair signer, CancellationToken cancellationToken = default) =>
        SubmitAsync(VaultAbi.Withdraw, new AbiWriter().Add(recipient), signer, cancellationToken: cancellationToken);

    /// <summary>Cashes a cheque into its beneficiary's deposit; anybody may. What cannot be paid bounces, on record.</summary>
    public ValueTask<LedgerReceipt> CashChequeAsync(
        AccountAddress beneficiary, VaultCheque cheque, KeyPair signer, CancellationToken cancellationToken = default) =>
        SubmitAsync(VaultAbi.CashCheque, Cheque(cheque, beneficiary), signer, cancellationToken: cancellationToken);

    /// <summary>Cashes a cheque to the signer, and has the tokens paid to a recipient.</summary>
    public ValueTask<LedgerReceipt> CashOutAsync(AccountAddress recipient, VaultCheque cheque, KeyPair signer, CancellationToken cancellationToken = default) =>
        SubmitAsync(VaultAbi.CashOut, Cheque(cheque, recipient), signer, cancellationToken: cancellationToken);

    /// <summary>Cashes cheques of several issuers into their beneficiary's deposit. Those that change nothing are passed over.</summary>
    public ValueTask<LedgerReceipt> CashBatchAsync(
        AccountAddress beneficiary, IReadOnlyCollection<VaultCheque> cheques, KeyPair signer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(cheques);
        var elements = new AbiWriter();
        foreach (var cheque in cheques)
        {
            var (r, vs) = cheque.Signature.ToCompact();
            elements.Add(cheque.Issuer).Add(cheque.CumulativePayout).Add(r).Add(vs);
        }

        return SubmitAsync(VaultAbi.CashBatch, new AbiWriter().Add(beneficiary).AddArray(cheques.Count, elements), signer, cancellationToken: cancellationToken);
    }

    /// <summary>Reserves a part of the signer's deposit for one beneficiary, whose cheques are paid from it first.</summary>
    public ValueTask<LedgerReceipt> IncreaseHardDepositAsync(
        AccountAddress beneficiary, TokenAmount amount, KeyPair signer, CancellationToken cancellationToken = default) =>
        SubmitAsync(VaultAbi.IncreaseHardDeposit, new AbiWriter().Add(beneficiary).Add(amount), signer, cancellationToken: cancellationToken);

    /// <summary>Announces a decrease of what the signer has reserved, in place of any announced before; zero takes it back.</summary>
    public ValueTask<LedgerReceipt> RequestHardDepositDecreaseAsync(
        AccountAddress beneficiary, TokenAmount amount, KeyPair signer, CancellationToken cancellationToken = default) =>
        SubmitAsync(VaultAbi.RequestHardDepositDecrease, new AbiWriter().Add(beneficiary).Add(amount), signer, cancellationToken: cancellationToken);

    /// <summary>Carries out the announced decrease, or what cheques have left of it.</summary>
    public ValueTask<LedgerReceipt> DecreaseHardDepositAsync(AccountAddress beneficiary, KeyPair signer, CancellationToken cancellationToken = default) =>
        SubmitAsync(VaultAbi.DecreaseHardDeposit, new AbiWriter().Add(beneficiary), signer, cancellationToken: cancellationToken);

    /// <summary>What an account has in the vault.</summary>
    public async ValueTask<VaultDeposit> DepositOfAsync(
        AccountAddress account, LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default)
    {
        var reader = new AbiReader(await QueryAsync(VaultAbi.DepositOf, new AbiWriter().Add(account), view, cancellationToken).ConfigureAwait(false));
        return new VaultDeposit(reader.ReadAmount(), reader.ReadAmount());
    }

    /// <summary>What was paid of an issuer's cheques to a beneficiary, what is reserved for it, what bounced.</summary>
    public async ValueTask<VaultBook> BookOfAsync(
        AccountAddress issuer, AccountAddress beneficiary, LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default)
    {
        var reader = new AbiReader(
            await QueryAsync(VaultAbi.BookOf, new AbiWriter().Add(issuer).Add(beneficiary), view, cancellationToken).ConfigureAwait(false));
        return new VaultBook(reader.ReadAmount(), reader.ReadAmount(), reader.ReadAmount());
    }

    /// <summary>The withdrawal that an account has announced.</summary>
    public ValueTask<VaultRequest> WithdrawalOfAsync(
        AccountAddress account, LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default) =>
        RequestAsync(VaultAbi.WithdrawalOf, new AbiWriter().Add(account), view, cancellationToken);

    /// <summary>The decrease of a hard deposit that an issuer has announced.</summary>
    public ValueTask<VaultRequest> HardDepositDecreaseOfAsync(
        AccountAddress issuer, AccountAddress beneficiary, LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default) =>
        RequestAsync(VaultAbi.HardDepositDecreaseOf, new AbiWriter().Add(issuer).Add(beneficiary), view, cancellationToken);

    /// <summary>
    /// What a beneficiary may count on: the issuer's free deposit, which others may draw on first, and what is reserved for the beneficiary,
    /// both without what was announced to leave.
    /// </summary>
    public async ValueTask<TokenAmount> CoverAsync(
        AccountAddress issuer, AccountAddress beneficiary, LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default) =>
        new AbiReader(await QueryAsync(VaultAbi.Cover, new AbiWriter().Add(issuer).Add(beneficiary), view, cancellationToken).ConfigureAwait(false)).ReadAmount();

    private static AbiWriter Cheque(VaultCheque cheque, AccountAddress second)
    {
        var (r, vs) = cheque.Signature.ToCompact();
        return new AbiWriter().Add(cheque.Issuer).Add(second).Add(cheque.CumulativePayout).Add(r).Add(vs);
    }

    private async ValueTask<VaultRequest> RequestAsync(AbiFunction function, AbiWriter arguments, LedgerView view, CancellationToken cancellationToken)
    {
        var reader = new AbiReader(await QueryAsync(function, arguments, view, cancellationToken).ConfigureAwait(false));
        return new VaultRequest(reader.ReadAmount(), reader.ReadUInt64());
    }
}
