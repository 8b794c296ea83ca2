namespace Sdk.Core.Discovery;

/// <summary>What a service is, by its name. The suite's own kinds stand here; applications add others with <see cref="Parse"/>.</summary>
public readonly struct ServiceKind : IEquatable<ServiceKind>
{
    private readonly string? _name;

    private ServiceKind(string name) => _name = name;

    /// <summary>Keeping data as a member of copy groups.</summary>
    public static ServiceKind Storage { get; } = new("storage");

    /// <summary>Keeping packets for nodes that are offline.</summary>
    public static ServiceKind PacketHolding { get; } = new("packet-holding");

    /// <summary>Carrying connections to nodes that nobody can dial.</summary>
    public static ServiceKind Relay { get; } = new("relay");

    /// <summary>Carrying traffic to the internet through the provider's address.</summary>
    public static ServiceKind Exit { get; } = new("exit");

    /// <summary>Keeping routes, caching and fetching ahead for an employer.</summary>
    public static ServiceKind DataAgent { get; } = new("data-agent");

    /// <summary>The name; empty for the default value, which is no kind.</summary>
    public string Name => _name ?? "";

    /// <summary>The kind of this name.</summary>
    /// <param name="name">1 to 32 of a–z, 0–9 and hyphens, beginning with a letter.</param>
    /// <exception cref="FormatException">The text is no name.</exception>
    public static ServiceKind Parse(string name) => new(ServiceName.Checked(name));

    /// <summary>The kind of this name; false where the text is no name.</summary>
    public static bool TryParse(string? name, out ServiceKind kind)
    {
        kind = ServiceName.IsValid(name) ? new ServiceKind(name) : default;
        return kind != default;
    }

    /// <inheritdoc/>
    public bool Equals(ServiceKind other) => Name == other.Name;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ServiceKind other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    /// <summary>Equality of the names.</summary>
    public static bool operator ==(ServiceKind left, ServiceKind right) => left.Equals(right);

    /// <summary>Inequality.</summary>
    public static bool operator !=(ServiceKind left, ServiceKind right) => !left.Equals(right);
}
