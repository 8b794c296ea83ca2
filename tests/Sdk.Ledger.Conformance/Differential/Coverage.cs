using System.Globalization;
using System.Reflection;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;

namespace Sdk.Ledger.Conformance.Differential;

/// <summary>How often each function of each contract was carried out, and each error was met, read from the contracts' interfaces.</summary>
internal sealed class Coverage
{
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Module, uint Selector), string> _functions = [];
    private readonly Dictionary<(string Module, uint Selector), string> _errors = [];
    private readonly Dictionary<uint, string> _errorsOfAny = [];

    public Coverage(IEnumerable<string> modules)
    {
        foreach (var module in modules)
        {
            foreach (var function in Of<AbiFunction>(module))
            {
                _counts[_functions[(module, Key(function.Selector))] = Name(module, function.Name)] = 0;
            }

            foreach (var error in Of<AbiError>(module))
            {
                var name = _errors[(module, Key(error.Selector))] = Name(module, error.Name);
                _errorsOfAny.TryAdd(Key(error.Selector), name);
                _counts[name] = 0;
            }
        }
    }

    /// <summary>How often each was met.</summary>
    public IReadOnlyDictionary<string, int> Counts => _counts;

    public static string Name(string module, string what) => $"{module}.{what}";

    public int this[string name] => _counts.GetValueOrDefault(name);

    /// <summary>Counts one outcome of a call of a module's contract.</summary>
    public void Add(string module, LedgerCall call, Outcome outcome)
    {
        var name = outcome.IsDone
            ? call.Data.Length < AbiFunction.SelectorBytes ? Name(module, "receive") : _functions.GetValueOrDefault((module, Key(call.Data.Span)), Name(module, "?"))
            : outcome.Data.Length < AbiFunction.SelectorBytes ? Name(module, "revert without data")
            : _errors.TryGetValue((module, Key(outcome.Data)), out var own) ? own
            : _errorsOfAny.GetValueOrDefault(Key(outcome.Data), Name(module, $"0x{Key(outcome.Data):x8}"));
        _counts[name] = _counts.GetValueOrDefault(name) + 1;
    }

    public string Print() => string.Join('\n', _counts.OrderBy(count => count.Key, StringComparer.Ordinal).Select(
        count => string.Create(CultureInfo.InvariantCulture, $"{count.Value,8} {count.Key}")));

    private static IEnumerable<T> Of<T>(string module)
    {
        const BindingFlags Statics = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
        var type = typeof(ILedger).Assembly.GetType($"Sdk.Core.Ledger.Modules.{module}.{module}Abi", throwOnError: true)!;
        return type.GetFields(Statics).Where(field => field.FieldType == typeof(T)).Select(field => (T)field.GetValue(null)!).Distinct();
    }

    private static uint Key(ReadOnlySpan<byte> selector) => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(selector);
}
