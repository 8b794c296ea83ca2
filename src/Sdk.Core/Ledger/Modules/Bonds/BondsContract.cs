using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Modules.Evidence;
using Sdk.Core.Ledger.Modules.Token;

namespace Sdk.Core.Ledger.Modules.Bonds;

/// <summary>
/// Bonds of providers, and cases about them. Who was cheated stakes something and challenges; providers drawn by a later block look for
/// themselves and testify; the rule of the contract decides.
/// </summary>
/// <remarks>
/// What it costs to cheat the court: each seat in each draw is the share of one's accounts among all providers, each bonded with one token
/// at least; a majority of the seats decides. A provider that drains its own bond by a friend's challenge loses half of it at least. Who
/// makes the blocks can throw a hash away and draw again; a deployment where that pays needs larger bonds than its block rewards.
/// </remarks>
public sealed class BondsContract : ContractClient, IContract<BondsContract>
{
    private BondsContract(ILedger ledger, AccountAddress address)
        : base(ledger, address)
    {
    }

    /// <inheritdoc/>
    public static string ModuleName => "Bonds";

    /// <inheritdoc/>
    public static IReadOnlyList<AbiError> Errors { get; } = [.. BondsAbi.Errors, .. EvidenceAbi.Errors, .. TokenAbi.Errors];

    /// <inheritdoc/>
    public static BondsContract Bind(ILedger ledger, AccountAddress address) => new(ledger, address);

    /// <summary>Registers a provider: names the nonce of its overlay address for good, and posts its first bond, one token at least.</summary>
    /// <param name="overlayNonce">The nonce of its overlay address.</param>
    /// <param name="bond">The bond, in base units; the contract needs the allowance for it.</param>
    /// <param name="provider">The provider's key.</param>
    /// <param name="cancellationToken">Stops waiting; the operation may be included all the same.</param>
    /// <exception cref="LedgerRevertException">The contract refused: an error of <see cref="BondsAbi"/> or of the token.</exception>
    /// <exception cref="LedgerException">The ledger did not take it.</exception>
    public ValueTask<LedgerReceipt> RegisterAsync(Hash256 overlayNonce, TokenAmount bond, KeyPair provider, CancellationToken cancellationToken = default) =>
        SubmitAsync(BondsAbi.Register, new AbiWriter().Add(overlayNonce).Add(bond), provider, cancellationToken: cancellationToken);

    /// <summary>Adds to the bond.</summary>
    /// <param name="amount">How much, in base units; the contract needs the allowance for it.</param>
    /// <param name="provider">The provider's key.</param>
    /// <param name="cancellationToken">Stops waiting; the operation may be included all the same.</param>
    /// <exception cref="LedgerRevertException">The contract refused: an error of <see cref="BondsAbi"/> or of the token.</exception>
    /// <exception cref="LedgerException">The ledger did not take it.</exception>
    public ValueTask<LedgerReceipt> PostAsync(TokenAmount amount, KeyPair provider, CancellationToken cancellationToken = default) =>
        SubmitAsync(BondsAbi.Post, new AbiWriter().Add(amount), provider, cancellationToken: cancellationToken);

    /// <summary>Asks to take so much of the bond away, all of it or down to the least, seven days from now; zero takes a request back.</summary>
    /// <param name="amount">How much, in base units.</param>
    /// <param name="provider">The provider's key.</param>
    /// <param name="cancellationToken">Stops waiting; the operation may be included all the same.</param>
    /// <exception cref="LedgerRevertException">The contract refused: an error of <see cref="BondsAbi"/>.</exception>
    /// <exception cref="LedgerException">The ledger did not take it.</exception>
    public ValueTask<LedgerReceipt> RequestLeaveAsync(TokenAmount amount, KeyPair provider, CancellationToken cancellationToken = default) =>
        SubmitAsync(BondsAbi.RequestLeave, new AbiWriter().Add(amount), provider, cancellationToken: cancellationToken);

