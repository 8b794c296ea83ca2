using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;

namespace Sdk.Core.Ledger;

/// <summary>The typed client of a contract: what <see cref="ILedger.Module"/> makes. Derive it from <see cref="ContractClient"/>.</summary>
/// <typeparam name="T">The client itself.</typeparam>
public interface IContract<T>
    where T : IContract<T>
{
    /// <summary>The module's name in a <see cref="LedgerDeployment"/>.</summary>
    static abstract string ModuleName { get; }

    /// <summary>What calls of the contract can revert with, errors of contracts that it calls included.</summary>
    static abstract IReadOnlyList<AbiError> Errors { get; }

    /// <summary>The client of the contract at an address.</summary>
    static abstract T Bind(ILedger ledger, AccountAddress address);
}
