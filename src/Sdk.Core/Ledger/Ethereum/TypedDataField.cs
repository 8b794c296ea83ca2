namespace Sdk.Core.Ledger.Ethereum;

/// <summary>A field of a struct of typed data.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type, as the document writes it.</param>
internal sealed record TypedDataField(string Name, string Type);
