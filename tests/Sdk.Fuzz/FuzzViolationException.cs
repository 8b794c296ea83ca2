namespace Sdk.Fuzz;

/// <summary>A decoder broke a promise; says with which input.</summary>
public sealed class FuzzViolationException : Exception
{
    internal FuzzViolationException(string message, ulong seed, long index, byte[] input, Exception? cause)
        : base(message, cause) => (Seed, Index, Input) = (seed, index, input);

    /// <summary>The seed of the run.</summary>
    public ulong Seed { get; }

    /// <summary>Which input of the seed it is.</summary>
    public long Index { get; }

    /// <summary>The input.</summary>
    public ReadOnlySpan<byte> Bytes => Input;

    internal byte[] Input { get; }
}
