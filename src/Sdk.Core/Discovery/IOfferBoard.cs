using Sdk.Core.Addressing;

namespace Sdk.Core.Discovery;

/// <summary>Where offers are put up for others to find.</summary>
internal interface IOfferBoard
{
    /// <summary>Puts an offer up under a key until it expires, in place of an older version.</summary>
    Task PutAsync(OverlayAddress key, ServiceOffer offer, CancellationToken cancellationToken);

    /// <summary>Takes an offer down.</summary>
    Task RemoveAsync(OverlayAddress key, ServiceOffer offer, CancellationToken cancellationToken);

    /// <summary>The encodings of what is put up under a key. Whether they are offers is the reader's to check.</summary>
    Task<IReadOnlyList<ReadOnlyMemory<byte>>> GetAsync(OverlayAddress key, CancellationToken cancellationToken);
}
