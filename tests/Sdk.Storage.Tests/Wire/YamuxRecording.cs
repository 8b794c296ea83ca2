using System.Buffers.Binary;

namespace Sdk.Storage.Tests.Wire;

/// <summary>One way of a recorded yamux session, put together again into its streams; every byte must belong to a frame.</summary>
internal sealed class YamuxRecording
{
    private const int HeaderBytes = 12;
    private const byte DataFrame = 0;
    private const byte LastFrameType = 3;

    private readonly SortedDictionary<uint, MemoryStream> _streams = [];

    public YamuxRecording(ReadOnlySpan<byte> session)
    {
        while (!session.IsEmpty)
        {
            var header = session[..HeaderBytes];
            session = session[HeaderBytes..];
            Assert.Equal(0, header[0]);
            Assert.InRange(header[1], 0, LastFrameType);
            if (header[1] == DataFrame)
            {
                var payload = session[..checked((int)BinaryPrimitives.ReadUInt32BigEndian(header[8..]))];
                StreamOf(BinaryPrimitives.ReadUInt32BigEndian(header[4..])).Write(payload);
                session = session[payload.Length..];
            }
        }
    }

    /// <summary>What the dialer said on each of its streams of a protocol, after both had agreed on it.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> StreamsOf(string protocol)
    {
        foreach (var stream in _streams.Values)
        {
            var cursor = new MultistreamCursor(stream.ToArray());
            Assert.Equal("/multistream/1.0.0", cursor.Next());
            if (cursor.Next() == protocol)
            {
                yield return cursor.Rest;
            }
        }
    }

    private MemoryStream StreamOf(uint id)
    {
        if (!_streams.TryGetValue(id, out var stream))
        {
            _streams[id] = stream = new MemoryStream();
        }

        return stream;
    }
}
