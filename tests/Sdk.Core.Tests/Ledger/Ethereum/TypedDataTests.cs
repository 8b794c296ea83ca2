using System.Text.Json.Nodes;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Ethereum;

namespace Sdk.Core.Tests.Ledger.Ethereum;

public sealed class TypedDataTests
{
    /// <summary>EIP-712, "Example": Ether Mail.</summary>
    private const string Mail = """
        {
          "types": {
            "EIP712Domain": [
              { "name": "name", "type": "string" }, { "name": "version", "type": "string" },
              { "name": "chainId", "type": "uint256" }, { "name": "verifyingContract", "type": "address" }
            ],
            "Person": [ { "name": "name", "type": "string" }, { "name": "wallet", "type": "address" } ],
            "Mail": [ { "name": "from", "type": "Person" }, { "name": "to", "type": "Person" }, { "name": "contents", "type": "string" } ]
          },
          "primaryType": "Mail",
          "domain": { "name": "Ether Mail", "version": "1", "chainId": 1, "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC" },
          "message": {
            "from": { "name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826" },
            "to": { "name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB" },
            "contents": "Hello, Bob!"
          }
        }
        """;

    [Fact]
    public void The_mail_of_the_EIP_has_its_hashes_and_its_signature()
    {
        var mail = TypedData.Parse(Mail);
        Assert.Equal("Mail(Person from,Person to,string contents)Person(string name,address wallet)", mail.EncodedType);
        Assert.Equal("f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f", mail.DomainSeparator.ToString());
        Assert.Equal("c52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e", mail.StructHash.ToString());
        Assert.Equal("be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2", mail.Digest.ToString());
        using var cow = KeyPair.FromPrivateKey(Keccak256.Hash("cow"u8).Bytes);
        Assert.Equal(
            "4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c",
            cow.SignDigest(mail.Digest.Bytes).ToString());
    }

    [Fact]
    public void A_document_hashes_as_the_struct_that_the_suite_writes_itself()
    {
        var contract = AccountAddress.Parse("0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC");
        Assert.Equal(TypedStruct.Domain("Ether Mail", "1", 1, contract), TypedData.Parse(Mail).DomainSeparator);
    }

    [Fact]
    public void A_domain_without_a_type_of_its_own_is_made_of_the_fields_it_has()
    {
        var document = Edit(mail => mail["types"]!.AsObject().Remove("EIP712Domain"));
        Assert.Equal(TypedData.Parse(Mail).Digest, TypedData.Parse(document).Digest);
    }

    [Fact]
    public void Types_may_use_themselves_and_each_other()
    {
        const string Tree = """
            { "types": { "B": [ { "name": "as", "type": "A[]" } ], "A": [ { "name": "bs", "type": "B[]" }, { "name": "n", "type": "int8" } ] },
              "primaryType": "B", "domain": {}, "message": { "as": [ { "bs": [], "n": -1 }, { "bs": [ { "as": [] } ], "n": "0x7f" } ] } }
            """;
        Assert.Equal("B(A[] as)A(B[] bs,int8 n)", TypedData.Parse(Tree).EncodedType);
    }

    [Fact]
    public void Numbers_are_numbers_or_digits_or_hexadecimal_digits()
    {
        string Domain(string chainId) => Mail.Replace("\"chainId\": 1,", $"\"chainId\": {chainId},", StringComparison.Ordinal);
        Assert.Equal(TypedData.Parse(Mail).Digest, TypedData.Parse(Domain("\"1\"")).Digest);
        Assert.Equal(TypedData.Parse(Mail).Digest, TypedData.Parse(Domain("\"0x01\"")).Digest);
        Assert.NotEqual(TypedData.Parse(Mail).Digest, TypedData.Parse(Domain(new string('9', 77))).Digest);
        foreach (var wrong in new[] { "1.0", "1e0", "-1", "true", "null", "\"\"", "\"0x\"", "\"+1\"", "\" 1\"", "\"1g\"", new string('9', 78), $"\"0x1{new string('0', 64)}\"" })
        {
            Assert.Throws<CryptographyException>(() => TypedData.Parse(Domain(wrong)));
        }
    }

