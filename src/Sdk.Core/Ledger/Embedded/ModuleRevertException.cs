using System.Diagnostics.CodeAnalysis;

namespace Sdk.Core.Ledger.Embedded;

/// <summary>A call reverts. It never leaves the ledger, which undoes what the call did and tells the caller by a <see cref="LedgerRevertException"/>.</summary>
[SuppressMessage("Design", "CA1064:Exceptions should be public", Justification = "It ends at the ledger that runs the module.")]
[SuppressMessage("Design", "CA1032:Implement standard exception constructors", Justification = "A revert is its data.")]
internal sealed class ModuleRevertException(byte[] data) : Exception("A contract module reverted.")
{
    public byte[] RevertData { get; } = data;
}
