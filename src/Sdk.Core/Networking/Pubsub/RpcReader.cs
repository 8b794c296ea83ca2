namespace Sdk.Core.Networking.Pubsub;

/// <summary>
/// The fields of one protobuf message, in place. Signatures cover the encoding and ids are looked up before anything is kept, so nothing is
/// copied or allocated here: what a peer sends costs memory only where the router decides to keep it.
/// </summary>
internal ref struct RpcReader(ReadOnlySpan<byte> message)
{
    private const int MaxVarintBytes = 10;
    private ReadOnlySpan<byte> _rest = message;

    /// <summary>The number of the field that was read last.</summary>
    public int Field { get; private set; }

    /// <summary>The field's bytes, where it has any; empty for a number.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>The field's number, where it is one.</summary>
    public ulong Number { get; private set; }

    /// <summary>Whether the field has bytes, rather than a number.</summary>
    public bool IsBytes { get; private set; }

    /// <summary>Reads the next field; false at the end.</summary>
    /// <exception cref="ProtocolViolationException">This is no protobuf message.</exception>
    public bool TryRead()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        var tag = ReadVarint();
        Field = tag >> 3 is > 0 and <= int.MaxValue ? (int)(tag >> 3) : throw Malformed();
        IsBytes = false;
        Bytes = default;
        Number = 0;
        switch (tag & 7)
        {
            case 0:
                Number = ReadVarint();
                break;
            case 1:
                Take(sizeof(ulong));
                break;
            case 2:
                var length = ReadVarint();
                IsBytes = true;
                Bytes = length <= (ulong)_rest.Length ? Take((int)length) : throw Malformed();
                break;
            case 5:
                Take(sizeof(uint));
                break;
            default:
                throw Malformed();
        }

        return true;
    }

    private static ProtocolViolationException Malformed() => new("A pubsub message is malformed.");

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _rest.Length)
        {
            throw Malformed();
        }

        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }

    // Protobuf's varint, which may be longer than it needs to be; that of multiformats may not.
    private ulong ReadVarint()
    {
        ulong value = 0;
        for (var i = 0; i < _rest.Length && i < MaxVarintBytes; i++)
        {
            var b = _rest[i];
            value |= (ulong)(b & 0x7F) << (7 * i);
            if (b < 0x80)
            {
                _rest = _rest[(i + 1)..];
                return value;
            }
        }

        throw Malformed();
    }
}

/// <summary>Field numbers of the pubsub messages (libp2p <c>specs/pubsub</c>, <c>specs/pubsub/gossipsub</c> 1.0 to 1.2).</summary>
internal static class RpcFields
{
    public const int Subscriptions = 1;
    public const int Publish = 2;
    public const int Control = 3;

    public const int Subscribe = 1;
    public const int SubscribeTopic = 2;

    public const int From = 1;
    public const int Data = 2;
    public const int SequenceNumber = 3;
    public const int Topic = 4;
    public const int Signature = 5;
    public const int Key = 6;

    public const int IHave = 1;
    public const int IWant = 2;
    public const int Graft = 3;
    public const int Prune = 4;
    public const int IDontWant = 5;

    /// <summary>The topic of IHAVE, GRAFT and PRUNE.</summary>
    public const int ControlTopic = 1;

    public const int IHaveIds = 2;
    public const int WantIds = 1;
    public const int PruneBackoff = 3;
}
