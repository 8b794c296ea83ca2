namespace Sdk.Ledger.Conformance.Differential;

/// <summary>A kind of operation that aims at one outcome, and need not hit it: the ledgers decide, the coverage counts what they decided.</summary>
/// <param name="Aim">The function or error, as <see cref="Coverage"/> names it.</param>
/// <param name="Make">Makes one.</param>
internal sealed record Move(string Aim, Func<Operation> Make);
