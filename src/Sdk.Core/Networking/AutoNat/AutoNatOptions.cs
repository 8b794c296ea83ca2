namespace Sdk.Core.Networking.AutoNat;

/// <summary>How an <see cref="AutoNatClient"/> finds out. Read once, when it starts.</summary>
public sealed class AutoNatOptions
{
    /// <summary>From the start to the first question: peers must have been met and have said who they are.</summary>
    /// <value>Default: 15 s.</value>
    public TimeSpan FirstDelay { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>From one round of questions to the next while the answer is unknown.</summary>
    /// <value>Default: 90 s.</value>
    public TimeSpan RetryInterval { get; set; } = TimeSpan.FromSeconds(90);

    /// <summary>From one round of questions to the next once there is an answer.</summary>
    /// <value>Default: 15 min.</value>
    public TimeSpan RefreshInterval { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>Whether addresses on this machine and in private networks are asked about too. For tests.</summary>
    /// <value>Default: false.</value>
    public bool AllowsPrivateAddresses { get; set; }

    /// <summary>The clock.</summary>
    /// <value>Default: the system's.</value>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(FirstDelay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(RetryInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(RefreshInterval, TimeSpan.Zero);
        ArgumentNullException.ThrowIfNull(TimeProvider);
    }
}
