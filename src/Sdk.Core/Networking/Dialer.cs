using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace Sdk.Core.Networking;

/// <summary>
/// Dials for a <see cref="Switch"/>. Whoever dials the same at the same time shares one dial. Both ends of a pair may dial each other at
/// once: both connections are kept, and each side goes on with whichever it has; to close one would need an agreement on which.
/// </summary>
internal sealed class Dialer(
    SwitchOptions options,
    ConnectionManager connections,
    AddressBook addresses,
    Func<Multiaddr, PeerId, CancellationToken, Task<Connection>> connect,
    ILogger logger,
    CancellationToken stopping)
{
    /// <summary>Addresses of one peer that are tried in one dial.</summary>
    internal const int MaxAddresses = 16;

    /// <summary>How long an address has before the next is tried beside it (RFC 8305, Connection Attempt Delay).</summary>
    private static readonly TimeSpan Stagger = TimeSpan.FromMilliseconds(250);

    private readonly DialBackoff _backoff = new(options.TimeProvider);

    // ---- Under the gate ----
    private readonly Lock _gate = new();
    private readonly Dictionary<Multiaddr, Task<Connection>> _byAddress = [];
    private readonly Dictionary<PeerId, Task<Connection>> _byPeer = [];

    /// <summary>The live connection, or a new one to that address. Through a relay counts where the address leads through one.</summary>
    public Task<Connection> DialAsync(Multiaddr address, PeerId peer)
    {
        lock (_gate)
        {
            return connections.FindOpen(peer) is { } open && (address.IsRelayed || !open.IsRelayed)
                ? Task.FromResult(open)
                : Share(_byAddress, address, () => DialOneAsync(address, peer));
        }
    }

    /// <summary>The live connection, or a new one to any address known of the peer.</summary>
    public Task<Connection> DialAsync(PeerId peer)
    {
        lock (_gate)
        {
            return connections.FindOpen(peer) is { } open ? Task.FromResult(open) : Share(_byPeer, peer, () => DialAnyAsync(peer));
        }
    }

    /// <summary>Completes when the dials under way now have ended, however they did.</summary>
    public async Task WhenAllEndedAsync()
    {
        Task[] running;
        lock (_gate)
        {
            running = [.. _byAddress.Values, .. _byPeer.Values];
        }

        await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    // Under the gate.
    private Task<Connection> Share<T>(Dictionary<T, Task<Connection>> dials, T key, Func<Task<Connection>> dial)
        where T : notnull
    {
        if (!dials.TryGetValue(key, out var running))
        {
            running = Task.Run(() => RunAsync(dials, key, dial), CancellationToken.None);
            dials.Add(key, running);
        }

        return running;
    }

    private async Task<Connection> RunAsync<T>(Dictionary<T, Task<Connection>> dials, T key, Func<Task<Connection>> dial)
        where T : notnull
    {
        try
        {
            return await dial().ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
            {
                dials.Remove(key);
            }
        }
    }

    private async Task<Connection> DialOneAsync(Multiaddr address, PeerId peer)
    {
        try
        {
            var connection = await connect(address, peer, stopping).ConfigureAwait(false);
            _backoff.Forget(peer);
            return connection;
        }
        catch (DialException) when (connections.FindOpen(peer) is { IsRelayed: false })
        {
            // The peer dialled us meanwhile; it may well be unable to be dialled.
            return connections.FindOpen(peer) ?? throw new DialException($"{address} was reached, and closed the connection at once.");
        }
    }

    private async Task<Connection> DialAnyAsync(PeerId peer)
    {
        Multiaddr[] candidates = [.. addresses.Find(peer).Where(address => options.Transports.Any(transport => transport.CanDial(address))).Take(MaxAddresses)];
        if (candidates.Length == 0)
        {
            throw new DialException($"No address of {peer} is known that can be dialled.");
        }

        return await _backoff.RunAsync(peer, token => RaceAsync(peer, candidates, token), stopping).ConfigureAwait(false);
    }

    private async ValueTask<Connection> RaceAsync(PeerId peer, Multiaddr[] candidates, CancellationToken cancellationToken)
    {
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var failures = new ConcurrentDictionary<string, Exception>();
        var attempts = new List<Task<Connection?>>();
        var connection = await RaceAsync(candidates, address => TryAsync(address, peer, failures, done.Token), attempts, done.Token).ConfigureAwait(false)
            ?? connections.FindOpen(peer);
        await done.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(attempts).ConfigureAwait(false);
        return connection ?? throw new DialException(
            $"{peer} was reached at none of {candidates.Length} addresses: {string.Join("; ", failures.Select(failure => $"{failure.Key}: {failure.Value.Message}"))}",
            failures);
    }

    /// <summary>Tries one address after another, the next when one has failed or its head start is over; the first that is connected wins.</summary>
    private async Task<Connection?> RaceAsync(
        Multiaddr[] candidates, Func<Multiaddr, Task<Connection?>> attempt, List<Task<Connection?>> attempts, CancellationToken cancellationToken)
    {
        List<Task> open = [];
        for (var next = 0; next < candidates.Length || open.Count > 0;)
        {
            Task? turn = null;
            if (next < candidates.Length)
            {
                attempts.Add(attempt(candidates[next++]));
                open.Add(attempts[^1]);
                turn = next < candidates.Length ? Task.Delay(Stagger, options.TimeProvider, cancellationToken) : null;
            }

            var first = await Task.WhenAny(turn is null ? open : [.. open, turn]).ConfigureAwait(false);
            if (first is Task<Connection?> ended)
            {
                open.Remove(ended);
                if (await ended.ConfigureAwait(false) is { } winner)
                {
                    return winner;
                }
            }
        }

        return null;
    }

    [SuppressMessage("Design", "CA1031", Justification = "A transport may be a user's own: whatever it throws is one address's failure, and is reported.")]
    private async Task<Connection?> TryAsync(
        Multiaddr address, PeerId peer, ConcurrentDictionary<string, Exception> failures, CancellationToken cancellationToken)
    {
        try
        {
            return await connect(address, peer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            ConnectionLog.AddressFailed(logger, peer, address, error.Message);
            failures[address.ToString()] = error;
            return null;
        }
    }
}
