using Sdk.Core.Cryptography;

namespace Sdk.Core.Networking.Pubsub;

/// <summary>Signs messages with the node key, whose public half is in the peer id, so that the key need not travel.</summary>
internal sealed class MessageSigner(KeyPair nodeKey)
{
    public PeerId Peer { get; } = PeerId.FromPublicKey(nodeKey.PublicKey);

    public byte[] Sign(ReadOnlySpan<byte> message) => IdentityKey.Sign(nodeKey, message);
}
