namespace Sdk.Core.Payments;

/// <summary>Who besides the provider has a part of what a service earns: the application's author, and the platform where one is named.</summary>
internal sealed class ServiceShares
{
    public const int Max = 2;

    private readonly PaymentShare[] _shares;

    /// <exception cref="ArgumentException">More than two, one below 0, or more than the whole together.</exception>
    public ServiceShares(params ReadOnlySpan<PaymentShare> shares)
    {
        var total = 0;
        foreach (var share in shares)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(share.BasisPoints, nameof(shares));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(share.BasisPoints, PaymentShare.BasisPointsMax, nameof(shares));
            total += share.BasisPoints;
        }

        if (shares.Length > Max || total > PaymentShare.BasisPointsMax)
        {
            throw new ArgumentException($"A service is shared with {Max} others at most, and no more than the whole.", nameof(shares));
        }

        _shares = shares.ToArray();
    }

    public ReadOnlySpan<PaymentShare> All => _shares;
}