    public static TheoryData<string, Action<JsonObject>> Wrong => new()
    {
        { "no message", mail => mail.Remove("message") },
        { "no types", mail => mail["types"] = 1 },
        { "an unknown primary type", mail => mail["primaryType"] = "Letter" },
        { "a field that the type does not have", mail => mail["message"]!["extra"] = 1 },
        { "a field missing", mail => mail["message"]!.AsObject().Remove("contents") },
        { "another field instead", mail => { mail["message"]!.AsObject().Remove("contents"); mail["message"]!["Contents"] = "x"; } },
        { "a domain field that its type does not have", mail => mail["domain"]!["salt"] = $"0x{new string('0', 64)}" },
        { "a wrong kind", mail => mail["message"]!["contents"] = 1 },
        { "no struct", mail => mail["message"]!["from"] = null },
        { "a wrong checksum", mail => mail["message"]!["from"]!["wallet"] = "0xcD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826" },
        { "no prefix", mail => mail["message"]!["from"]!["wallet"] = "CD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826" },
        { "an unknown type", mail => mail["types"]!["Person"]![0]!["type"] = "text" },
        { "an alias", mail => mail["types"]!["Person"]![0]!["type"] = "uint" },
        { "a tuple", mail => mail["types"]!["Person"]![0]!["type"] = "(bool)" },
        { "half a bracket", mail => mail["types"]!["Person"]![0]!["type"] = "bool]" },
        { "a type in an unused struct", mail => mail["types"]!["Unused"] = JsonNode.Parse("""[ { "name": "a", "type": "Nothing[2]" } ]""") },
        { "a struct named like a type", mail => mail["types"]!["uint256"] = new JsonArray() },
        { "a struct with a bracket in its name", mail => mail["types"]!["Mail(bool a)"] = new JsonArray() },
        { "a field with a comma in its name", mail => mail["types"]!["Person"]![0]!["name"] = "name,bool b" },
        { "a field twice", mail => mail["types"]!["Person"]![0]!["name"] = "wallet" },
        { "too many types", mail => { for (var i = 0; i < 64; i++) { mail["types"]![$"T{i}"] = new JsonArray(); } } },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_does_not_fit_its_types_is_refused(string what, Action<JsonObject> edit)
    {
        Assert.NotEmpty(what);
        Assert.Throws<CryptographyException>(() => TypedData.Parse(Edit(edit)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("""{ "types": {}, "primaryType": "A", "domain": {}, "message": {}, "message": {} }""")]
    [InlineData("""{ "types": { "A": [ { "name": "a", "type": "string" } ] }, "primaryType": "A", "domain": {}, "message": { "a": "\ud800" } }""")]
    public void What_is_no_document_is_refused(string json) => Assert.Throws<CryptographyException>(() => TypedData.Parse(json));

    [Fact]
    public void Depth_and_length_have_limits()
    {
        const string Start = """{ "types": { "A": [ { "name": "a", "type": "A[]" } ] }, "primaryType": "A", "domain": {}, "message": """;
        string Nested(int depth) => Start + string.Concat(Enumerable.Repeat("""{ "a": [""", depth)) + string.Concat(Enumerable.Repeat("] }", depth)) + "}";
        TypedData.Parse(Nested(30));
        Assert.Throws<CryptographyException>(() => TypedData.Parse(Nested(40)));
        Assert.Throws<CryptographyException>(() => TypedData.Parse(new string(' ', TypedData.TextLengthMax) + Mail));
    }

    private static string Edit(Action<JsonObject> edit)
    {
        var mail = JsonNode.Parse(Mail)!.AsObject();
        edit(mail);
        return mail.ToJsonString();
    }
}
