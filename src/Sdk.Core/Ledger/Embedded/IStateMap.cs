using Sdk.Core.Ledger.Abi;

namespace Sdk.Core.Ledger.Embedded;

/// <summary>A map of a module's state, as the ledger sees it: something to undo, to store and to load.</summary>
internal interface IStateMap
{
    string Name { get; }

    int Count { get; }

    /// <summary>What one entry takes when it is stored, in words.</summary>
    int EntryWords { get; }

    void UndoLast();

    void Keep();

    /// <summary>Writes all entries, in the order of their keys' bytes, so that equal states are equal bytes.</summary>
    void Store(AbiWriter writer);

    void Load(ref AbiReader reader, int count);
}
