using System.Text.Json;

namespace Sdk.Core.Ledger.Modules;

/// <summary>
/// What a module's Solidity source compiles to: the file <c>X.json</c> beside <c>X.sol</c>, which <c>eng/contracts/compile.mjs</c> writes and
/// continuous integration compares. Immutable.
/// </summary>
public sealed class ContractArtifact
{
    private readonly byte[] _json;
    private readonly byte[] _creationCode;
    private readonly byte[] _runtimeCode;
    private readonly (int Start, int Length)[] _immutables;

    private ContractArtifact(string module, byte[] json)
    {
        (Module, _json) = (module, json);
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        ContractName = root.GetProperty("contractName").GetString()!;
        Compiler = root.GetProperty("compiler").GetString()!;
        _creationCode = Convert.FromHexString(root.GetProperty("bytecode").GetString()!.AsSpan(2));
        _runtimeCode = Convert.FromHexString(root.GetProperty("deployedBytecode").GetString()!.AsSpan(2));
        _immutables = [.. root.GetProperty("immutables").EnumerateArray().Select(place => (place.GetProperty("start").GetInt32(), place.GetProperty("length").GetInt32()))];
    }

    /// <summary>The module's name.</summary>
    public string Module { get; }

    /// <summary>The contract's name in the source.</summary>
    public string ContractName { get; }

    /// <summary>The compiler's version.</summary>
    public string Compiler { get; }

    /// <summary>What a transaction that creates the contract carries, before the constructor's arguments.</summary>
    public ReadOnlyMemory<byte> CreationCode => _creationCode;

    /// <summary>The file itself, UTF-8: name, compiler, settings, ABI, codes.</summary>
    public ReadOnlyMemory<byte> Json => _json;

    /// <summary>The artifact of a module of this package.</summary>
    /// <param name="module">The module's name, such as <c>Vault</c>.</param>
    /// <exception cref="ArgumentException">There is no such module.</exception>
    public static ContractArtifact Load(string module) =>
        TryLoad(module) ?? throw new ArgumentException($"There is no contract '{module}'.", nameof(module));

    /// <summary>The artifact of a module of this package; null where it has none of that name.</summary>
    internal static ContractArtifact? TryLoad(string module)
    {
        using var stream = typeof(ContractArtifact).Assembly.GetManifestResourceStream($"{module}.json");
        if (stream is null)
        {
            return null;
        }

        var json = new byte[stream.Length];
        stream.ReadExactly(json);
        return new ContractArtifact(module, json);
    }

    /// <summary>
    /// Whether code that was found on a chain is this contract's, whatever its constructor's arguments were: the places that the constructor
    /// writes are not compared.
    /// </summary>
    /// <param name="code">The code at the contract's address.</param>
    public bool IsCodeOf(ReadOnlySpan<byte> code)
    {
        if (code.Length != _runtimeCode.Length)
        {
            return false;
        }

        var compared = code.ToArray();
        foreach (var (start, length) in _immutables)
        {
            compared.AsSpan(start, length).Clear();
        }

        return compared.AsSpan().SequenceEqual(_runtimeCode);
    }
}
