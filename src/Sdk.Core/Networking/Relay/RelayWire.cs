using Google.Protobuf;

namespace Sdk.Core.Networking.Relay;

/// <summary>What both sides of circuit relay v2 (libp2p <c>specs/relay/circuit-v2</c>) need of its messages.</summary>
internal static class RelayWire
{
    /// <summary>Spoken to a relay: reserve a place, or connect to somebody who has one.</summary>
    public const string HopProtocol = "/libp2p/circuit/relay/0.2.0/hop";

    /// <summary>Spoken by a relay to whom it connects.</summary>
    public const string StopProtocol = "/libp2p/circuit/relay/0.2.0/stop";

    /// <summary>The largest message: a reservation with its addresses and voucher stays far below.</summary>
    public const int MaxMessageBytes = 4096;

    /// <summary>A relay's own addresses in a reservation; what is beyond is neither told nor believed.</summary>
    public const int MaxAddresses = 8;

    /// <summary>A peer that opened a stream has this long to say what it wants, or to answer.</summary>
    public static readonly TimeSpan MessageTimeout = TimeSpan.FromSeconds(10);

    public static async ValueTask SendAsync(PeerStream stream, IMessage message, CancellationToken cancellationToken)
    {
        ProtobufFrame.Write(stream.Output, message);
        await stream.Output.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    public static CircuitLimits? ToWire(ConnectionLimit? limit) => limit is null ? null : new CircuitLimits
    {
        Duration = (uint)Math.Clamp(limit.Duration?.TotalSeconds ?? 0, 0, uint.MaxValue),
        Data = (ulong)(limit.DataBytes ?? 0),
    };

    public static ConnectionLimit? FromWire(CircuitLimits? limit) => limit is null || (limit.Duration == 0 && limit.Data == 0) ? null : new ConnectionLimit(
        limit.Duration == 0 ? null : TimeSpan.FromSeconds(limit.Duration),
        limit.Data == 0 ? null : (long)Math.Min(limit.Data, long.MaxValue));
}
