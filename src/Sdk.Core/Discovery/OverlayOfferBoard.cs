using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Overlay;
using Sdk.Core.Overlay.Records;

namespace Sdk.Core.Discovery;

/// <summary>The board that all nodes are together: offers are records of the overlay, which puts them again every hour.</summary>
internal sealed class OverlayOfferBoard(OverlayNetwork overlay, DeviceIdentity device, TimeProvider time) : IOfferBoard
{
    public async Task<bool> PutAsync(OverlayAddress key, ServiceOffer offer, CancellationToken cancellationToken)
    {
        var record = OfferRecords.Create(offer, key, device.NodeKey, time.GetUtcNow());
        var put = await overlay.PutAsync(record, republish: true, cancellationToken).ConfigureAwait(false);
        return put.IsStored;
    }

    public async Task RemoveAsync(OverlayAddress key, ulong version, CancellationToken cancellationToken)
    {
        var deletion = OverlayRecord.Delete(device.NodeKey, device.Credential.NetworkId, OfferRecords.Kind, key, version, time.GetUtcNow());
        await overlay.PutAsync(deletion, republish: true, cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<ReadOnlyMemory<byte>>> GetAsync(OverlayAddress key, CancellationToken cancellationToken) =>
        [.. (await overlay.GetAsync(OfferRecords.Kind, key, cancellationToken).ConfigureAwait(false)).Select(record => record.Value)];

    public async Task<IReadOnlyList<Multiaddr>> LocateAsync(OverlayAddress address, CancellationToken cancellationToken)
    {
        var found = await overlay.LookupAsync(address, 1, cancellationToken).ConfigureAwait(false);
        return found.Nearest.FirstOrDefault(node => node.Address == address) is { Peer: { } peer } node
            ? [.. node.Addresses.Select(where => where.WithPeer(peer))]
            : [];
    }
}
