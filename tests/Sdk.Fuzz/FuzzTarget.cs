namespace Sdk.Fuzz;

/// <summary>
/// One decoder of what comes from outside. Whatever the input, it either accepts or refuses with a documented exception, in bounded time,
/// and allocates at most four times the input and a constant.
/// </summary>
internal abstract class FuzzTarget
{
    private IReadOnlyList<byte[]>? _corpus;
    private IReadOnlyList<byte[]>? _refused;

    public abstract string Name { get; }

    /// <summary>
    /// What an input may cost beside four times its length. By default: one exception with its message and stack trace, which takes some
    /// 3 KiB through a few asynchronous methods, and the buffers of the smallest size that pools and pipes hand out (4 KiB).
    /// </summary>
    public virtual long ConstantBytes => 12 * 1024;

    /// <summary>Valid inputs, made once.</summary>
    public IReadOnlyList<byte[]> Corpus => _corpus ??= [.. MakeCorpus()];

    /// <summary>Inputs that are refused, each for a reason that mutation alone seldom finds; mutated like the valid ones. Made once.</summary>
    public IReadOnlyList<byte[]> Refused => _refused ??= [.. MakeRefused()];

    /// <summary>Pieces that mean something to the decoder, which the mutator puts in.</summary>
    public virtual IReadOnlyList<byte[]> Words => [];

    /// <summary>What an input may allocate.</summary>
    public virtual long AllowedBytes(byte[] input) => (4L * input.Length) + ConstantBytes;

    /// <summary>Turns the bytes into what the decoder takes, outside the measurement.</summary>
    public virtual object Prepare(byte[] input) => input;

    /// <summary>Decodes. True: accepted; <see cref="Check"/> follows. False, or an <see cref="SdkException"/>: refused.</summary>
    public abstract bool Decode(object input);

    /// <summary>What must hold of the last input that was accepted: throws <see cref="CheckFailedException"/> where it does not.</summary>
    public virtual void Check(object input)
    {
    }

    /// <summary>Whether an exception is one that the decoder documents.</summary>
    public virtual bool IsRefusal(Exception error) => error is SdkException;

    protected abstract IEnumerable<byte[]> MakeCorpus();

    protected virtual IEnumerable<byte[]> MakeRefused() => [];

    protected static void Require(bool condition, string promise)
    {
        if (!condition)
        {
            throw new CheckFailedException(promise);
        }
    }
}

/// <summary>What was accepted is not what the decoder promises.</summary>
internal sealed class CheckFailedException(string message) : Exception(message);
