using System.Buffers.Binary;
using System.Collections.Concurrent;
using Sdk.Core.Ledger.Abi;

namespace Sdk.Core.Ledger;

/// <summary>The typed clients in use on one ledger, and the names of the errors that their contracts revert with.</summary>
internal sealed class ContractCatalog
{
    private readonly ConcurrentDictionary<Type, object> _clients = new();
    private readonly ConcurrentDictionary<uint, AbiError> _errors = new();

    public ContractCatalog()
    {
        Add(AbiError.Text);
        Add(AbiError.Panic);
    }

    public T Bind<T>(ILedger ledger)
        where T : IContract<T> => (T)_clients.GetOrAdd(typeof(T), _ =>
        {
            foreach (var error in T.Errors)
            {
                Add(error);
            }

            return T.Bind(ledger, ledger.Deployment[T.ModuleName]);
        });

    /// <summary>The exception for what a contract reverted with.</summary>
    public LedgerRevertException Revert(ReadOnlyMemory<byte> data)
    {
        var name = data.Length < AbiFunction.SelectorBytes ? ""
            : _errors.TryGetValue(Key(data.Span), out var error) ? error.Name
            : $"0x{Convert.ToHexStringLower(data.Span[..AbiFunction.SelectorBytes])}";
        return new LedgerRevertException(name, data);
    }

    private static uint Key(ReadOnlySpan<byte> selector) => BinaryPrimitives.ReadUInt32BigEndian(selector);

    private void Add(AbiError error) => _errors[Key(error.Selector)] = error;
}