    /// <summary>Takes away what was asked for seven days before, as far as no open case may take it.</summary>
    /// <param name="provider">The provider's key.</param>
    /// <param name="cancellationToken">Stops waiting; the operation may be included all the same.</param>
    /// <exception cref="LedgerRevertException">The contract refused: an error of <see cref="BondsAbi"/> or of the token.</exception>
    /// <exception cref="LedgerException">The ledger did not take it.</exception>
    public ValueTask<LedgerReceipt> WithdrawAsync(KeyPair provider, CancellationToken cancellationToken = default) =>
        SubmitAsync(BondsAbi.Withdraw, null, provider, cancellationToken: cancellationToken);

    /// <summary>Opens a case, which puts ten times the stake of the provider's bond at risk, as far as there is so much.</summary>
    /// <param name="provider">Who is accused.</param>
    /// <param name="kind">What of.</param>
    /// <param name="subject">The hash of what was owed, such as an agreement or a block of data.</param>
    /// <param name="seats">How many witnesses: 3, 5 or 7.</param>
    /// <param name="stake">The stake, in base units, a tenth of a token at least; the contract needs the allowance for it.</param>
    /// <param name="challenger">The challenger's key.</param>
    /// <param name="cancellationToken">Stops waiting; the operation may be included all the same.</param>
    /// <returns>The receipt; its <see cref="BondsAbi.Challenged"/> names the case.</returns>
    /// <exception cref="LedgerRevertException">The contract refused: an error of <see cref="BondsAbi"/> or of the token.</exception>
    /// <exception cref="LedgerException">The ledger did not take it.</exception>
    public ValueTask<LedgerReceipt> ChallengeAsync(
        AccountAddress provider, BondCaseKind kind, Hash256 subject, int seats, TokenAmount stake, KeyPair challenger, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(seats);
        var arguments = new AbiWriter().Add(provider).Add((ulong)kind).Add(subject).Add((ulong)seats).Add(stake);
        return SubmitAsync(BondsAbi.Challenge, arguments, challenger, cancellationToken: cancellationToken);
    }

    /// <summary>Draws the witnesses; at the earliest in the second block after the challenge.</summary>
    /// <param name="caseId">The case.</param>
    /// <param name="anybody">Whose key it is does not matter.</param>
    /// <param name="cancellationToken">Stops waiting; the operation may be included all the same.</param>
    /// <exception cref="LedgerRevertException">The contract refused: an error of <see cref="BondsAbi"/>.</exception>
    /// <exception cref="LedgerException">The ledger did not take it.</exception>
    public ValueTask<LedgerReceipt> DrawAsync(ulong caseId, KeyPair anybody, CancellationToken cancellationToken = default) =>
        SubmitAsync(BondsAbi.Draw, new AbiWriter().Add(caseId), anybody, cancellationToken: cancellationToken);

    /// <summary>Answers a challenge, within a day.</summary>
    /// <param name="caseId">The case.</param>
    /// <param name="answer">The hash of what the provider shows the witnesses; not zero.</param>
    /// <param name="provider">The provider's key.</param>
    /// <param name="cancellationToken">Stops waiting; the operation may be included all the same.</param>
    /// <exception cref="LedgerRevertException">The contract refused: an error of <see cref="BondsAbi"/>.</exception>
    /// <exception cref="LedgerException">The ledger did not take it.</exception>
    public ValueTask<LedgerReceipt> AnswerAsync(ulong caseId, Hash256 answer, KeyPair provider, CancellationToken cancellationToken = default) =>
        SubmitAsync(BondsAbi.Answer, new AbiWriter().Add(caseId).Add(answer), provider, cancellationToken: cancellationToken);

    /// <summary>Brings a testimony.</summary>
    /// <param name="testimony">What the witness says.</param>
    /// <param name="seat">Its seat, from zero.</param>
    /// <param name="signature">Its signature.</param>
    /// <param name="anybody">Whose key it is does not matter.</param>
    /// <param name="cancellationToken">Stops waiting; the operation may be included all the same.</param>
    /// <exception cref="LedgerRevertException">The contract refused: an error of <see cref="BondsAbi"/>.</exception>
    /// <exception cref="LedgerException">The ledger did not take it.</exception>
    public ValueTask<LedgerReceipt> TestifyAsync(
        WitnessTestimony testimony, int seat, Signature signature, KeyPair anybody, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(seat);
        var (r, vs) = signature.ToCompact();
        var arguments = new AbiWriter().Add(testimony.CaseId).Add((ulong)seat).Add(testimony.Served).Add(r).Add(vs);
        return SubmitAsync(BondsAbi.Testify, arguments, anybody, cancellationToken: cancellationToken);
    }

