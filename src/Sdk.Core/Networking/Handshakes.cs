using System.Net.Sockets;

namespace Sdk.Core.Networking;

/// <summary>
/// Accepted connections whose handshake is under way: as many as the options say in all, and of one place. A place is an IPv4 address or
/// an IPv6 /64, which is what one customer gets; so a stranger who begins handshakes and finishes none leaves room for others.
/// </summary>
internal sealed class Handshakes(SwitchOptions options)
{
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _running = [];
    private readonly Dictionary<string, int> _byPlace = [];

    /// <summary>Starts a handshake on another thread; or says which limit forbids it.</summary>
    public string? TryBegin(TransportConnection transport, Func<TransportConnection, Task> run)
    {
        var place = PlaceOf(transport.Remote);
        lock (_gate)
        {
            if (_running.Count >= options.MaxPendingHandshakes)
            {
                return "too many handshakes are under way";
            }

            var ofPlace = _byPlace.GetValueOrDefault(place);
            if (ofPlace >= options.MaxPendingHandshakesPerAddress)
            {
                return "too many handshakes are under way with its address";
            }

            _byPlace[place] = ofPlace + 1;
            var handshake = new Task<Task>(() => run(transport));
            var whole = handshake.Unwrap();
            _running.Add(whole);
            _ = whole.ContinueWith(ended => End(ended, place), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            handshake.Start(TaskScheduler.Default);
            return null;
        }
    }

    /// <summary>Completes when those under way now have ended.</summary>
    public Task WhenAllEndedAsync()
    {
        lock (_gate)
        {
            return Task.WhenAll([.. _running]);
        }
    }

    private void End(Task handshake, string place)
    {
        lock (_gate)
        {
            _running.Remove(handshake);
            if (--_byPlace[place] == 0)
            {
                _byPlace.Remove(place);
            }
        }
    }

    /// <summary>Who comes through a relay is counted with all others who come through it.</summary>
    private static string PlaceOf(Multiaddr address)
    {
        if (address.IsRelayed || !address.TryGetIp(out var ip))
        {
            return address.WithoutPeer().ToString();
        }

        ip = ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip;
        var bytes = ip.GetAddressBytes();
        return Convert.ToHexString(ip.AddressFamily == AddressFamily.InterNetworkV6 ? bytes.AsSpan(0, 8) : bytes);
    }
}
