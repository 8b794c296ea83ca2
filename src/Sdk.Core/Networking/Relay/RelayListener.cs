using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Sdk.Core.Networking.Relay;

/// <summary>
/// Listens at a relay: keeps a place there, and accepts the circuits that the relay offers. While the relay is away it tries again, less
/// and less often; meanwhile the node is not reachable here and says so.
/// </summary>
internal sealed class RelayListener : ITransportListener
{
    /// <summary>Circuits of one relay at a time, waiting to be accepted or in use.</summary>
    private const int MaxCircuits = 64;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);

    /// <summary>A place that was lost sooner counts as a failure, or a relay that gives and takes would keep this node busy.</summary>
    private static readonly TimeSpan SteadyAfter = TimeSpan.FromSeconds(10);

    private readonly Multiaddr _relay;
    private readonly Func<CancellationToken, Task<Reservation>> _reserve;
    private readonly Action _onChanged;
    private readonly Action<RelayListener> _onDisposed;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Channel<TransportConnection> _incoming = Channel.CreateBounded<TransportConnection>(MaxCircuits);
    private readonly CancellationTokenSource _stopping = new();
    private volatile Reservation? _held;
    private Task _keeping = Task.CompletedTask;
    private int _circuits;
    private int _isDisposed;

    public RelayListener(
        Multiaddr relay,
        Reservation first,
        Func<CancellationToken, Task<Reservation>> reserve,
        Action onChanged,
        Action<RelayListener> onDisposed,
        TimeProvider time,
        ILogger logger)
    {
        (_relay, _held, _reserve, _onChanged, _onDisposed, _time, _logger) = (relay, first, reserve, onChanged, onDisposed, time, logger);
        Address = relay.WithCircuit();
    }

    public PeerId Relay => _relay.Peer!;

    public Multiaddr Address { get; }

    public IReadOnlyList<Multiaddr> ReachableAddresses => _held is { } held && !IsLost(held) ? held.Addresses : [];

    public void Start() => _keeping = Task.Run(() => KeepAsync(_held!));

    /// <summary>Counts a circuit, to be given back with <see cref="End"/>; false where there are enough.</summary>
    public bool TryBegin()
    {
        if (Interlocked.Increment(ref _circuits) <= MaxCircuits)
        {
            return true;
        }

        End();
        return false;
    }

    public void End() => Interlocked.Decrement(ref _circuits);

    /// <summary>Hands over a circuit that was counted.</summary>
    public void Offer(TransportConnection connection)
    {
        if (!_incoming.Writer.TryWrite(connection))
        {
            connection.Stream.Dispose();
        }
    }

    public async ValueTask<TransportConnection> AcceptAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            return await _incoming.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException error)
        {
            throw new ObjectDisposedException("The listener is disposed.", error);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        _onDisposed(this);
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _keeping.ConfigureAwait(false);
        _held = null;
        _incoming.Writer.TryComplete();
        while (_incoming.Reader.TryRead(out var waiting))
        {
            await waiting.Stream.DisposeAsync().ConfigureAwait(false);
        }

        _stopping.Dispose();
    }

    /// <summary>Doubles with every failure; the jitter keeps those who lost a relay together from coming back together.</summary>
    private static TimeSpan PauseAfter(int failures)
    {
        var pause = FirstPause * Math.Pow(2, Math.Min(failures - 1, 10));
        return (pause < LongestPause ? pause : LongestPause) * (RandomNumberGenerator.GetInt32(750, 1001) / 1000.0);
    }

    private async Task KeepAsync(Reservation reservation)
    {
        var failures = 0;
        try
        {
            while (true)
            {
                RelayLog.ReservationHeld(_logger, _relay, reservation.Expires);
                await HoldAsync(reservation).ConfigureAwait(false);
                failures = _time.GetUtcNow() - reservation.Granted >= SteadyAfter ? 0 : failures + 1;
                reservation = await ReserveAgainAsync(failures).ConfigureAwait(false);
            }
        }
        catch (Exception) when (_stopping.IsCancellationRequested)
        {
            // The listener was disposed.
        }
    }

    /// <summary>Returns when the place is to be renewed, or is lost with its connection.</summary>
    private async Task HoldAsync(Reservation reservation)
    {
        using var due = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        var renewal = Task.Delay(reservation.RenewAfter, _time, due.Token);
        await Task.WhenAny(renewal, reservation.Connection.Closed).ConfigureAwait(false);
        await due.CancelAsync().ConfigureAwait(false);
        await renewal.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Token.ThrowIfCancellationRequested();
    }

    [SuppressMessage("Design", "CA1031", Justification = "A transport may be a user's own: whatever it throws is logged, and the next attempt follows.")]
    private async Task<Reservation> ReserveAgainAsync(int failures)
    {
        while (true)
        {
            DropIfLost();
            if (failures > 0)
            {
                await Task.Delay(PauseAfter(failures), _time, _stopping.Token).ConfigureAwait(false);
                DropIfLost();
            }

            try
            {
                var reservation = await _reserve(_stopping.Token).ConfigureAwait(false);
                var before = ReachableAddresses;
                _held = reservation;
                if (!before.SequenceEqual(reservation.Addresses))
                {
                    _onChanged();
                }

                return reservation;
            }
            catch (Exception error) when (!_stopping.IsCancellationRequested)
            {
                RelayLog.ReservationFailed(_logger, _relay, ++failures, error.Message);
            }
        }
    }

    private bool IsLost(Reservation held) => !held.Connection.IsOpen || held.Expires <= _time.GetUtcNow();

    private void DropIfLost()
    {
        if (_held is { } held && IsLost(held))
        {
            _held = null;
            RelayLog.ReservationLost(_logger, _relay);
            _onChanged();
        }
    }
}
