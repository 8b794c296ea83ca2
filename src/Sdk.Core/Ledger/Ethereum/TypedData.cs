using System.Text.Json;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Ethereum;

/// <summary>
/// A document of typed data that a wallet shows and signs (EIP-712): types, a domain, and a message of one of the types. Reading it
/// computes what is signed. What the suite itself signs has types that are known beforehand and does not come this way.
/// </summary>
/// <remarks>
/// Strict, since people sign what they were shown: a field that the types do not have, one that is missing, a name that stands twice,
/// a value out of its type's range, an alias such as <c>uint</c> are refused. Immutable.
/// </remarks>
public sealed class TypedData
{
    /// <summary>The longest document that is read, in characters.</summary>
    public const int TextLengthMax = 64 * 1024;

    private const string DomainType = "EIP712Domain";

    /// <summary>The fields that a domain can have, in their order.</summary>
    private static readonly TypedDataField[] DomainFields =
    [
        new("name", "string"), new("version", "string"), new("chainId", "uint256"), new("verifyingContract", "address"), new("salt", "bytes32"),
    ];

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private TypedData(string primaryType, string encodedType, Hash256 domainSeparator, byte[] encodedMessage)
    {
        (PrimaryType, EncodedType, DomainSeparator, EncodedMessage) = (primaryType, encodedType, domainSeparator, encodedMessage);
        StructHash = Keccak256.Hash(encodedMessage);
        Digest = TypedStruct.Digest(domainSeparator, StructHash);
    }

    /// <summary>The message's type.</summary>
    public string PrimaryType { get; }

    /// <summary>EIP-712's encodeType of it: itself, then the types that it uses, by name.</summary>
    public string EncodedType { get; }

    /// <summary>The hash of the domain.</summary>
    public Hash256 DomainSeparator { get; }

    /// <summary>EIP-712's hashStruct of the message.</summary>
    public Hash256 StructHash { get; }

    /// <summary>What is signed.</summary>
    public Hash256 Digest { get; }

    /// <summary>The type's hash and the message's words: what <see cref="StructHash"/> is the hash of.</summary>
    internal ReadOnlyMemory<byte> EncodedMessage { get; }

    /// <summary>
    /// Reads the JSON that <c>eth_signTypedData_v4</c> takes: an object with <c>types</c>, <c>primaryType</c>, <c>domain</c> and
    /// <c>message</c>. Where the types leave out <c>EIP712Domain</c>, it is made of the fields that the domain has.
    /// </summary>
    /// <exception cref="CryptographyException">The text is no such document.</exception>
    public static TypedData Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        if (json.Length > TextLengthMax)
        {
            throw Refused($"it is longer than {TextLengthMax} characters");
        }

        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            return Read(document.RootElement);
        }
        catch (JsonException wrong)
        {
            throw Refused("it is no JSON, or says something twice", wrong);
        }
        catch (InvalidOperationException wrong)
        {
            // What JsonElement throws where a string holds half of a surrogate pair.
            throw Refused("a text is not Unicode", wrong);
        }
    }

    internal static CryptographyException Refused(string why, Exception? cause = null) => new($"Typed data are refused: {why}.", cause);

    private static TypedData Read(JsonElement document)
    {
        var types = new TypedDataTypes(Member(document, "types", JsonValueKind.Object));
        var primaryType = Member(document, "primaryType", JsonValueKind.String).GetString()!;
        var domain = Member(document, "domain", JsonValueKind.Object);
        var message = Member(document, "message", JsonValueKind.Object);
        if (!types.Has(DomainType))
        {
            types.Add(DomainType, [.. DomainFields.Where(field => domain.TryGetProperty(field.Name, out _))]);
        }

        var encoder = new TypedDataEncoder(types);
        return new TypedData(
            primaryType, types.EncodeType(primaryType), Keccak256.Hash(encoder.EncodeStruct(DomainType, domain)), encoder.EncodeStruct(primaryType, message));
    }

    private static JsonElement Member(JsonElement document, string name, JsonValueKind kind) =>
        document.ValueKind == JsonValueKind.Object && document.TryGetProperty(name, out var member) && member.ValueKind == kind
            ? member
            : throw Refused($"'{name}' is missing or of another kind");
}
