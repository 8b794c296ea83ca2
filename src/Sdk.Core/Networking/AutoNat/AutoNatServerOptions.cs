namespace Sdk.Core.Networking.AutoNat;

/// <summary>How much an <see cref="AutoNatServer"/> does for others. Read once, when it starts.</summary>
public sealed class AutoNatServerOptions
{
    /// <summary>Requests of one IPv4 address or IPv6 network of 64 bits that are served in a <see cref="Window"/>.</summary>
    /// <value>Default: 3.</value>
    public int MaxRequestsPerAddress { get; set; } = 3;

    /// <summary>Requests in all that are served in a <see cref="Window"/>.</summary>
    /// <value>Default: 30.</value>
    public int MaxRequests { get; set; } = 30;

    /// <summary>How long requests are counted together.</summary>
    /// <value>Default: 1 min.</value>
    public TimeSpan Window { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long the addresses of one request are tried.</summary>
    /// <value>Default: 15 s.</value>
    public TimeSpan DialTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Whether requesters on this machine and in private networks are dialled too. For tests: a node that does so can be used to look
    /// for open ports behind its own firewall.
    /// </summary>
    /// <value>Default: false.</value>
    public bool AllowsPrivateAddresses { get; set; }

    /// <summary>The clock.</summary>
    /// <value>Default: the system's.</value>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRequestsPerAddress, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRequests, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Window, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(DialTimeout, TimeSpan.Zero);
        ArgumentNullException.ThrowIfNull(TimeProvider);
    }
}
