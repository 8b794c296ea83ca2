namespace Sdk.Core.Networking;

/// <summary>Answers the streams that peers open under a protocol name.</summary>
public interface IProtocol
{
    /// <summary>The name, <c>/sdk/&lt;noun&gt;/&lt;version&gt;</c>.</summary>
    string Id { get; }

    /// <summary>
    /// Serves one stream. Called once per stream, many at a time. When it returns the stream is closed in both directions; when it
    /// throws the stream is reset. Read to the end before returning: what the peer still sends to a closed stream resets it.
    /// </summary>
    /// <param name="stream">The stream; who is at its other end has been verified.</param>
    /// <param name="cancellationToken">Cancelled when the connection or the switch closes.</param>
    Task HandleAsync(PeerStream stream, CancellationToken cancellationToken);
}
