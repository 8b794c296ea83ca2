namespace Sdk.Core.Networking.Mdns;

/// <summary>How a node looks for others on its local networks. Read once, when it starts.</summary>
public sealed class MdnsOptions
{
    /// <summary>Where multicast DNS happens.</summary>
    internal const int DefaultPort = 5353;

    /// <summary>The longest time between questions. The first are asked sooner: at once, after 1 s, 3 s, 7 s, …</summary>
    /// <value>Default: 60 s, within which what others say is believed. At least 1 s.</value>
    public TimeSpan QueryInterval { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The interfaces to use, by the names that the machine gives them. What is not there now is used once it is.
    /// </summary>
    /// <value>Default: none named, which is every interface that is up and capable of multicast, and loopback.</value>
    public IReadOnlyList<string> Interfaces { get; set; } = [];

    /// <summary>The clock.</summary>
    /// <value>Default: the system's.</value>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>For tests, which must not meet the machine's own responder.</summary>
    internal int Port { get; set; } = DefaultPort;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(QueryInterval, TimeSpan.FromSeconds(1));
        ArgumentNullException.ThrowIfNull(Interfaces);
        ArgumentNullException.ThrowIfNull(TimeProvider);
    }
}
