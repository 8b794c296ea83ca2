using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;

namespace Sdk.Core.Ledger.Modules.Evidence;

/// <summary>
/// Facts about accounts on a ledger: bounced cheques, late payments, settled trades, slashed bonds, ratings. Other contracts write them;
/// everybody can read them.
/// </summary>
public sealed class EvidenceContract : ContractClient, IContract<EvidenceContract>
{
    private EvidenceContract(ILedger ledger, AccountAddress address)
        : base(ledger, address)
    {
    }

    /// <inheritdoc/>
    public static string ModuleName => "Evidence";

    /// <inheritdoc/>
    public static IReadOnlyList<AbiError> Errors => EvidenceAbi.Errors;

    /// <inheritdoc/>
    public static EvidenceContract Bind(ILedger ledger, AccountAddress address) => new(ledger, address);

    /// <summary>All that the ledger knows of an account.</summary>
    /// <param name="account">The account.</param>
    /// <param name="view">On which state.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LedgerException">The ledger does not answer, or not credibly.</exception>
    public async ValueTask<AccountStanding> StandingAsync(
        AccountAddress account, LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default)
    {
        var returned = await QueryAsync(EvidenceAbi.Standing, new AbiWriter().Add(account), view, cancellationToken).ConfigureAwait(false);
        var reader = new AbiReader(returned);
        return AccountStanding.Read(ref reader);
    }

    /// <summary>What an issuer owes a beneficiary for bounces that one contract recorded, in base units.</summary>
    /// <param name="writer">The contract that recorded them, such as the vault.</param>
    /// <param name="issuer">Who owes.</param>
    /// <param name="beneficiary">To whom.</param>
    /// <param name="view">On which state.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LedgerException">The ledger does not answer, or not credibly.</exception>
    public async ValueTask<TokenAmount> MissingAsync(
        AccountAddress writer, AccountAddress issuer, AccountAddress beneficiary, LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default)
    {
        var arguments = new AbiWriter().Add(writer).Add(issuer).Add(beneficiary);
        var returned = await QueryAsync(EvidenceAbi.MissingOf, arguments, view, cancellationToken).ConfigureAwait(false);
        return new AbiReader(returned).ReadAmount();
    }
}
