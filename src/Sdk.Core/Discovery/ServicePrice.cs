using Sdk.Core.Ledger;

namespace Sdk.Core.Discovery;

/// <summary>What an agreement costs in all. Both sides compute it, so the rounding is part of the protocol.</summary>
internal static class ServicePrice
{
    /// <summary>The time that one unit covers; zero where time costs nothing.</summary>
    public static TimeSpan PeriodOf(ServiceUnit unit) => unit switch
    {
        ServiceUnit.GibibyteMonth => TimeSpan.FromDays(30),
        ServiceUnit.Second => TimeSpan.FromSeconds(1),
        ServiceUnit.Hour => TimeSpan.FromHours(1),
        _ => TimeSpan.Zero,
    };

    /// <summary>Price × quantity × (whole seconds of the duration / seconds of the unit), rounded up once at the end.</summary>
    /// <exception cref="AmountOutOfRangeException">It is 2^256 or more.</exception>
    public static TokenAmount Total(ServiceUnit unit, TokenAmount pricePerUnit, ulong quantity, TimeSpan duration)
    {
        var period = PeriodOf(unit);
        return period == TimeSpan.Zero
            ? pricePerUnit * quantity
            : (pricePerUnit * quantity).MultiplyBy((ulong)duration.TotalSeconds, (ulong)period.TotalSeconds, TokenRounding.Up);
    }
}
