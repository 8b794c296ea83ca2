using System.Net;

namespace Sdk.Core.Networking.Relay;

/// <summary>Who has a place on a relay and how many circuits run, within the limits. Thread-safe.</summary>
internal sealed class RelayBook(RelayServerOptions options)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<PeerId, Reservation> _reservations = [];
    private readonly Dictionary<IPAddress, int> _byAddress = [];
    private readonly Dictionary<PeerId, int> _circuitsOf = [];
    private int _circuits;

    public int ReservationCount
    {
        get
        {
            lock (_gate)
            {
                return _reservations.Count;
            }
        }
    }

    public int CircuitCount
    {
        get
        {
            lock (_gate)
            {
                return _circuits;
            }
        }
    }

    /// <summary>Gives the peer a place or renews it; false where there is none left.</summary>
    public bool TryReserve(PeerId peer, IPAddress? address, out DateTimeOffset expires)
    {
        var now = options.TimeProvider.GetUtcNow();
        expires = now + options.ReservationTime;
        var source = address is null ? null : RemoteNetwork.Of(address);
        lock (_gate)
        {
            DropExpired(now);
            var known = _reservations.GetValueOrDefault(peer);
            var isFull = known is null && _reservations.Count >= options.MaxReservations;
            var isNewSource = source is not null && !source.Equals(known?.Source);
            if (isFull || (isNewSource && _byAddress.GetValueOrDefault(source!) >= options.MaxReservationsPerAddress))
            {
                return false;
            }

            Drop(peer);
            _reservations[peer] = new Reservation(expires, source);
            RelayTelemetry.Reservations.Add(1);
            if (source is not null)
            {
                _byAddress[source] = _byAddress.GetValueOrDefault(source) + 1;
            }

            return true;
        }
    }

    public bool HasReservation(PeerId peer)
    {
        lock (_gate)
        {
            return _reservations.TryGetValue(peer, out var known) && known.Expires > options.TimeProvider.GetUtcNow();
        }
    }

    /// <summary>Takes the peer's place away, if it has one.</summary>
    public void Release(PeerId peer)
    {
        lock (_gate)
        {
            Drop(peer);
        }
    }

    /// <summary>Counts a circuit, to be given back with <see cref="EndCircuit"/>; false where there are enough.</summary>
    public bool TryBeginCircuit(PeerId source, PeerId target)
    {
        lock (_gate)
        {
            if (_circuits >= options.MaxCircuits || CircuitsOf(source) >= options.MaxCircuitsPerPeer || CircuitsOf(target) >= options.MaxCircuitsPerPeer)
            {
                return false;
            }

            _circuits++;
            _circuitsOf[source] = CircuitsOf(source) + 1;
            _circuitsOf[target] = CircuitsOf(target) + 1;
        }

        RelayTelemetry.Circuits.Add(1);
        return true;
    }

    public void EndCircuit(PeerId source, PeerId target)
    {
        lock (_gate)
        {
            _circuits--;
            Decrement(_circuitsOf, source);
            Decrement(_circuitsOf, target);
        }

        RelayTelemetry.Circuits.Add(-1);
    }

    private static void Decrement<T>(Dictionary<T, int> counts, T key)
        where T : notnull
    {
        if (--counts[key] == 0)
        {
            counts.Remove(key);
        }
    }

    private int CircuitsOf(PeerId peer) => _circuitsOf.GetValueOrDefault(peer);

    private void DropExpired(DateTimeOffset now)
    {
        foreach (var (peer, _) in _reservations.Where(entry => entry.Value.Expires <= now).ToArray())
        {
            Drop(peer);
        }
    }

    private void Drop(PeerId peer)
    {
        if (!_reservations.Remove(peer, out var known))
        {
            return;
        }

        RelayTelemetry.Reservations.Add(-1);
        if (known.Source is not null)
        {
            Decrement(_byAddress, known.Source);
        }
    }

    private sealed record Reservation(DateTimeOffset Expires, IPAddress? Source);
}
