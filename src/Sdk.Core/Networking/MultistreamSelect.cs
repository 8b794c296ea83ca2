using System.Buffers;
using System.Text;

namespace Sdk.Core.Networking;

/// <summary>
/// multistream-select 1.0: two peers agree on what a stream speaks. The dialer sends the header and its proposal together, so that an
/// agreement costs one round trip. Every read takes exactly the bytes of one message: the next layer's bytes follow at once.
/// </summary>
internal static class MultistreamSelect
{
    public const string Header = "/multistream/1.0.0";

    /// <summary>Protocol names are short; more is not a name. Two bytes of varint at most.</summary>
    public const int MaxMessageBytes = 1024;

    /// <summary>A peer that proposes more than this in turn is searching, not speaking.</summary>
    private const int MaxProposals = 16;

    private const string NotAvailable = "na";

    /// <summary>Proposes one protocol; false where the peer does not speak it.</summary>
    /// <exception cref="ProtocolViolationException">The peer does not speak multistream.</exception>
    public static async ValueTask<bool> ProposeAsync(Stream stream, string protocol, CancellationToken cancellationToken) =>
        await ProposeAsync(stream, [protocol], cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>Proposes one protocol after the other, best first; null where the peer speaks none of them.</summary>
    /// <exception cref="ProtocolViolationException">The peer does not speak multistream.</exception>
    public static async ValueTask<string?> ProposeAsync(Stream stream, IReadOnlyList<string> protocols, CancellationToken cancellationToken)
    {
        var proposal = new ArrayBufferWriter<byte>();
        WriteMessage(proposal, Header);
        for (var i = 0; i < protocols.Count; i++)
        {
            WriteMessage(proposal, protocols[i]);
            await stream.WriteAsync(proposal.WrittenMemory, cancellationToken).ConfigureAwait(false);
            proposal.Clear();
            if (i == 0)
            {
                await ExpectHeaderAsync(stream, cancellationToken).ConfigureAwait(false);
            }

            var answer = await ReadMessageAsync(stream, cancellationToken).ConfigureAwait(false);
            if (answer == protocols[i])
            {
                return answer;
            }

            if (answer != NotAvailable)
            {
                throw new ProtocolViolationException("The peer agreed to a protocol that was not proposed.");
            }
        }

        return null;
    }

    /// <summary>Answers proposals until one finds a handler, which is returned; null where the peer gave up.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="find">The handler of a protocol name, or null.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ProtocolViolationException">The peer does not speak multistream, or proposes without end.</exception>
    public static async ValueTask<T?> AnswerAsync<T>(Stream stream, Func<string, T?> find, CancellationToken cancellationToken)
        where T : class
    {
        await ExpectHeaderAsync(stream, cancellationToken).ConfigureAwait(false);
        var answer = new ArrayBufferWriter<byte>();
        WriteMessage(answer, Header);
        for (var i = 0; i < MaxProposals; i++)
        {
            var proposal = await ReadMessageAsync(stream, cancellationToken).ConfigureAwait(false);
            if (proposal is null)
            {
                return null;
            }

            var found = find(proposal);
            WriteMessage(answer, found is null ? NotAvailable : proposal);
            await stream.WriteAsync(answer.WrittenMemory, cancellationToken).ConfigureAwait(false);
            if (found is not null)
            {
                return found;
            }

            answer.Clear();
        }

        throw new ProtocolViolationException("The peer proposes protocols without end.");
    }

    private static async ValueTask ExpectHeaderAsync(Stream stream, CancellationToken cancellationToken)
    {
        var header = await ReadMessageAsync(stream, cancellationToken).ConfigureAwait(false);
        if (header != Header)
        {
            throw new ProtocolViolationException("The peer does not speak multistream-select 1.0.");
        }
    }

    private static void WriteMessage(ArrayBufferWriter<byte> writer, string text)
    {
        var length = Encoding.UTF8.GetByteCount(text) + 1;
        writer.Advance(Varint.Write(writer.GetSpan(Varint.MaxBytes), (ulong)length));
        var span = writer.GetSpan(length);
        Encoding.UTF8.GetBytes(text, span);
        span[length - 1] = (byte)'\n';
        writer.Advance(length);
    }

    /// <summary>One message without its line end; null at a clean end of the stream.</summary>
    private static async ValueTask<string?> ReadMessageAsync(Stream stream, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(MaxMessageBytes);
        try
        {
            var prefix = 0;
            ulong length;
            OperationStatus status;
            do
            {
                if (await stream.ReadAsync(buffer.AsMemory(prefix, 1), cancellationToken).ConfigureAwait(false) == 0)
                {
                    return prefix == 0 ? null : throw new ProtocolViolationException("The stream ended within a multistream message.");
                }

                status = Varint.TryRead(buffer.AsSpan(0, ++prefix), out length, out _);
            }
            while (status == OperationStatus.NeedMoreData && prefix < 2);

            if (status != OperationStatus.Done || length is 0 or > MaxMessageBytes)
            {
                throw new ProtocolViolationException("A multistream message has a length that no protocol name has.");
            }

            return await ReadTextAsync(stream, buffer.AsMemory(0, (int)length), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async ValueTask<string> ReadTextAsync(Stream stream, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            await stream.ReadExactlyAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (EndOfStreamException error)
        {
            throw new ProtocolViolationException("The stream ended within a multistream message.", error);
        }

        return buffer.Span[^1] == '\n'
            ? Encoding.UTF8.GetString(buffer.Span[..^1])
            : throw new ProtocolViolationException("A multistream message does not end its line.");
    }
}
