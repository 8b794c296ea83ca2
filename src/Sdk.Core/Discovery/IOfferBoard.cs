using Sdk.Core.Addressing;
using Sdk.Core.Networking;

namespace Sdk.Core.Discovery;

/// <summary>Where offers are put up for others to find.</summary>
internal interface IOfferBoard
{
    /// <summary>Puts an offer up under a key until it expires, in place of an older version of it, or of another of the device's.</summary>
    /// <returns>False where it could not be put up for now.</returns>
    Task<bool> PutAsync(OverlayAddress key, ServiceOffer offer, CancellationToken cancellationToken);

    /// <summary>Takes down what this device put up under a key with a lower version. Where that fails, the offer expires.</summary>
    Task RemoveAsync(OverlayAddress key, ulong version, CancellationToken cancellationToken);

    /// <summary>The encodings of what is put up under a key. Whether they are offers is the reader's to check.</summary>
    Task<IReadOnlyList<ReadOnlyMemory<byte>>> GetAsync(OverlayAddress key, CancellationToken cancellationToken);

    /// <summary>Where the node is now that stands at an address, each with its peer id; nothing where it is not found.</summary>
    Task<IReadOnlyList<Multiaddr>> LocateAsync(OverlayAddress address, CancellationToken cancellationToken);
}
