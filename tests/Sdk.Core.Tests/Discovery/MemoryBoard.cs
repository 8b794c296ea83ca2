using System.Collections.Concurrent;
using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Discovery;
using Sdk.Core.Networking;

namespace Sdk.Core.Tests.Discovery;

/// <summary>A board in memory that all nodes of a test share; whoever wants can put rubbish on it.</summary>
internal sealed class MemoryBoard
{
    private readonly ConcurrentDictionary<(OverlayAddress Key, DeviceId Device), ServiceOffer> _offers = new();
    private readonly ConcurrentBag<(OverlayAddress Key, byte[] Bytes)> _rubbish = [];

    public IReadOnlyCollection<OverlayAddress> Keys => [.. _offers.Keys.Select(place => place.Key)];

    public void Litter(OverlayAddress key, byte[] bytes) => _rubbish.Add((key, bytes));

    /// <summary>Where nodes are.</summary>
    public ConcurrentDictionary<OverlayAddress, IReadOnlyList<Multiaddr>> Places { get; } = new();

    /// <summary>Whether offers are not taken for now.</summary>
    public bool IsAway { get; set; }

    /// <summary>This board as one device sees it.</summary>
    public IOfferBoard For(DeviceId device) => new View(this, device);

    public IReadOnlyList<ReadOnlyMemory<byte>> Under(OverlayAddress key) =>
    [
        .. _offers.Where(one => one.Key.Key == key).Select(one => one.Value.Encoded),
        .. _rubbish.Where(one => one.Key == key).Select(one => (ReadOnlyMemory<byte>)one.Bytes),
    ];

    private sealed class View(MemoryBoard board, DeviceId device) : IOfferBoard
    {
        public Task<bool> PutAsync(OverlayAddress key, ServiceOffer offer, CancellationToken cancellationToken)
        {
            if (!board.IsAway)
            {
                board._offers.AddOrUpdate((key, device), offer, (_, old) => old.Version < offer.Version ? offer : old);
            }

            return Task.FromResult(!board.IsAway);
        }

        public Task RemoveAsync(OverlayAddress key, ulong version, CancellationToken cancellationToken)
        {
            if (board._offers.TryGetValue((key, device), out var old) && old.Version < version)
            {
                board._offers.TryRemove((key, device), out _);
            }

            return Task.CompletedTask;
        }

        public Task<IReadOnlyList<ReadOnlyMemory<byte>>> GetAsync(OverlayAddress key, CancellationToken cancellationToken) =>
            Task.FromResult(board.Under(key));

        public Task<IReadOnlyList<Multiaddr>> LocateAsync(OverlayAddress address, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<Multiaddr>>(board.Places.GetValueOrDefault(address) ?? []);
    }
}
