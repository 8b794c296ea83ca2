using System.Diagnostics.CodeAnalysis;
using Sdk.Core.Ledger.Abi;

namespace Sdk.Core.Ledger.Embedded;

/// <summary>
/// A mapping of a contract module, as Solidity has it: a key that was never written has its type's default value. A call that reverts
/// leaves it as it was.
/// </summary>
/// <typeparam name="TKey">The key: a value with equality.</typeparam>
/// <typeparam name="TValue">The value: immutable.</typeparam>
/// <remarks>Used by its module alone, while the ledger runs a call.</remarks>
[SuppressMessage("Naming", "CA1710:Identifiers should have correct suffix", Justification = "It is Solidity's mapping, not a collection to enumerate.")]
public sealed class ModuleMap<TKey, TValue> : IStateMap
    where TKey : notnull
    where TValue : struct
{
    private readonly Dictionary<TKey, TValue> _entries = [];
    private readonly Stack<(TKey Key, TValue Before, bool Existed)> _undo = new();
    private readonly StateJournal _journal;
    private readonly StateCodec<TKey> _key;
    private readonly StateCodec<TValue> _value;

    internal ModuleMap(string name, StateJournal journal, StateCodec<TKey> key, StateCodec<TValue> value) =>
        (Name, _journal, _key, _value) = (name, journal, key, value);

    internal string Name { get; }

    string IStateMap.Name => Name;

    int IStateMap.Count => _entries.Count;

    int IStateMap.EntryWords => _key.Words + _value.Words;

    /// <summary>The value of a key. Writing the default value removes the key.</summary>
    public TValue this[TKey key]
    {
        get => _entries.GetValueOrDefault(key);
        set => Write(key, value);
    }

    void IStateMap.UndoLast()
    {
        var (key, before, existed) = _undo.Pop();
        if (existed)
        {
            _entries[key] = before;
        }
        else
        {
            _entries.Remove(key);
        }
    }

    void IStateMap.Keep() => _undo.Clear();

    void IStateMap.Store(AbiWriter writer)
    {
        var entries = _entries.Select(entry =>
        {
            var words = new AbiWriter();
            _key.Write(words, entry.Key);
            return (Key: words.ToArray(), entry.Value);
        }).ToList();
        entries.Sort(static (left, right) => left.Key.AsSpan().SequenceCompareTo(right.Key));
        foreach (var (key, value) in entries)
        {
            for (var word = 0; word < key.Length; word += AbiWriter.WordBytes)
            {
                writer.Add(TokenAmount.FromBytes(key.AsSpan(word, AbiWriter.WordBytes)));
            }

            _value.Write(writer, value);
        }
    }

    void IStateMap.Load(ref AbiReader reader, int count)
    {
        for (var index = 0; index < count; index++)
        {
            if (!_entries.TryAdd(_key.Read(ref reader), _value.Read(ref reader)))
            {
                throw new AbiException($"The map '{Name}' has a key twice.");
            }
        }
    }

    private void Write(TKey key, TValue value)
    {
        var existed = _entries.TryGetValue(key, out var before);
        _undo.Push((key, before, existed));
        _journal.Wrote(this);
        if (EqualityComparer<TValue>.Default.Equals(value, default))
        {
            _entries.Remove(key);
        }
        else
        {
            _entries[key] = value;
        }
    }
}