    /// <summary>Asks for the verdict, two days after the challenge.</summary>
    /// <param name="caseId">The case.</param>
    /// <param name="anybody">Whose key it is does not matter.</param>
    /// <param name="cancellationToken">Stops waiting; the operation may be included all the same.</param>
    /// <exception cref="LedgerRevertException">The contract refused: an error of <see cref="BondsAbi"/>.</exception>
    /// <exception cref="LedgerException">The ledger did not take it.</exception>
    public ValueTask<LedgerReceipt> JudgeAsync(ulong caseId, KeyPair anybody, CancellationToken cancellationToken = default) =>
        SubmitAsync(BondsAbi.Judge, new AbiWriter().Add(caseId), anybody, cancellationToken: cancellationToken);

    /// <summary>Takes what the account is owed: stakes, rewards, compensations.</summary>
    /// <param name="account">The account's key.</param>
    /// <param name="cancellationToken">Stops waiting; the operation may be included all the same.</param>
    /// <exception cref="LedgerRevertException">Nothing is owed, or the token refused.</exception>
    /// <exception cref="LedgerException">The ledger did not take it.</exception>
    public ValueTask<LedgerReceipt> CollectAsync(KeyPair account, CancellationToken cancellationToken = default) =>
        SubmitAsync(BondsAbi.Collect, null, account, cancellationToken: cancellationToken);

    /// <summary>A provider; its number is zero where the account never registered.</summary>
    /// <param name="account">The account.</param>
    /// <param name="view">On which state.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LedgerException">The ledger does not answer, or not credibly.</exception>
    public async ValueTask<BondedProvider> ProviderAsync(
        AccountAddress account, LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default)
    {
        var returned = await QueryAsync(BondsAbi.ProviderOf, new AbiWriter().Add(account), view, cancellationToken).ConfigureAwait(false);
        var reader = new AbiReader(returned);
        return BondedProvider.Read(ref reader);
    }

    /// <summary>A case; its state says where there is none.</summary>
    /// <param name="caseId">The case.</param>
    /// <param name="view">On which state.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LedgerException">The ledger does not answer, or not credibly.</exception>
    public async ValueTask<BondCase> CaseAsync(ulong caseId, LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default)
    {
        var returned = await QueryAsync(BondsAbi.CaseOf, new AbiWriter().Add(caseId), view, cancellationToken).ConfigureAwait(false);
        var reader = new AbiReader(returned);
        return BondCase.Read(ref reader);
    }

    /// <summary>Who sits in a seat of a case; the zero address where nobody does.</summary>
    /// <param name="caseId">The case.</param>
    /// <param name="seat">The seat, from zero.</param>
    /// <param name="view">On which state.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LedgerException">The ledger does not answer, or not credibly.</exception>
    public async ValueTask<AccountAddress> WitnessAsync(
        ulong caseId, int seat, LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(seat);
        var returned = await QueryAsync(BondsAbi.WitnessOf, new AbiWriter().Add(caseId).Add((ulong)seat), view, cancellationToken).ConfigureAwait(false);
        return new AbiReader(returned).ReadAddress();
    }

    /// <summary>What an account can collect, in base units.</summary>
    /// <param name="account">The account.</param>
    /// <param name="view">On which state.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LedgerException">The ledger does not answer, or not credibly.</exception>
    public async ValueTask<TokenAmount> OwedAsync(AccountAddress account, LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default)
    {
        var returned = await QueryAsync(BondsAbi.Owed, new AbiWriter().Add(account), view, cancellationToken).ConfigureAwait(false);
        return new AbiReader(returned).ReadAmount();
    }
}
