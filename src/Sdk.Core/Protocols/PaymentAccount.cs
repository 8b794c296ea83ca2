using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Payments;

namespace Sdk.Core.Protocols;

/// <summary>
/// What this node and one peer owe each other for services. A service is reserved before it begins, then applied or released; settling goes
/// on by itself, by cheques. Thread-safe.
/// </summary>
public sealed class PaymentAccount
{
    private readonly PaymentAccounts _accounts;
    private readonly PeerSheet _sheet;

    internal PaymentAccount(PaymentAccounts accounts, PeerSheet sheet) => (_accounts, _sheet) = (accounts, sheet);

    /// <summary>The peer's account.</summary>
    public AccountAddress Peer => _sheet.Account;

    /// <summary>Whether messages reach the peer now.</summary>
    public bool IsConnected => _sheet.IsConnected;

    /// <summary>What the peer owes this node now; zero where this node owes it.</summary>
    public TokenAmount Owed => Positive(_accounts.Books.BalanceOf(_sheet, _accounts.Now));

    /// <summary>What this node owes the peer now; zero where it is owed.</summary>
    public TokenAmount Debt => Positive(-_accounts.Books.BalanceOf(_sheet, _accounts.Now));

    /// <summary>Room for a service of this node to the peer.</summary>
    /// <param name="service">The service and its price.</param>
    /// <param name="units">How many units.</param>
    /// <param name="reservation">To apply once the service is given, or to release.</param>
    /// <returns>Why not; null where there is room.</returns>
    /// <exception cref="AmountOutOfRangeException">The price is above 2^96 base units.</exception>
    public PaymentRefusal? TryReserveCharge(ChequeService service, ulong units, out ServiceReservation reservation)
    {
        ArgumentNullException.ThrowIfNull(service);
        var result = _accounts.Books.ReserveEarning(_sheet, service.PriceOf(units), _accounts.Now, out var inner, service.Shares);
        reservation = new ServiceReservation(_accounts, inner);
        return Refusal(result);
    }

    /// <summary>Room for a service of the peer to this node.</summary>
    /// <inheritdoc cref="TryReserveCharge"/>
    public PaymentRefusal? TryReservePurchase(ChequeService service, ulong units, out ServiceReservation reservation)
    {
        ArgumentNullException.ThrowIfNull(service);
        var result = _accounts.Books.ReserveSpending(_sheet, service.PriceOf(units), _accounts.Now, out var inner);
        reservation = new ServiceReservation(_accounts, inner);
        return Refusal(result);
    }

    /// <summary>Charges the peer for a service whose answer is about to leave; durable when this returns.</summary>
    /// <exception cref="PaymentRefusedException">The peer has no room for it, or is blocked: do not give the service.</exception>
    /// <exception cref="StoreFailedException">The books cannot be written.</exception>
    public async ValueTask ChargeAsync(ChequeService service, ulong units, CancellationToken cancellationToken = default)
    {
        if (TryReserveCharge(service, units, out var reservation) is { } refusal)
        {
            _accounts.Wake();
            throw new PaymentRefusedException(refusal);
        }

        reservation.Apply();
        await _accounts.CommitAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Pays what this node owes the peer now, by cheque, without waiting for an invoice; the cheque is durable and on its way when this returns.</summary>
    /// <returns>What the cheque adds; zero where nothing is owed, or the deposit does not cover it.</returns>
    /// <exception cref="StoreFailedException">The books cannot be written.</exception>
    public async ValueTask<TokenAmount> PayAsync(CancellationToken cancellationToken = default)
    {
        var paid = _accounts.Books.Pay(_sheet, _accounts.Now);
        await _accounts.CommitAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        return TokenAmount.FromBaseUnits(paid);
    }

    private static TokenAmount Positive(Int128 amount) => amount > 0 ? TokenAmount.FromBaseUnits((UInt128)amount) : TokenAmount.Zero;

    private static PaymentRefusal? Refusal(ReserveResult result) => result == ReserveResult.Reserved ? null : (PaymentRefusal)result;
}

/// <summary>Room for one service under way. Apply it once the service was given, or release it; either, once.</summary>
public readonly struct ServiceReservation : IEquatable<ServiceReservation>
{
    private readonly PaymentAccounts? _accounts;
    private readonly Reservation _reservation;

    internal ServiceReservation(PaymentAccounts accounts, Reservation reservation) => (_accounts, _reservation) = (accounts, reservation);

    /// <summary>The service was given: it is owed from now on, durably so once <see cref="PaymentAccounts.CommitAsync"/> returned.</summary>
    /// <exception cref="InvalidOperationException">It was applied or released before, or never made.</exception>
    public void Apply()
    {
        var accounts = _accounts ?? throw new InvalidOperationException("There is no reservation.");
        accounts.Books.Apply(_reservation, accounts.Now);
        accounts.Wake();
    }

    /// <summary>The service was not given.</summary>
    /// <param name="isPeersFault">Whether the peer let it begin and went away: such services add up, and end in a block.</param>
    /// <exception cref="InvalidOperationException">It was applied or released before, or never made.</exception>
    public void Release(bool isPeersFault = false)
    {
        var accounts = _accounts ?? throw new InvalidOperationException("There is no reservation.");
        accounts.Books.Release(_reservation, accounts.Now, isPeersFault);
    }

    /// <inheritdoc/>
    public bool Equals(ServiceReservation other) => ReferenceEquals(_accounts, other._accounts) && _reservation == other._reservation;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ServiceReservation other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _reservation.GetHashCode();

    /// <summary>Equality.</summary>
    public static bool operator ==(ServiceReservation left, ServiceReservation right) => left.Equals(right);

    /// <summary>Inequality.</summary>
    public static bool operator !=(ServiceReservation left, ServiceReservation right) => !left.Equals(right);
}
