using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;

namespace Sdk.Core.Ledger;

/// <summary>What typed clients of contracts share: a call is a function with its arguments.</summary>
/// <param name="ledger">The ledger.</param>
/// <param name="address">Where the contract is.</param>
public abstract class ContractClient(ILedger ledger, AccountAddress address)
{
    /// <summary>The ledger.</summary>
    public ILedger Ledger { get; } = ledger;

    /// <summary>Where the contract is.</summary>
    public AccountAddress Address { get; } = address;

    /// <summary>A call of the contract.</summary>
    protected LedgerCall Call(AbiFunction function, AbiWriter? arguments = null, TokenAmount value = default) =>
        new(Address, (arguments ?? new AbiWriter()).ToCall(function), value);

    /// <summary>Submits a call, and waits until it is included (<see cref="ILedger.SubmitAsync"/>).</summary>
    protected ValueTask<LedgerReceipt> SubmitAsync(
        AbiFunction function, AbiWriter? arguments, KeyPair signer, TokenAmount value = default, CancellationToken cancellationToken = default) =>
        Ledger.SubmitAsync(Call(function, arguments, value), signer, cancellationToken);

    /// <summary>Asks (<see cref="ILedger.QueryAsync"/>); what comes back is read with an <see cref="AbiReader"/>.</summary>
    protected ValueTask<byte[]> QueryAsync(
        AbiFunction function, AbiWriter? arguments = null, LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default) =>
        Ledger.QueryAsync(Call(function, arguments), default, view, cancellationToken);
}
