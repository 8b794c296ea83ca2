using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Sdk.Core.Networking.Pubsub;

/// <summary>A message of a topic. Immutable, safe for many threads.</summary>
public sealed class PubsubMessage
{
    /// <summary>A sequence number is this long, big-endian.</summary>
    internal const int SequenceNumberBytes = 8;

    /// <summary>What stands before the message in what is signed.</summary>
    private static ReadOnlySpan<byte> SigningDomain => "libp2p-pubsub:"u8;

    // One array serves three purposes: [domain | from, data, seqno, topic] is what is signed, and all after the domain is the message on the
    // wire, encoded once for every peer that it goes to.
    private readonly byte[] _buffer;
    private readonly int _signedEnd;
    private readonly Range _from;
    private readonly Range _data;
    private readonly Range _sequenceNumber;
    private readonly Range _signature;
    private readonly Range _key;

    private PubsubMessage(in MessageFields fields, string topic, PeerId? receivedFrom)
    {
        Topic = topic;
        ReceivedFrom = receivedFrom;
        _buffer = new byte[SigningDomain.Length + fields.EncodedBytes];
        SigningDomain.CopyTo(_buffer);
        var at = SigningDomain.Length;
        _from = Append(RpcFields.From, fields.Has(RpcFields.From), fields.From, ref at);
        _data = Append(RpcFields.Data, fields.Has(RpcFields.Data), fields.Data, ref at);
        _sequenceNumber = Append(RpcFields.SequenceNumber, fields.Has(RpcFields.SequenceNumber), fields.SequenceNumber, ref at);
        Append(RpcFields.Topic, fields.Has(RpcFields.Topic), fields.Topic, ref at);
        _signedEnd = at;
        _signature = Append(RpcFields.Signature, fields.Has(RpcFields.Signature), fields.Signature, ref at);
        _key = Append(RpcFields.Key, fields.Has(RpcFields.Key), fields.Key, ref at);
        Id = [];
    }

    /// <summary>The topic that it was published to.</summary>
    public string Topic { get; }

    /// <summary>What was published.</summary>
    public ReadOnlyMemory<byte> Data => _buffer.AsMemory(_data);

    /// <summary>
    /// Who published it, which the signature proves; null where messages are not signed, and for
    /// <see cref="PubsubOptions.MessageId"/>, which is asked before anything is proven.
    /// </summary>
    public PeerId? From { get; internal set; }

    /// <summary>The publisher's sequence number; null where messages are not signed.</summary>
    public ulong? SequenceNumber =>
        SequenceNumberField.Length == SequenceNumberBytes ? BinaryPrimitives.ReadUInt64BigEndian(SequenceNumberField) : null;

    /// <summary>The peer that delivered it first; null for this node's own.</summary>
    public PeerId? ReceivedFrom { get; }

    /// <summary>What tells it from all other messages: publisher and sequence number, or what <see cref="PubsubOptions.MessageId"/> says.</summary>
    public ReadOnlyMemory<byte> MessageId => Id;

    internal byte[] Id { get; private set; }

    /// <summary>The message on the wire, in its one canonical form, so that nobody can make it grow on its way.</summary>
    internal ReadOnlySpan<byte> Encoded => _buffer.AsSpan(SigningDomain.Length);

    internal int EncodedBytes => _buffer.Length - SigningDomain.Length;

    /// <summary>What a signature covers: the domain, and the message without signature and key.</summary>
    internal ReadOnlySpan<byte> Signed => _buffer.AsSpan(0, _signedEnd);

    internal ReadOnlySpan<byte> FromField => _buffer.AsSpan(_from);

    internal ReadOnlySpan<byte> SequenceNumberField => _buffer.AsSpan(_sequenceNumber);

    internal ReadOnlySpan<byte> Signature => _buffer.AsSpan(_signature);

    internal ReadOnlySpan<byte> Key => _buffer.AsSpan(_key);

