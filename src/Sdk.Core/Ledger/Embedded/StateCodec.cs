using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;

namespace Sdk.Core.Ledger.Embedded;

/// <summary>Reads one value from a module's stored state.</summary>
/// <typeparam name="T">The value's type.</typeparam>
public delegate T StateReader<T>(ref AbiReader reader);

/// <summary>How keys and values of a <see cref="ModuleMap{TKey, TValue}"/> are stored: as static words of the ABI.</summary>
/// <typeparam name="T">The value's type.</typeparam>
/// <param name="Words">How many words a value takes.</param>
/// <param name="Write">Writes exactly so many words.</param>
/// <param name="Read">Reads them.</param>
public sealed record StateCodec<T>(int Words, Action<AbiWriter, T> Write, StateReader<T> Read);

/// <summary>The codecs of common types.</summary>
public static class StateCodec
{
    /// <summary>An address.</summary>
    public static StateCodec<AccountAddress> Address { get; } = new(1, static (writer, value) => writer.Add(value), static (ref reader) => reader.ReadAddress());

    /// <summary>A bytes32.</summary>
    public static StateCodec<Hash256> Word { get; } = new(1, static (writer, value) => writer.Add(value), static (ref reader) => reader.ReadWord());

    /// <summary>A uint256.</summary>
    public static StateCodec<TokenAmount> Amount { get; } = new(1, static (writer, value) => writer.Add(value), static (ref reader) => reader.ReadAmount());

    /// <summary>A uint64.</summary>
    public static StateCodec<ulong> Number { get; } = new(1, static (writer, value) => writer.Add(value), static (ref reader) => reader.ReadUInt64());

    /// <summary>A bool.</summary>
    public static StateCodec<bool> Flag { get; } = new(1, static (writer, value) => writer.Add(value), static (ref reader) => reader.ReadBool());

    /// <summary>Two values, such as a key of a mapping of mappings.</summary>
    public static StateCodec<(TFirst First, TSecond Second)> Pair<TFirst, TSecond>(StateCodec<TFirst> first, StateCodec<TSecond> second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        return new(
            first.Words + second.Words,
            (writer, value) =>
            {
                first.Write(writer, value.First);
                second.Write(writer, value.Second);
            },
            (ref reader) => (first.Read(ref reader), second.Read(ref reader)));
    }
}
