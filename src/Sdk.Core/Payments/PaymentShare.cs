using Sdk.Core.Cryptography;

namespace Sdk.Core.Payments;

/// <summary>The part of each payment for a service that goes to the author of an application, or to a platform.</summary>
/// <param name="Account">Who gets it.</param>
/// <param name="BasisPoints">Hundredths of a percent, 0 to 10000; rounded down.</param>
public readonly record struct PaymentShare(AccountAddress Account, int BasisPoints)
{
    /// <summary>The whole.</summary>
    public const int BasisPointsMax = 10_000;
}
