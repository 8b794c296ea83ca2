namespace Sdk.Core.Networking.Pubsub;

/// <summary>What one RPC may hold. A peer that sends more is not speaking gossipsub; its stream is reset before any of it is acted on.</summary>
internal static class RpcLimits
{
    /// <summary>Messages in one RPC: an answer to the largest IWANT.</summary>
    public const int MaxMessages = 5000;

    /// <summary>Subscription changes in one RPC: a hello with every topic that a peer may have, twice over.</summary>
    public const int MaxSubscriptions = 4096;

    /// <summary>IHAVE, IWANT, GRAFT, PRUNE and IDONTWANT entries in one RPC.</summary>
    public const int MaxControlEntries = 4096;

    /// <summary>Message ids in one RPC: two full IHAVE.</summary>
    public const int MaxIds = 10_000;

    /// <summary>A message id. The default has at most 52 bytes; other nodes may use their own.</summary>
    public const int MaxIdBytes = 256;

    /// <summary>Reads the RPC through, to the end of every nesting, and counts.</summary>
    /// <exception cref="ProtocolViolationException">It is malformed or holds too much.</exception>
    public static void Check(ReadOnlySpan<byte> rpc)
    {
        int messages = 0, subscriptions = 0, entries = 0, ids = 0;
        var reader = new RpcReader(rpc);
        while (reader.TryRead())
        {
            switch (reader.Field)
            {
                case RpcFields.Subscriptions when reader.IsBytes:
                    subscriptions++;
                    CheckFields(reader.Bytes);
                    break;
                case RpcFields.Publish when reader.IsBytes:
                    messages++;
                    CheckFields(reader.Bytes);
                    break;
                case RpcFields.Control when reader.IsBytes:
                    CheckControl(reader.Bytes, ref entries, ref ids);
                    break;
            }
        }

        if (messages > MaxMessages || subscriptions > MaxSubscriptions || entries > MaxControlEntries || ids > MaxIds)
        {
            throw new ProtocolViolationException("A pubsub RPC holds more entries than any honest one.");
        }
    }

    private static void CheckControl(ReadOnlySpan<byte> control, ref int entries, ref int ids)
    {
        var reader = new RpcReader(control);
        while (reader.TryRead())
        {
            if (!reader.IsBytes)
            {
                continue;
            }

            entries++;
            var idField = reader.Field switch
            {
                RpcFields.IHave => RpcFields.IHaveIds,
                RpcFields.IWant or RpcFields.IDontWant => RpcFields.WantIds,
                _ => 0,
            };
            var entry = new RpcReader(reader.Bytes);
            while (entry.TryRead())
            {
                ids += entry.IsBytes && entry.Field == idField ? 1 : 0;
            }
        }
    }

    private static void CheckFields(ReadOnlySpan<byte> message)
    {
        var reader = new RpcReader(message);
        while (reader.TryRead())
        {
            // Reading is the check.
        }
    }
}
