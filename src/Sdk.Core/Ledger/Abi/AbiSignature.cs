namespace Sdk.Core.Ledger.Abi;

/// <summary>Signatures of functions, events and errors in canonical types: a name, and types in parentheses, without spaces.</summary>
internal static class AbiSignature
{
    public static string NameOf(string signature)
    {
        ArgumentNullException.ThrowIfNull(signature);
        var open = signature.IndexOf('(', StringComparison.Ordinal);
        return open > 0 && signature[^1] == ')' && signature.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '(' or ')' or '[' or ']' or ',')
            ? signature[..open]
            : throw new ArgumentException($"'{signature}' is not a name with canonical types in parentheses.", nameof(signature));
    }
}
