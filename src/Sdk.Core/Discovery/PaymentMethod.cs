namespace Sdk.Core.Discovery;

/// <summary>How a service is paid, by its name. Which ones exist on a network its ledger says; applications add others with <see cref="Parse"/>.</summary>
public readonly struct PaymentMethod : IEquatable<PaymentMethod>
{
    private readonly string? _name;

    private PaymentMethod(string name) => _name = name;

    /// <summary>Cumulative cheques, as the service is used.</summary>
    public static PaymentMethod Cheque { get; } = new("cheque");

    /// <summary>An escrow that is filled before the service begins.</summary>
    public static PaymentMethod Escrow { get; } = new("escrow");

    /// <summary>Nothing is paid: for prices of zero.</summary>
    public static PaymentMethod Free { get; } = new("free");

    /// <summary>The name; empty for the default value, which is no means of payment.</summary>
    public string Name => _name ?? "";

    /// <summary>The means of payment of this name.</summary>
    /// <param name="name">1 to 32 of a–z, 0–9 and hyphens, beginning with a letter.</param>
    /// <exception cref="FormatException">The text is no name.</exception>
    public static PaymentMethod Parse(string name) => new(ServiceName.Checked(name));

    /// <summary>The means of payment of this name; false where the text is no name.</summary>
    public static bool TryParse(string? name, out PaymentMethod method)
    {
        method = ServiceName.IsValid(name) ? new PaymentMethod(name) : default;
        return method != default;
    }

    /// <inheritdoc/>
    public bool Equals(PaymentMethod other) => Name == other.Name;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is PaymentMethod other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    /// <summary>Equality of the names.</summary>
    public static bool operator ==(PaymentMethod left, PaymentMethod right) => left.Equals(right);

    /// <summary>Inequality.</summary>
    public static bool operator !=(PaymentMethod left, PaymentMethod right) => !left.Equals(right);
}
