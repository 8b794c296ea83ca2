using Sdk.Core.Cryptography;
using Sdk.Core.Persistence;

namespace Sdk.Core.Payments;

/// <summary>
/// The books with all peers, without streams or a clock of its own: who used what of whom, who owes whom, which cheques were given and
/// taken. A service is reserved, then applied or released, so that services under way at once do not overspend together.
/// </summary>
/// <remarks>
/// <para>What we may lose to a peer is what it owes, what is reserved for it and what of its cheques is neither cashed nor secured by a hard
/// deposit. That sum stays within the peer's threshold whatever the peer does.</para>
/// <para>Durable before its effect: a charge before the answer of the service leaves (the caller awaits the commit); an issued cheque
/// before it leaves, so that it counts after a crash and nobody is paid twice; a received cheque before its acknowledgement, so that it
/// is not lost. What we used of others needs no such order: a crash forgets it in our own book only, and the peer's invoice brings it back
/// within the slack. <see cref="Commit"/> writes all sheets that changed since the last one in one record and one sync, and only
/// then gives out the messages that hang on them.</para>
/// <para>Thread-safe. Sums of one peer's debts net out as they come, since each sheet has one balance, and only what is left is paid.</para>
/// </remarks>
internal sealed partial class Accounting : IDisposable
{
    private const int EventsMax = 4096;

    private readonly AccountingParameters _parameters;
    private readonly AccountingMutations _mutations;
    private readonly Lock _gate = new();
    private readonly List<PeerSheet> _sheets = [];
    private readonly Dictionary<AccountAddress, PeerSheet> _byAccount = [];
    private readonly ReservationTable _reservations;
    private readonly Queue<PeerSheet> _due = new();
    private readonly Queue<AccountingEvent> _events = new();
    private readonly SheetJournal? _journal;

    private Accounting(AccountingParameters parameters)
    {
        _parameters = parameters;
        _mutations = parameters.Mutations;
        _reservations = new ReservationTable(parameters.MaxReservations);
    }

    private Accounting(AccountingParameters parameters, IBlockFile log, IBlockFile snapshot)
        : this(parameters)
    {
        _journal = SheetJournal.Open(log, snapshot, parameters, Restore);
        foreach (var sheet in _sheets)
        {
            _issuedTotal += sheet.Issued;
        }
    }

    /// <summary>Opens the books, or begins them in empty files.</summary>
    /// <param name="parameters">The rules.</param>
    /// <param name="log">The journal's log; owned from here on, also when this throws.</param>
    /// <param name="snapshot">The journal's snapshots; owned likewise.</param>
    /// <exception cref="LogCorruptException">The books are damaged, or those of another account or vault.</exception>
    /// <exception cref="SnapshotCorruptException">The snapshot is damaged.</exception>
    public static Accounting Open(AccountingParameters parameters, IBlockFile log, IBlockFile snapshot) => new(parameters, log, snapshot);

    /// <summary>Books that nothing keeps.</summary>
    public static Accounting OpenInMemory(AccountingParameters parameters) => new(parameters);

    /// <summary>All sheets.</summary>
    public IReadOnlyList<PeerSheet> Sheets
    {
        get
        {
            lock (_gate)
            {
                return [.. _sheets];
            }
        }
    }

    /// <summary>The sheet of a peer, made where there is none.</summary>
    /// <returns>Null where the books are full.</returns>
    public PeerSheet? OpenPeer(AccountAddress account, DateTimeOffset now)
    {
        lock (_gate)
        {
            return OpenSheet(account, now.ToUnixTimeMilliseconds());
        }
    }

    /// <summary>The sheet of a peer, or null.</summary>
    public PeerSheet? Find(AccountAddress account)
    {
        lock (_gate)
        {
            return _byAccount.GetValueOrDefault(account);
        }
    }

    /// <summary>What the peer owes us, less what we owe it, after the free allowance.</summary>
    public Int128 BalanceOf(PeerSheet sheet, DateTimeOffset now)
    {
        lock (_gate)
        {
            Refresh(sheet, now.ToUnixTimeMilliseconds());
            return sheet.Balance;
        }
    }

