using System.Collections.Concurrent;
using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Discovery;

namespace Sdk.Core.Tests.Discovery;

/// <summary>A board in memory that all nodes of a test share; whoever wants can put rubbish on it.</summary>
internal sealed class MemoryBoard : IOfferBoard
{
    private readonly ConcurrentDictionary<(OverlayAddress Key, DeviceId Device, uint Number), ReadOnlyMemory<byte>> _offers = new();
    private readonly ConcurrentBag<(OverlayAddress Key, byte[] Bytes)> _rubbish = [];

    public IReadOnlyCollection<OverlayAddress> Keys => [.. _offers.Keys.Select(place => place.Key)];

    public void Litter(OverlayAddress key, byte[] bytes) => _rubbish.Add((key, bytes));

    public Task PutAsync(OverlayAddress key, ServiceOffer offer, CancellationToken cancellationToken)
    {
        _offers[(key, offer.Credential.Device, offer.Number)] = offer.Encoded;
        return Task.CompletedTask;
    }

    public Task RemoveAsync(OverlayAddress key, ServiceOffer offer, CancellationToken cancellationToken)
    {
        _offers.TryRemove((key, offer.Credential.Device, offer.Number), out _);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<ReadOnlyMemory<byte>>> GetAsync(OverlayAddress key, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ReadOnlyMemory<byte>>>(
        [
            .. _offers.Where(one => one.Key.Key == key).Select(one => one.Value),
            .. _rubbish.Where(one => one.Key == key).Select(one => (ReadOnlyMemory<byte>)one.Bytes),
        ]);
}
