using System.Reflection;
using System.Text.Json;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Modules;

namespace Sdk.Core.Tests.Ledger.Modules;

/// <summary>That what C# says of each contract's interface is what its Solidity source compiles to: nothing missing, nothing else.</summary>
public sealed class ContractAbiTests
{
    /// <summary>One class <c>XAbi</c> per module X.</summary>
    public static TheoryData<string> Modules { get; } = [.. Interfaces().Keys];

    [Fact]
    public void Every_contract_in_the_package_has_its_interface_in_CSharp()
    {
        var contracts = typeof(ILedger).Assembly.GetManifestResourceNames().Where(name => name.EndsWith(".json", StringComparison.Ordinal)).Select(name => name[..^".json".Length]);
        Assert.Equal(contracts.Order(StringComparer.Ordinal), Interfaces().Keys.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Modules))]
    public void Functions_are_the_compiled_ones(string module) =>
        Assert.Equal(
            Compiled(module, "function").Select(entry => Signature(entry) + Types(entry, "outputs", orNothing: true)).Order(StringComparer.Ordinal),
            Declared<AbiFunction>(module).Select(function => function.Signature + function.Returns).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Modules))]
    public void Events_are_the_compiled_ones(string module) =>
        Assert.Equal(
            Compiled(module, "event").Select(Signature).Order(StringComparer.Ordinal),
            Declared<AbiEvent>(module).Select(kind => kind.Declaration).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Modules))]
    public void Errors_are_the_compiled_ones(string module) =>
        Assert.Equal(
            Compiled(module, "error").Select(Signature).Order(StringComparer.Ordinal),
            Declared<AbiError>(module).Select(error => error.Signature).Order(StringComparer.Ordinal));

    private static Dictionary<string, Type> Interfaces() => typeof(ILedger).Assembly.GetTypes()
        .Where(type => type.Namespace?.StartsWith("Sdk.Core.Ledger.Modules.", StringComparison.Ordinal) == true && type.Name == $"{type.Namespace.Split('.')[^1]}Abi")
        .ToDictionary(type => type.Namespace!.Split('.')[^1]);

    private static IEnumerable<T> Declared<T>(string module)
    {
        const BindingFlags Statics = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
        var type = Interfaces()[module];
        var fields = type.GetFields(Statics).Where(field => field.FieldType == typeof(T)).Select(field => (T)field.GetValue(null)!);
        var properties = type.GetProperties(Statics).Where(property => property.PropertyType == typeof(T)).Select(property => (T)property.GetValue(null)!);

        // A property's value stands in a field that the compiler makes.
        return fields.Concat(properties).Distinct();
    }

    private static List<JsonElement> Compiled(string module, string kind)
    {
        using var document = JsonDocument.Parse(ContractArtifact.Load(module).Json);
        return [.. document.RootElement.GetProperty("abi").EnumerateArray().Where(entry => entry.GetProperty("type").GetString() == kind).Select(entry => entry.Clone())];
    }

    private static string Signature(JsonElement entry) => entry.GetProperty("name").GetString() + Types(entry, "inputs");

    private static string Types(JsonElement entry, string member, bool orNothing = false)
    {
        var types = entry.GetProperty(member).EnumerateArray().Select(TypeOf).ToList();
        return types.Count == 0 && orNothing ? "" : $"({string.Join(',', types)})";
    }

    private static string TypeOf(JsonElement parameter)
    {
        var type = parameter.GetProperty("type").GetString()!;
        var canonical = type.StartsWith("tuple", StringComparison.Ordinal) ? Types(parameter, "components") + type["tuple".Length..] : type;
        return parameter.TryGetProperty("indexed", out var isIndexed) && isIndexed.GetBoolean() ? $"{canonical} indexed" : canonical;
    }
}
