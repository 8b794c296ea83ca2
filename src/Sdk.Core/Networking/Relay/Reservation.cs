using System.Diagnostics.CodeAnalysis;

namespace Sdk.Core.Networking.Relay;

/// <summary>A place that a relay gave this node.</summary>
/// <param name="Connection">The connection that it depends on.</param>
/// <param name="Addresses">Where the relay says it can be reached, each with <c>/p2p-circuit</c>; first the one that this node used.</param>
/// <param name="Granted">When it was granted, by this node's clock.</param>
/// <param name="Expires">When it ends unless it is renewed.</param>
internal sealed record Reservation(Connection Connection, IReadOnlyList<Multiaddr> Addresses, DateTimeOffset Granted, DateTimeOffset Expires)
{
    /// <summary>A relay that promises more has a clock or a mind of its own; renewing daily costs nothing.</summary>
    private static readonly TimeSpan MaxLifetime = TimeSpan.FromDays(1);

    /// <summary>However short a place lasts, it is not renewed more often than this.</summary>
    private static readonly TimeSpan MinRenewal = TimeSpan.FromSeconds(10);

    /// <summary>When to renew, from <see cref="Granted"/> on: a quarter of the lifetime is left for attempts that fail.</summary>
    public TimeSpan RenewAfter => (Expires - Granted) * 0.75 is var due && due > MinRenewal ? due : MinRenewal;

    /// <summary>Checks what a relay granted. A voucher may be missing; one that is there must be right.</summary>
    public static bool TryRead(
        CircuitReservation? granted,
        Multiaddr relay,
        PeerId self,
        Connection connection,
        DateTimeOffset now,
        [NotNullWhen(true)] out Reservation? reservation,
        [NotNullWhen(false)] out string? fault)
    {
        reservation = null;
        fault = granted is null ? "it says nothing of it" : null;
        if (fault is not null)
        {
            return false;
        }

        var latest = now + MaxLifetime;
        var expires = granted!.Expire < (ulong)latest.ToUnixTimeSeconds() ? DateTimeOffset.FromUnixTimeSeconds((long)granted.Expire) : latest;
        fault = expires <= now ? "it has expired"
            : granted.Voucher.IsEmpty ? null
            : ReservationVoucher.FindFault(granted.Voucher.Span, relay.Peer!, self, now);
        if (fault is not null)
        {
            return false;
        }

        reservation = new Reservation(connection, ReadAddresses(granted, relay), now, expires);
        return true;
    }

    private static List<Multiaddr> ReadAddresses(CircuitReservation granted, Multiaddr relay)
    {
        List<Multiaddr> addresses = [relay.WithCircuit()];
        foreach (var bytes in granted.Addrs.Take(RelayWire.MaxAddresses))
        {
            if (Multiaddr.TryFromBytes(bytes.Span, out var own) && own.TryGetPlaceAt(relay.Peer!, out var place) && !addresses.Contains(place))
            {
                addresses.Add(place);
            }
        }

        return addresses;
    }
}
