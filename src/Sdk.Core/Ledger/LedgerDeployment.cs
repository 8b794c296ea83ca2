using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger;

/// <summary>Where the contracts of a ledger are, by the names of their modules.</summary>
public sealed class LedgerDeployment
{
    private readonly Dictionary<string, AccountAddress> _contracts;

    /// <summary>A deployment.</summary>
    public LedgerDeployment(IEnumerable<KeyValuePair<string, AccountAddress>> contracts) =>
        _contracts = new Dictionary<string, AccountAddress>(contracts, StringComparer.Ordinal);

    /// <summary>The names of the modules.</summary>
    public IReadOnlyCollection<string> Modules => _contracts.Keys;

    /// <summary>Where a module's contract is.</summary>
    /// <exception cref="LedgerException">No contract of that name is deployed (<see cref="LedgerFailure.UnknownModule"/>).</exception>
    public AccountAddress this[string module] => _contracts.TryGetValue(module, out var address)
        ? address
        : throw new LedgerException(LedgerFailure.UnknownModule, $"No contract '{module}' is deployed.");

    /// <summary>Where a module's contract is.</summary>
    public bool TryGet(string module, out AccountAddress address) => _contracts.TryGetValue(module, out address);
}
