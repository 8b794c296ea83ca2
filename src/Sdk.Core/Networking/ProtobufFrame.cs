using System.Buffers;
using System.IO.Pipelines;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Sdk.Core.Networking.Muxing;

namespace Sdk.Core.Networking;

/// <summary>Messages on a stream: an unsigned varint length, then the protobuf message. The limit holds before anything is allocated.</summary>
public static class ProtobufFrame
{
    /// <summary>Reads the next message; null where the stream ended cleanly before it.</summary>
    /// <param name="input">Where to read; nothing beyond the message is consumed.</param>
    /// <param name="parser">The message's parser.</param>
    /// <param name="maxBytes">The largest message accepted, without its prefix.</param>
    /// <param name="cancellationToken">Cancels; nothing is consumed then.</param>
    /// <exception cref="ProtocolViolationException">The message is longer, malformed, of far more parts than its length explains, or the stream ended within it.</exception>
    /// <exception cref="StreamResetException">The stream was reset.</exception>
    public static async ValueTask<T?> ReadAsync<T>(
        PipeReader input, MessageParser<T> parser, int maxBytes, CancellationToken cancellationToken = default)
        where T : IMessage<T>
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(parser);
        while (true)
        {
            var result = await input.ReadAsync(cancellationToken).ConfigureAwait(false);
            var buffer = result.Buffer;
            if (result.IsCanceled)
            {
                input.AdvanceTo(buffer.Start);
                throw new OperationCanceledException("The read was cancelled.");
            }

            if (TryFindBody(buffer, maxBytes, out var body))
            {
                var message = Parse(parser, body);
                input.AdvanceTo(body.End);
                return message;
            }

            if (result.IsCompleted)
            {
                input.AdvanceTo(buffer.Start, buffer.End);
                return buffer.IsEmpty ? default : throw new ProtocolViolationException("The stream ended within a message.");
            }

            input.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    /// <summary>Writes the message with its length before it. On a stream, flush afterwards.</summary>
    public static void Write(IBufferWriter<byte> output, IMessage message)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(message);
        var length = message.CalculateSize();

        // Asking for the whole at once gives a large message buffers of whole frames.
        var prefix = output.GetSpan((int)Math.Min((long)length + Varint.MaxBytes, YamuxLimits.MaxFrameBytes - YamuxHeader.Bytes));
        output.Advance(Varint.Write(prefix, (ulong)length));
        message.WriteTo(output);
    }

    /// <summary>Parses a message that is part of another, or came in a frame of another kind. The caller bounds its length.</summary>
    /// <exception cref="ProtocolViolationException">It is malformed, or of far more parts than its length explains.</exception>
    internal static T ParseBody<T>(MessageParser<T> parser, ReadOnlyMemory<byte> body)
        where T : IMessage<T> => Parse(parser, new ReadOnlySequence<byte>(body));

    /// <summary>The first message of the buffer without its length; false where more bytes are needed.</summary>
    /// <exception cref="ProtocolViolationException">The message is longer than allowed, or its length is malformed.</exception>
    internal static bool TryFindBody(ReadOnlySequence<byte> buffer, int maxBytes, out ReadOnlySequence<byte> body)
    {
        body = default;
        Span<byte> prefix = stackalloc byte[Varint.MaxBytes];
        var head = buffer.Slice(0, Math.Min(buffer.Length, prefix.Length));
        head.CopyTo(prefix);
        var status = Varint.TryRead(prefix[..(int)head.Length], out var length, out var consumed);
        if (status == OperationStatus.NeedMoreData)
        {
            return false;
        }

        if (status == OperationStatus.InvalidData || length > (ulong)maxBytes)
        {
            throw new ProtocolViolationException($"A message is longer than the {maxBytes} bytes allowed, or its length is malformed.");
        }

        if (buffer.Length < consumed + (long)length)
        {
            return false;
        }

        body = buffer.Slice(consumed, (long)length);
        return true;
    }

    private static T Parse<T>(MessageParser<T> parser, ReadOnlySequence<byte> body)
        where T : IMessage<T>
    {
        if (!ProtobufShape.IsBearable(Shape<T>.DescriptorOf(parser), body))
        {
            throw new ProtocolViolationException("A message is cut off, nested in groups, the same choice twice, or of far more parts than its length explains.");
        }

        try
        {
            return parser.ParseFrom(body);
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new ProtocolViolationException("A message is malformed.", error);
        }
    }

    /// <summary>The descriptor of a message type, which its parser does not tell.</summary>
    private static class Shape<T>
        where T : IMessage<T>
    {
        private static MessageDescriptor? _descriptor;

        public static MessageDescriptor DescriptorOf(MessageParser<T> parser) => _descriptor ??= parser.ParseFrom(ReadOnlySequence<byte>.Empty).Descriptor;
    }
}
