using System.Text.Json.Nodes;

namespace Sdk.Core.Ledger.Ethereum;

/// <summary>One call of a method (JSON-RPC 2.0, section 4).</summary>
/// <param name="Method">The method's name.</param>
/// <param name="Parameters">Its parameters, by position.</param>
internal sealed record JsonRpcRequest(string Method, params JsonNode?[] Parameters);
