using Microsoft.Extensions.Logging;

namespace Sdk.Core.Networking.Relay;

/// <summary>What relaying says about itself. Peers and reasons, never payload.</summary>
internal static partial class RelayLog
{
    [LoggerMessage(100, LogLevel.Debug, "{Peer} has a place on this relay until {Expires}", EventName = "ReservationGranted")]
    public static partial void ReservationGranted(ILogger logger, PeerId peer, DateTimeOffset expires);

    [LoggerMessage(101, LogLevel.Debug, "{Peer} asked this relay for {Request} and was refused: {Status}", EventName = "RelayRefused")]
    public static partial void RelayRefused(ILogger logger, PeerId peer, string request, CircuitStatus status);

    [LoggerMessage(102, LogLevel.Debug, "A circuit from {Source} to {Target} ended: {Reason}", EventName = "CircuitEnded")]
    public static partial void CircuitEnded(ILogger logger, PeerId source, PeerId target, CircuitEnd reason);

    [LoggerMessage(103, LogLevel.Debug, "{Target} could not be reached for a circuit: {Reason}", EventName = "CircuitFailed")]
    public static partial void CircuitFailed(ILogger logger, PeerId target, string reason);

    [LoggerMessage(104, LogLevel.Information, "This node has a place on the relay {Relay} until {Expires}", EventName = "ReservationHeld")]
    public static partial void ReservationHeld(ILogger logger, Multiaddr relay, DateTimeOffset expires);

    [LoggerMessage(105, LogLevel.Warning, "This node lost its place on the relay {Relay}", EventName = "ReservationLost")]
    public static partial void ReservationLost(ILogger logger, Multiaddr relay);

    [LoggerMessage(106, LogLevel.Warning, "The relay {Relay} gave no place, attempt {Attempt}: {Reason}", EventName = "ReservationFailed")]
    public static partial void ReservationFailed(ILogger logger, Multiaddr relay, int attempt, string reason);
}
