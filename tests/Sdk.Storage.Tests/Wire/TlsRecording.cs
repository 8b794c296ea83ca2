using System.Buffers.Binary;

namespace Sdk.Storage.Tests.Wire;

/// <summary>
/// A recorded connection opened with its logged secrets: multistream's agreement on TLS in the clear, then TLS 1.3 records,
/// of which every one must authenticate in its turn and the last must end where the recording ends.
/// </summary>
internal sealed class TlsRecording
{
    private const int HeaderBytes = 5;

    private TlsRecording(byte[] sent, byte[] received) => (Sent, Received) = (sent, received);

    private enum RecordType : byte
    {
        ChangeCipherSpec = 20,
        Alert = 21,
        Handshake = 22,
        ApplicationData = 23,
    }

    /// <summary>What the dialer sent inside TLS.</summary>
    public byte[] Sent { get; }

    /// <summary>What it received inside TLS.</summary>
    public byte[] Received { get; }

    public static TlsRecording Open(RecordedConnection connection, TlsKeyLog keys)
    {
        var sent = AfterAgreement(connection.Sent);
        var received = AfterAgreement(connection.Received);
        var random = ClientRandom(sent.Span);
        var suite = CipherSuite(received.Span);
        return new TlsRecording(
            Decrypt(sent.Span, suite, keys["CLIENT_HANDSHAKE_TRAFFIC_SECRET", random], keys["CLIENT_TRAFFIC_SECRET_0", random]),
            Decrypt(received.Span, suite, keys["SERVER_HANDSHAKE_TRAFFIC_SECRET", random], keys["SERVER_TRAFFIC_SECRET_0", random]));
    }

    private static ReadOnlyMemory<byte> AfterAgreement(byte[] recorded)
    {
        var cursor = new MultistreamCursor(recorded);
        Assert.Equal("/multistream/1.0.0", cursor.Next());
        Assert.Equal("/tls/1.0.0", cursor.Next());
        return cursor.Rest;
    }

    // A hello: record header, type u8, length u24, version u16, random 32 bytes, session id with its length before it, and in
    // the server's the cipher suite.
    private static ReadOnlySpan<byte> ClientRandom(ReadOnlySpan<byte> records) => records.Slice(HeaderBytes + 6, 32);

    private static ushort CipherSuite(ReadOnlySpan<byte> records)
    {
        var sessionId = HeaderBytes + 6 + 32;
        return BinaryPrimitives.ReadUInt16BigEndian(records[(sessionId + 1 + records[sessionId])..]);
    }

    private static byte[] Decrypt(ReadOnlySpan<byte> records, ushort suite, byte[] handshakeSecret, byte[] applicationSecret)
    {
        using var handshakeKeys = new TlsTrafficKeys(suite, handshakeSecret);
        using var applicationKeys = new TlsTrafficKeys(suite, applicationSecret);
        var keys = handshakeKeys;
        var handshake = new MemoryStream();
        var application = new MemoryStream();
        while (!records.IsEmpty)
        {
            var header = records[..HeaderBytes];
            var body = records.Slice(HeaderBytes, BinaryPrimitives.ReadUInt16BigEndian(header[3..]));
            records = records[(HeaderBytes + body.Length)..];
            if ((RecordType)header[0] != RecordType.ApplicationData)
            {
                // The two hellos, and the marks that TLS 1.3 sends for old middleboxes.
                Assert.True((RecordType)header[0] is RecordType.Handshake or RecordType.ChangeCipherSpec);
                continue;
            }

            var inner = keys.Open(header, body).AsSpan().TrimEnd((byte)0);
            var type = (RecordType)inner[^1];
            (type == RecordType.Handshake ? handshake : type == RecordType.ApplicationData ? application : Stream.Null).Write(inner[..^1]);
            if (keys == handshakeKeys && EndsWithFinished(handshake.ToArray()))
            {
                keys = applicationKeys;
            }
        }

        return application.ToArray();
    }

    private static bool EndsWithFinished(ReadOnlySpan<byte> messages)
    {
        const byte finished = 20;
        byte last = 0;
        while (messages.Length >= 4)
        {
            var length = 4 + (messages[1] << 16) + BinaryPrimitives.ReadUInt16BigEndian(messages[2..]);
            if (length > messages.Length)
            {
                return false;
            }

            last = messages[0];
            messages = messages[length..];
        }

        return last == finished;
    }
}

/// <summary>Reads multistream messages: a length that counts the line end, the name, the line end.</summary>
internal sealed class MultistreamCursor(ReadOnlyMemory<byte> bytes)
{
    public ReadOnlyMemory<byte> Rest { get; private set; } = bytes;

    public string Next()
    {
        int length = Rest.Span[0];
        Assert.InRange(length, 2, 127); // One byte of length: every name spoken here is short.
        var line = Rest.Span.Slice(1, length);
        Assert.Equal((byte)'\n', line[^1]);
        var name = System.Text.Encoding.UTF8.GetString(line[..^1]);
        Rest = Rest[(1 + length)..];
        return name;
    }
}
