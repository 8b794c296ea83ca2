namespace Sdk.Core.Networking.Pubsub;

/// <summary>
/// Who signed a message. Keys that were decoded stay at hand: decoding one costs about as much as using it, and a topic has few authors.
/// Thread-safe, and meant to be called outside the router's lock: a verification takes about a tenth of a millisecond.
/// </summary>
internal sealed class MessageVerifier
{
    private const byte IdentityCode = 0x00;

    /// <summary>Authors remembered; beyond it all are forgotten at once, which costs each of them one decoding.</summary>
    private const int MaxAuthors = 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<byte[], Author> _authors = new(BytesComparer.Instance);

    /// <summary>Whether the key behind <c>from</c> signed the message; then <see cref="PubsubMessage.From"/> is set.</summary>
    public bool Verify(PubsubMessage message)
    {
        if (FindAuthor(message.FromField, message.Key) is not { } author || !author.Key.Verify(message.Signed, message.Signature))
        {
            return false;
        }

        message.From = author.Peer;
        return true;
    }

    private Author? FindAuthor(ReadOnlySpan<byte> from, ReadOnlySpan<byte> key)
    {
        lock (_gate)
        {
            // A key that came along must be the one remembered, or a message would be taken here and refused elsewhere.
            if (_authors.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(from, out var known)
                && (key.IsEmpty || key.SequenceEqual(known.Key.Encoded.Span)))
            {
                return known;
            }
        }

        if (Decode(from, key) is not { } author)
        {
            return null;
        }

        lock (_gate)
        {
            if (_authors.Count >= MaxAuthors)
            {
                _authors.Clear();
            }

            _authors[from.ToArray()] = author;
        }

        return author;
    }

    private static Author? Decode(ReadOnlySpan<byte> from, ReadOnlySpan<byte> key)
    {
        // A peer id that is a hash says nothing of the key, which must then come along.
        var encoded = key.IsEmpty && from.Length > 2 && from[0] == IdentityCode ? from[2..] : key;
        return IdentityKey.TryDecode(encoded, out var identity)
            && PeerId.FromIdentity(identity) is var peer && from.SequenceEqual(peer.Bytes.Span)
            ? new Author(peer, identity)
            : null;
    }

    private sealed record Author(PeerId Peer, IdentityKey Key);
}
