using System.Text;

namespace Sdk.Core.Networking.Pubsub;

/// <summary>
/// The parts of an RPC, each encoded with its field tag so that a frame is their concatenation: a topic's GRAFT, or the IHAVE of one
/// heartbeat, is encoded once for all the peers it goes to.
/// </summary>
internal static class RpcWriter
{
    private const int WireBytes = 2;
    private const int WireNumber = 0;

    /// <summary><c>RPC.subscriptions</c>.</summary>
    public static byte[] Subscription(string topic, bool isSubscribed)
    {
        var name = Encoding.UTF8.GetBytes(topic);
        var body = new byte[2 + SizeOf(name.Length)];
        body[0] = Tag(RpcFields.Subscribe, WireNumber);
        body[1] = isSubscribed ? (byte)1 : (byte)0;
        Write(body.AsSpan(2), RpcFields.SubscribeTopic, name);
        return Wrap(RpcFields.Subscriptions, body);
    }

    /// <summary><c>ControlMessage.graft</c>.</summary>
    public static byte[] Graft(string topic) => Wrap(RpcFields.Graft, Wrap(RpcFields.ControlTopic, Encoding.UTF8.GetBytes(topic)));

    /// <summary><c>ControlMessage.prune</c>, without peers: peer exchange is off.</summary>
    public static byte[] Prune(string topic, TimeSpan backoff)
    {
        var name = Wrap(RpcFields.ControlTopic, Encoding.UTF8.GetBytes(topic));
        var seconds = (ulong)Math.Ceiling(backoff.TotalSeconds);
        var body = new byte[name.Length + 1 + Varint.LengthOf(seconds)];
        name.CopyTo(body, 0);
        body[name.Length] = Tag(RpcFields.PruneBackoff, WireNumber);
        Varint.Write(body.AsSpan(name.Length + 1), seconds);
        return Wrap(RpcFields.Prune, body);
    }

    /// <summary><c>ControlMessage.ihave</c>.</summary>
    public static byte[] IHave(string topic, ReadOnlySpan<byte[]> ids) =>
        Ids(RpcFields.IHave, Wrap(RpcFields.ControlTopic, Encoding.UTF8.GetBytes(topic)), RpcFields.IHaveIds, ids);

    /// <summary><c>ControlMessage.iwant</c>.</summary>
    public static byte[] IWant(ReadOnlySpan<byte[]> ids) => Ids(RpcFields.IWant, [], RpcFields.WantIds, ids);

    /// <summary><c>ControlMessage.idontwant</c>.</summary>
    public static byte[] IDontWant(ReadOnlySpan<byte[]> ids) => Ids(RpcFields.IDontWant, [], RpcFields.WantIds, ids);

    /// <summary>A field's bytes on the wire: tag, length and content. Every field number here is below 16.</summary>
    public static int SizeOf(int contentBytes) => 1 + Varint.LengthOf((ulong)contentBytes) + contentBytes;

    /// <summary>Writes tag and length of a field; its content follows.</summary>
    public static int WriteHead(Span<byte> destination, int field, int contentBytes)
    {
        destination[0] = Tag(field, WireBytes);
        return 1 + Varint.Write(destination[1..], (ulong)contentBytes);
    }

    /// <summary>Writes a field of bytes and returns its size.</summary>
    public static int Write(Span<byte> destination, int field, ReadOnlySpan<byte> content)
    {
        var head = WriteHead(destination, field, content.Length);
        content.CopyTo(destination[head..]);
        return head + content.Length;
    }

    private static byte Tag(int field, int wire) => (byte)((field << 3) | wire);

    private static byte[] Wrap(int field, ReadOnlySpan<byte> content)
    {
        var whole = new byte[SizeOf(content.Length)];
        Write(whole, field, content);
        return whole;
    }

    private static byte[] Ids(int field, ReadOnlySpan<byte> before, int idField, ReadOnlySpan<byte[]> ids)
    {
        var length = before.Length;
        foreach (var id in ids)
        {
            length += SizeOf(id.Length);
        }

        var whole = new byte[SizeOf(length)];
        var at = WriteHead(whole, field, length);
        before.CopyTo(whole.AsSpan(at));
        at += before.Length;
        foreach (var id in ids)
        {
            at += Write(whole.AsSpan(at), idField, id);
        }

        return whole;
    }
}
