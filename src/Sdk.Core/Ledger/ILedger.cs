using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger;

/// <summary>
/// A ledger on which contracts hold what accounts own and owe. The embedded ledger runs them as C# modules, an EVM as Solidity
/// contracts: the same calls, events and errors, byte for byte, so an application does not know which it has.
/// </summary>
/// <remarks>Thread-safe. Operations of one account are included in the order in which they were submitted.</remarks>
public interface ILedger : IAsyncDisposable
{
    /// <summary>The chain's id (EIP-155): in every signature, so that none counts on another chain.</summary>
    ulong ChainId { get; }

    /// <summary>Where the contracts are.</summary>
    LedgerDeployment Deployment { get; }

    /// <summary>The typed client of a contract that is deployed.</summary>
    /// <exception cref="LedgerException">No contract of that name is deployed (<see cref="LedgerFailure.UnknownModule"/>).</exception>
    T Module<T>()
        where T : IContract<T>;

    /// <summary>Signs a call, submits it, and waits until it is included: durable on the embedded ledger, in a block on an EVM.</summary>
    /// <param name="call">The call.</param>
    /// <param name="signer">The account that calls.</param>
    /// <param name="cancellationToken">Stops waiting; the operation may be included all the same.</param>
    /// <exception cref="LedgerRevertException">The contract refused; nothing that the call did remains.</exception>
    /// <exception cref="LedgerException">The ledger did not take it; the reason says whether that is certain.</exception>
    ValueTask<LedgerReceipt> SubmitAsync(LedgerCall call, KeyPair signer, CancellationToken cancellationToken = default);

    /// <summary>Runs a call without changing anything, and gives what it returns.</summary>
    /// <param name="call">The call.</param>
    /// <param name="caller">As whom.</param>
    /// <param name="view">On which state.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LedgerRevertException">The contract refuses.</exception>
    /// <exception cref="LedgerException">The ledger does not answer, or not credibly.</exception>
    ValueTask<byte[]> QueryAsync(LedgerCall call, AccountAddress caller = default, LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default);

    /// <summary>How much of the native coin an account has, in its smallest unit (wei).</summary>
    ValueTask<TokenAmount> BalanceAsync(AccountAddress account, LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default);

    /// <summary>The newest block, and the newest that is final.</summary>
    ValueTask<LedgerHead> HeadAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Events in their order, from a block on; then, unless the filter has an end, as they come. Where a reorganisation takes an event
    /// back, it comes again with <see cref="LedgerEvent.IsRemoved"/>.
    /// </summary>
    /// <exception cref="LedgerException">The events are too old (<see cref="LedgerFailure.HistoryGone"/>), or the ledger does not answer.</exception>
    IAsyncEnumerable<LedgerEvent> EventsAsync(LedgerEventFilter filter, CancellationToken cancellationToken = default);

    /// <summary>Waits until what was included cannot be taken back any more.</summary>
    /// <exception cref="LedgerException">A reorganisation took it back and it did not come again (<see cref="LedgerFailure.Reorganized"/>).</exception>
    ValueTask FinalAsync(LedgerReceipt receipt, CancellationToken cancellationToken = default);
}
