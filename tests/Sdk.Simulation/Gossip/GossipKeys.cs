using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking.Pubsub;

namespace Sdk.Simulation.Gossip;

/// <summary>The keys of all runs: derived from names, so that they are the same in every process, and made once, so that a seed is cheap.</summary>
internal static class GossipKeys
{
    private static readonly ConcurrentDictionary<int, MessageSigner> Signers = new();

    public static MessageSigner Signer(int endpoint) => Signers.GetOrAdd(endpoint, static endpoint =>
    {
        // The upper bit is cleared, so that the number lies below the order of the curve.
        byte[] scalar = SHA256.HashData(Encoding.UTF8.GetBytes($"gossip {endpoint}"));
        scalar[0] &= 0x7F;
        return new MessageSigner(KeyPair.FromPrivateKey(scalar));
    });
}
