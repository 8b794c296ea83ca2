using Microsoft.Extensions.Logging;

namespace Sdk.Core.Networking.Mdns;

/// <summary>What local discovery says about itself.</summary>
internal static partial class MdnsLog
{
    [LoggerMessage(140, LogLevel.Information, "Looking for peers on {Interface} ({Family})", EventName = "MdnsJoined")]
    public static partial void Joined(ILogger logger, string @interface, System.Net.Sockets.AddressFamily family);

    [LoggerMessage(141, LogLevel.Information, "No longer looking for peers on {Interface} ({Family})", EventName = "MdnsLeft")]
    public static partial void Left(ILogger logger, string @interface, System.Net.Sockets.AddressFamily family);

    [LoggerMessage(142, LogLevel.Debug, "Heard of {Peer} on {Interface}", EventName = "MdnsFound")]
    public static partial void Found(ILogger logger, PeerId peer, string @interface);

    [LoggerMessage(143, LogLevel.Debug, "{Interface} cannot be used for local discovery now ({Family})", EventName = "MdnsInterfaceFailed")]
    public static partial void InterfaceFailed(ILogger logger, Exception error, string @interface, System.Net.Sockets.AddressFamily family);

    [LoggerMessage(144, LogLevel.Warning, "Local discovery cannot receive ({Family}); trying again in {Pause}", EventName = "MdnsReceiveFailed")]
    public static partial void ReceiveFailed(ILogger logger, Exception error, System.Net.Sockets.AddressFamily family, TimeSpan pause);

    [LoggerMessage(145, LogLevel.Debug, "Local discovery does without {Family}", EventName = "MdnsFamilyMissing")]
    public static partial void FamilyMissing(ILogger logger, Exception error, System.Net.Sockets.AddressFamily family);

    [LoggerMessage(146, LogLevel.Error, "A listener for local discovery failed", EventName = "MdnsListenerFailed")]
    public static partial void ListenerFailed(ILogger logger, Exception error);

    [LoggerMessage(147, LogLevel.Warning, "The machine's interfaces could not be read", EventName = "MdnsInterfacesUnreadable")]
    public static partial void InterfacesUnreadable(ILogger logger, Exception error);
}
