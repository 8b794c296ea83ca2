namespace Sdk.Ledger.Conformance.Differential;

/// <summary>Two ledgers that should be alike are not.</summary>
public sealed class DivergenceException(string message) : Exception(message);