    /// <summary>What we lend the peer; a peer that fell below what it owes is cut off.</summary>
    public void Lend(PeerSheet sheet, PeerTerms terms, DateTimeOffset now)
    {
        lock (_gate)
        {
            var nowMs = now.ToUnixTimeMilliseconds();
            Refresh(sheet, nowMs);
            sheet.Threshold = UInt128.Min(terms.Threshold, AccountingParameters.AmountMax);
            sheet.RefreshPerSecond = UInt128.Min(terms.RefreshPerSecond, AccountingParameters.AmountMax);
            sheet.InvoiceLevel = (Int128)Percent(sheet.Threshold, AccountingParameters.InvoicePercent);
            BlockBeyondLimit(sheet, nowMs);
        }
    }

    /// <summary>What the peer says it lends us.</summary>
    public void Announced(PeerSheet sheet, PeerTerms terms, DateTimeOffset now)
    {
        lock (_gate)
        {
            Refresh(sheet, now.ToUnixTimeMilliseconds());
            sheet.Announced = new PeerTerms(
                UInt128.Min(terms.Threshold, AccountingParameters.AmountMax), UInt128.Min(terms.RefreshPerSecond, AccountingParameters.AmountMax));
            sheet.SettlementLevel = (Int128)Percent(sheet.Announced.Threshold, AccountingParameters.EarlySettlementPercent);
            Due(sheet);
        }
    }

    /// <summary>Room for a service of ours to the peer.</summary>
    /// <param name="sheet">The peer.</param>
    /// <param name="price">In base units, at most 2^96.</param>
    /// <param name="now">The time.</param>
    /// <param name="reservation">To apply or release, where the result is <see cref="ReserveResult.Reserved"/>.</param>
    /// <param name="shares">Who has a part of it; the same object for every call of a service.</param>
    public ReserveResult ReserveEarning(PeerSheet sheet, UInt128 price, DateTimeOffset now, out Reservation reservation, ServiceShares? shares = null)
    {
        CheckPrice(price);
        reservation = default;
        lock (_gate)
        {
            var nowMs = now.ToUnixTimeMilliseconds();
            Refresh(sheet, nowMs);
            if (nowMs < sheet.BlockedUntilMs || sheet.Bounced > 0 || IsLate(sheet, nowMs))
            {
                return ReserveResult.Blocked;
            }

            if (Exposure(sheet, nowMs) + (Int128)price > (Int128)sheet.Threshold)
            {
                AskForMoney(sheet);
                return ReserveResult.Threshold;
            }

            if (!_reservations.TryAdd(sheet, price, isEarning: true, shares, out reservation))
            {
                return ReserveResult.Busy;
            }

            sheet.ReservedEarnings += price;
            return ReserveResult.Reserved;
        }
    }

    /// <summary>Room for a service of the peer to us, as the peer will see it: cheques that it has not acknowledged do not count.</summary>
    /// <inheritdoc cref="ReserveEarning"/>
    public ReserveResult ReserveSpending(PeerSheet sheet, UInt128 price, DateTimeOffset now, out Reservation reservation)
    {
        CheckPrice(price);
        reservation = default;
        lock (_gate)
        {
            Refresh(sheet, now.ToUnixTimeMilliseconds());
            var shadow = _mutations.HasFlag(AccountingMutations.NoShadowBalance) ? 0 : sheet.Issued - sheet.Acknowledged;
            var expected = (Int128)(sheet.ReservedSpending + price + shadow) - sheet.Balance;
            if (expected > (Int128)sheet.Announced.Threshold)
            {
                Due(sheet);
                return ReserveResult.Threshold;
            }

            if (!_reservations.TryAdd(sheet, price, isEarning: false, null, out reservation))
            {
                return ReserveResult.Busy;
            }

            sheet.ReservedSpending += price;
            return ReserveResult.Reserved;
        }
    }

    /// <summary>The service was given: it is owed from here on, durably so after the next <see cref="Commit"/>.</summary>
    /// <exception cref="InvalidOperationException">The reservation was used before.</exception>
    public void Apply(Reservation reservation, DateTimeOffset now)
    {
        lock (_gate)
        {
            var entry = _reservations.Take(reservation);
            var sheet = entry.Sheet!;
            Refresh(sheet, now.ToUnixTimeMilliseconds());
            if (entry.IsEarning)
            {
                sheet.ReservedEarnings -= entry.Amount;
                sheet.Balance += (Int128)entry.Amount;
                sheet.Earned += entry.Amount;
                if (entry.Shares is not null)
                {
                    Claim(sheet, entry.Amount, entry.Shares);
                }

                if (sheet.Balance >= sheet.InvoiceLevel)
                {
                    Due(sheet);
                }
            }
            else
            {
                sheet.ReservedSpending -= entry.Amount;
                sheet.Balance -= (Int128)entry.Amount;
                sheet.Advanced = UInt128.Min(sheet.Advanced, (UInt128)Int128.Max(0, sheet.Balance));
                sheet.Spent += entry.Amount;
                if (-sheet.Balance >= sheet.SettlementLevel)
                {
                    Due(sheet);
                }
            }

            Changed(sheet);
        }
    }