    /// <summary>A message as it arrived; its signature has not been looked at.</summary>
    internal static PubsubMessage Receive(in MessageFields fields, string topic, PeerId receivedFrom, Func<PubsubMessage, byte[]>? messageId)
    {
        var message = new PubsubMessage(fields, topic, receivedFrom);
        message.Id = messageId?.Invoke(message) ?? message.DefaultId();
        return message;
    }

    /// <summary>A message of this node, signed where <paramref name="signer"/> is given.</summary>
    internal static PubsubMessage Create(
        string topic, ReadOnlySpan<byte> data, MessageSigner? signer, ulong sequenceNumber, Func<PubsubMessage, byte[]>? messageId)
    {
        var fields = default(MessageFields);
        fields.Set(RpcFields.Data, data);
        fields.Set(RpcFields.Topic, Encoding.UTF8.GetBytes(topic));
        if (signer is not null)
        {
            var number = new byte[SequenceNumberBytes];
            BinaryPrimitives.WriteUInt64BigEndian(number, sequenceNumber);
            fields.Set(RpcFields.From, signer.Peer.Bytes.Span);
            fields.Set(RpcFields.SequenceNumber, number);
            fields.Set(RpcFields.Signature, signer.Sign(new PubsubMessage(fields, topic, receivedFrom: null).Signed));
        }

        var message = new PubsubMessage(fields, topic, receivedFrom: null) { From = signer?.Peer };
        message.Id = messageId?.Invoke(message) ?? message.DefaultId();
        return message;
    }

    // Unsigned messages have no sequence number; js-libp2p hashes their data, and so must whoever meets it.
    private byte[] DefaultId() => _from.Start.Value == _from.End.Value ? SHA256.HashData(Data.Span) : [.. FromField, .. SequenceNumberField];

    private Range Append(int field, bool isPresent, ReadOnlySpan<byte> content, ref int at)
    {
        if (!isPresent)
        {
            return default;
        }

        at += RpcWriter.Write(_buffer.AsSpan(at), field, content);
        return (at - content.Length)..at;
    }
}

/// <summary>The fields of a message in the RPC that brought it. A field that is there and empty differs from one that is not: signatures cover it.</summary>
internal ref struct MessageFields
{
    private int _present;

    public ReadOnlySpan<byte> From { get; private set; }

    public ReadOnlySpan<byte> Data { get; private set; }

    public ReadOnlySpan<byte> SequenceNumber { get; private set; }

    public ReadOnlySpan<byte> Topic { get; private set; }

    public ReadOnlySpan<byte> Signature { get; private set; }

    public ReadOnlySpan<byte> Key { get; private set; }

    public readonly int EncodedBytes =>
        SizeOf(RpcFields.From, From) + SizeOf(RpcFields.Data, Data) + SizeOf(RpcFields.SequenceNumber, SequenceNumber)
        + SizeOf(RpcFields.Topic, Topic) + SizeOf(RpcFields.Signature, Signature) + SizeOf(RpcFields.Key, Key);

    /// <exception cref="ProtocolViolationException">The message is malformed.</exception>
    public static MessageFields Read(ReadOnlySpan<byte> message)
    {
        var fields = default(MessageFields);
        var reader = new RpcReader(message);
        while (reader.TryRead())
        {
            if (reader.IsBytes)
            {
                fields.Set(reader.Field, reader.Bytes);
            }
        }

        return fields;
    }

    public readonly bool Has(int field) => (_present & (1 << field)) != 0;

    /// <summary>The last of several counts, as in protobuf; fields that nobody knows are left out.</summary>
    public void Set(int field, ReadOnlySpan<byte> content)
    {
        switch (field)
        {
            case RpcFields.From:
                From = content;
                break;
            case RpcFields.Data:
                Data = content;
                break;
            case RpcFields.SequenceNumber:
                SequenceNumber = content;
                break;
            case RpcFields.Topic:
                Topic = content;
                break;
            case RpcFields.Signature:
                Signature = content;
                break;
            case RpcFields.Key:
                Key = content;
                break;
            default:
                return;
        }

        _present |= 1 << field;
    }

    private readonly int SizeOf(int field, ReadOnlySpan<byte> content) => Has(field) ? RpcWriter.SizeOf(content.Length) : 0;
}
