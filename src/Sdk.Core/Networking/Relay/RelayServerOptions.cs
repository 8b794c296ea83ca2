namespace Sdk.Core.Networking.Relay;

/// <summary>What a <see cref="RelayServer"/> gives away. Read once, when it starts.</summary>
public sealed class RelayServerOptions
{
    /// <summary>Peers that may have a place at a time; further ones are refused.</summary>
    /// <value>Default: 128.</value>
    public int MaxReservations { get; set; } = 128;

    /// <summary>Places for peers behind one IPv4 address or one IPv6 network of 64 bits.</summary>
    /// <value>Default: 8.</value>
    public int MaxReservationsPerAddress { get; set; } = 8;

    /// <summary>How long a place is kept unless it is renewed.</summary>
    /// <value>Default: 1 h.</value>
    public TimeSpan ReservationTime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Circuits at a time, in all.</summary>
    /// <value>Default: 256.</value>
    public int MaxCircuits { get; set; } = 256;

    /// <summary>Circuits at a time that begin or end at one peer.</summary>
    /// <value>Default: 16.</value>
    public int MaxCircuitsPerPeer { get; set; } = 16;

    /// <summary>How long a circuit may last; null without limit.</summary>
    /// <value>Default: 2 min.</value>
    public TimeSpan? CircuitDuration { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>What a circuit may carry, in bytes in each direction; null without limit.</summary>
    /// <value>Default: 128 KiB: enough to agree on a direct connection, too little to live on.</value>
    public long? CircuitDataBytes { get; set; } = 128 * 1024;

    /// <summary>
    /// Where others reach this relay, which is told to those who get a place.
    /// </summary>
    /// <value>Default: none; the addresses that the switch listens on directly are told.</value>
    public IReadOnlyList<Multiaddr> Addresses { get; set; } = [];

    /// <summary>The clock, of reservations and circuits.</summary>
    /// <value>Default: the system's.</value>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxReservations, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxReservationsPerAddress, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(ReservationTime, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxCircuits, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxCircuitsPerPeer, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(CircuitDuration ?? TimeSpan.MaxValue, TimeSpan.FromSeconds(1), nameof(CircuitDuration));
        ArgumentOutOfRangeException.ThrowIfLessThan(CircuitDataBytes ?? long.MaxValue, 1, nameof(CircuitDataBytes));
        ArgumentNullException.ThrowIfNull(Addresses);
        ArgumentNullException.ThrowIfNull(TimeProvider);
    }
}
