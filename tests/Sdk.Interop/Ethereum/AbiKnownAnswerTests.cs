using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;

namespace Sdk.Interop.Ethereum;

/// <summary>The ABI against what solc-compiled contracts returned in the public cases, and selectors of the same.</summary>
public sealed class AbiKnownAnswerTests
{
    [EthereumFact]
    public void All_1880_values_are_encoded_and_decoded()
    {
        KnownAnswers.All(KnownAnswers.Read("contract-interface-abi2", 1880), known =>
        {
            var types = Parsed(known, "types").EnumerateArray().Select(type => AbiType.Parse(Canonical(type.GetString()!)));
            var type = AbiType.Tuple([.. types]);
            var value = ListOf(type.Components, Parsed(known, "values"));
            var encoded = known.Bytes("result");
            Assert.Equal(encoded, AbiCodec.Encode(type, value));
            Assert.Equal(value, AbiCodec.Decode(type, encoded));
        });
    }

    [EthereumFact]
    public void All_1880_signatures_have_their_selectors()
    {
        KnownAnswers.All(KnownAnswers.Read("contract-signatures", 1880), known =>
        {
            var function = Parsed(known, "abi").EnumerateArray().Single(entry => entry.GetProperty("name").GetString() == "testSig");
            var inputs = AbiType.Tuple([.. function.GetProperty("inputs").EnumerateArray().Select(TypeOf)]);
            var signature = new AbiFunction($"testSig{inputs}");
            Assert.Equal(known.GetProperty("signature").GetString(), signature.Signature);
            Assert.Equal(known.Bytes("sigHash"), signature.Selector.ToArray());
            Assert.Equal(inputs, AbiType.Parse(inputs.ToString()));
        });
    }

    private static JsonElement Parsed(JsonElement known, string member) => JsonDocument.Parse(known.GetProperty(member).GetString()!).RootElement;

    /// <summary>The cases write <c>tuple(…)</c>, which is not canonical.</summary>
    private static string Canonical(string type) => type.Replace("tuple(", "(", StringComparison.Ordinal);

    /// <summary>A type of a contract's JSON, where a tuple's members are listed aside.</summary>
    private static AbiType TypeOf(JsonElement parameter)
    {
        var type = parameter.GetProperty("type").GetString()!;
        return AbiType.Parse(type.StartsWith("tuple", StringComparison.Ordinal)
            ? $"({string.Join(',', parameter.GetProperty("components").EnumerateArray().Select(TypeOf))}){type["tuple".Length..]}"
            : type);
    }

    private static AbiValue ListOf(IReadOnlyList<AbiType> types, JsonElement values) =>
        AbiValue.List([.. values.EnumerateArray().Select((value, i) => ValueOf(types[types.Count == 1 ? 0 : i], value))]);

    private static AbiValue ValueOf(AbiType type, JsonElement value)
    {
        switch (type.Kind)
        {
            case AbiTypeKind.Array or AbiTypeKind.FixedArray:
                return AbiValue.List([.. value.EnumerateArray().Select(item => ValueOf(type.Components[0], item))]);
            case AbiTypeKind.Tuple:
                return ListOf(type.Components, value.GetProperty("value"));
        }

        var text = value.GetProperty("value").GetString()!;
        return type.Kind switch
        {
            AbiTypeKind.Address => AccountAddress.Parse(text),
            AbiTypeKind.Text => text,
            AbiTypeKind.Bytes => AbiValue.Bytes(KnownAnswers.Bytes(text)),
            AbiTypeKind.FixedBytes => AbiValue.FixedBytes(KnownAnswers.Bytes(text)),
            _ => AbiValue.Number(BigInteger.Parse(text, CultureInfo.InvariantCulture)),
        };
    }
}