    /// <summary>The service was not given.</summary>
    /// <param name="reservation">The reservation.</param>
    /// <param name="now">The time.</param>
    /// <param name="isPeersFault">Whether the peer let us begin and went away: such services add up, and end in a block.</param>
    /// <exception cref="InvalidOperationException">The reservation was used before.</exception>
    public void Release(Reservation reservation, DateTimeOffset now, bool isPeersFault = false)
    {
        lock (_gate)
        {
            var entry = _reservations.Take(reservation);
            var sheet = entry.Sheet!;
            if (!entry.IsEarning)
            {
                sheet.ReservedSpending -= entry.Amount;
                return;
            }

            sheet.ReservedEarnings -= entry.Amount;
            if (isPeersFault)
            {
                var nowMs = now.ToUnixTimeMilliseconds();
                Refresh(sheet, nowMs);
                sheet.Aborted += entry.Amount;
                BlockBeyondLimit(sheet, nowMs);
                Changed(sheet);
            }
        }
    }

    /// <summary>What happened, oldest first.</summary>
    public bool TryTakeEvent(out AccountingEvent happened)
    {
        lock (_gate)
        {
            return _events.TryDequeue(out happened);
        }
    }

    /// <summary>Closes the files. What was not committed is as good as lost.</summary>
    public void Dispose() => _journal?.Dispose();

    /// <summary>What we lose if the peer never pays again: the bound of the whole design.</summary>
    private Int128 Exposure(PeerSheet sheet, long nowMs)
    {
        var held = _mutations.HasFlag(AccountingMutations.NoExposure) ? 0 : sheet.Unsecured(nowMs);
        var reserved = _mutations.HasFlag(AccountingMutations.NoReservations) ? 0 : sheet.ReservedEarnings;
        return sheet.Balance + (Int128)(held + reserved);
    }

    private PeerSheet? OpenSheet(AccountAddress account, long nowMs)
    {
        if (_byAccount.TryGetValue(account, out var sheet))
        {
            return sheet;
        }

        if (_sheets.Count >= _parameters.MaxPeers)
        {
            return null;
        }

        sheet = new PeerSheet(_sheets.Count, account) { RefreshedAtMs = nowMs };
        _sheets.Add(sheet);
        _byAccount.Add(account, sheet);
        Changed(sheet);
        return sheet;
    }

    private void Restore(ReadOnlyMemory<byte> bytes)
    {
        var index = SheetCodec.IndexOf(bytes.Span);
        var account = SheetCodec.AccountOf(bytes.Span);
        if (index == _sheets.Count)
        {
            var added = new PeerSheet(index, account);
            _sheets.Add(added);
            _byAccount.Add(account, added);
        }

        if (index < 0 || index >= _sheets.Count || _sheets[index].Account != account)
        {
            throw new LogCorruptException("The books name a peer twice, or not at all.");
        }

        SheetCodec.Read(bytes.Span, _sheets[index]);
    }

    private void Changed(PeerSheet sheet)
    {
        if (!sheet.IsDirty)
        {
            sheet.IsDirty = true;
            _dirty.Add(sheet);
        }
    }

    private void Want(PeerSheet sheet, Outgoing what)
    {
        sheet.Wanted |= what;
        Changed(sheet);
    }

    private void Due(PeerSheet sheet)
    {
        if (!sheet.IsDue)
        {
            sheet.IsDue = true;
            _due.Enqueue(sheet);
        }
    }

    private void Raise(PaymentNoticeKind kind, PeerSheet sheet, UInt128 amount)
    {
        if (_events.Count == EventsMax)
        {
            _events.Dequeue();
        }

        _events.Enqueue(new AccountingEvent(kind, sheet, amount));
    }

    private static void CheckPrice(UInt128 price) => ArgumentOutOfRangeException.ThrowIfGreaterThan(price, AccountingParameters.AmountMax);

    private static UInt128 Percent(UInt128 amount, uint percent) => amount * percent / 100;
}
