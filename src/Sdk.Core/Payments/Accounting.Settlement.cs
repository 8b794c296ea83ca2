namespace Sdk.Core.Payments;

/// <summary>From debt to cheque: the free allowance, invoices, what is paid on them and unasked, blocks.</summary>
internal sealed partial class Accounting
{
    private const long BlockMsMax = 24 * 60 * 60 * 1000;

    /// <summary>An allowance for longer than this is not added up at once.</summary>
    private const long RefreshMsMax = 30L * 24 * 60 * 60 * 1000;

    private UInt128 _issuedTotal;
    private UInt128 _paidTotal;
    private UInt128 _deposit;

    /// <summary>What of our deposit no cheque hangs on yet, as far as the ledger's word reaches.</summary>
    public UInt128 FreeFunds
    {
        get
        {
            lock (_gate)
            {
                return Funds;
            }
        }
    }

    private UInt128 Funds
    {
        get
        {
            var outstanding = _issuedTotal - _paidTotal;
            return _deposit > outstanding ? _deposit - outstanding : 0;
        }
    }

    /// <summary>What the vault has paid a peer of our cheques, as a final block says. Told before the deposit of the same block, or one is spent twice.</summary>
    public void PaidToPeer(PeerSheet sheet, UInt128 cumulativePayout)
    {
        lock (_gate)
        {
            var paid = UInt128.Min(cumulativePayout, sheet.Issued);
            if (paid > sheet.PaidToPeer)
            {
                _paidTotal += paid - sheet.PaidToPeer;
                sheet.PaidToPeer = paid;
            }
        }
    }

    /// <summary>Our deposit in the vault in a final block, without hard deposits and without what we asked to withdraw.</summary>
    public void Deposited(UInt128 deposit)
    {
        lock (_gate)
        {
            _deposit = deposit;
        }
    }

    /// <summary>Settles with the peers that came to a level since the last call: pays what we owe, asks for what is owed to us.</summary>
    public void Settle(DateTimeOffset now)
    {
        lock (_gate)
        {
            var nowMs = now.ToUnixTimeMilliseconds();
            while (_due.TryDequeue(out var sheet))
            {
                sheet.IsDue = false;
                Refresh(sheet, nowMs);
                if (sheet.Balance < 0)
                {
                    PayUnasked(sheet, nowMs);
                }
                else
                {
                    Invoice(sheet, nowMs);
                }
            }
        }
    }

    /// <summary>Pays what we owe a peer now, whatever the level; at least the smallest cheque.</summary>
    /// <returns>What the cheque adds; 0 where nothing was to pay, or the deposit does not cover it.</returns>
    public UInt128 Pay(PeerSheet sheet, DateTimeOffset now)
    {
        lock (_gate)
        {
            var nowMs = now.ToUnixTimeMilliseconds();
            Refresh(sheet, nowMs);
            var debt = Payable(sheet);
            return debt > 0 ? Issue(sheet, (UInt128)debt, nowMs) : 0;
        }
    }

    /// <summary>Whether the peer can be told something; what it may have missed is sent again when it comes.</summary>
    public void Connected(PeerSheet sheet, bool isConnected, DateTimeOffset now)
    {
        lock (_gate)
        {
            sheet.IsConnected = isConnected;
            if (isConnected)
            {
                SendAgain(sheet, now.ToUnixTimeMilliseconds());
            }
        }
    }

    /// <summary>Once a second or so: invoices and cheques that were not answered go again, late payers are noticed.</summary>
    public void Tick(DateTimeOffset now)
    {
        lock (_gate)
        {
            var nowMs = now.ToUnixTimeMilliseconds();
            var retryMs = (long)_parameters.RetryInterval.TotalMilliseconds;
            foreach (var sheet in _sheets)
            {
                if (sheet.InvoiceTarget > 0)
                {
                    Refresh(sheet, nowMs);
                    CloseInvoice(sheet);
                }

                if (IsLate(sheet, nowMs) && !sheet.IsReportedLate)
                {
                    sheet.IsReportedLate = true;
                    Raise(PaymentNoticeKind.PaymentLate, sheet, sheet.InvoiceTarget - sheet.Received);
                }

                if (!sheet.IsConnected || nowMs - sheet.SentAtMs < retryMs)
                {
                    continue;
                }

                SendAgain(sheet, nowMs);
            }
        }
    }

    /// <summary>
    /// The peer asks us to raise the cumulative payout of our cheques to <paramref name="target"/>. A sum since the beginning of time: an
    /// invoice that comes twice, late, or crosses our cheque asks for nothing new. We pay what our own book says, and a slack.
    /// </summary>
    public void ReceiveInvoice(PeerSheet sheet, UInt128 target, DateTimeOffset now)
    {
        lock (_gate)
        {
            var nowMs = now.ToUnixTimeMilliseconds();
            Refresh(sheet, nowMs);
            var known = _mutations.HasFlag(AccountingMutations.NoShadowBalance) ? sheet.Acknowledged : sheet.Issued;
            if (sheet.Issued > 0)
            {
                Want(sheet, Outgoing.Cheque); // The peer may have missed the last one.
            }

            if (target <= known)
            {
                return;
            }

            var asked = target - known;
            var slack = Percent(sheet.Threshold, AccountingParameters.SlackPercent);
            var payable = _mutations.HasFlag(AccountingMutations.TrustInvoices) ? (Int128)asked : Int128.Min((Int128)asked, (Int128)slack - sheet.Balance);
            if (payable < (Int128)asked)
            {
                Raise(PaymentNoticeKind.Overcharged, sheet, payable > 0 ? asked - (UInt128)payable : asked);
            }

            if (payable > 0)
            {
                Issue(sheet, (UInt128)payable, nowMs);
            }
        }
    }

    /// <summary>The peer says up to which cumulative payout it holds our cheques.</summary>
    /// <returns>False where it names one that we never issued.</returns>
    public bool ReceiveAcknowledgement(PeerSheet sheet, UInt128 cumulativePayout)
    {
        lock (_gate)
        {
            if (cumulativePayout > sheet.DurableIssued)
            {
                return false;
            }

            if (cumulativePayout > sheet.Acknowledged)
            {
                if (_mutations.HasFlag(AccountingMutations.NoShadowBalance))
                {
                    sheet.Balance += (Int128)(cumulativePayout - sheet.Acknowledged);
                }

                sheet.Acknowledged = cumulativePayout;
                Changed(sheet);
            }

            return true;
        }
    }

    /// <summary>Books what is free until now: as the creditor the whole, as the debtor the part that we count on.</summary>
    private static void Refresh(PeerSheet sheet, long nowMs)
    {
        var elapsedMs = Math.Min(nowMs - sheet.RefreshedAtMs, RefreshMsMax);
        if (elapsedMs <= 0)
        {
            return;
        }

        if (sheet.Balance == 0 && sheet.Aborted == 0)
        {
            sheet.RefreshedAtMs = nowMs;
            return;
        }

        var free = sheet.RefreshPerSecond * (ulong)elapsedMs / 1000;
        if (sheet.Balance < 0)
        {
            var counted = sheet.Announced.RefreshPerSecond * (ulong)elapsedMs * AccountingParameters.CountedAllowancePercent / 100_000;
            if (counted == 0 && sheet.Announced.RefreshPerSecond > 0)
            {
                return; // Small allowances add up over more than a millisecond.
            }

            sheet.Balance = Int128.Min(0, sheet.Balance + (Int128)counted);
        }
        else
        {
            if (free == 0 && sheet.RefreshPerSecond > 0)
            {
                return;
            }

            // Services are given free, money is not: neither what we paid in advance nor what bounced.
            var money = UInt128.Min(sheet.Advanced + sheet.Bounced, (UInt128)sheet.Balance);
            var forgiven = UInt128.Min(free, (UInt128)sheet.Balance - money);
            sheet.Balance -= (Int128)forgiven;
            sheet.Forgiven += forgiven;
            free -= forgiven;
        }

        sheet.Aborted -= UInt128.Min(free, sheet.Aborted);
        sheet.RefreshedAtMs = nowMs;
    }

    private void SendAgain(PeerSheet sheet, long nowMs)
    {
        var wanted = (sheet.Issued > sheet.Acknowledged ? Outgoing.Cheque : 0) | (sheet.InvoiceTarget > 0 ? Outgoing.Invoice : 0);
        if (wanted != Outgoing.None)
        {
            sheet.SentAtMs = nowMs;
            Want(sheet, wanted);
        }
    }

    /// <summary>Our debt, less what the peer is using of us now: that will offset it.</summary>
    private static Int128 Payable(PeerSheet sheet) => -sheet.Balance - (Int128)sheet.ReservedEarnings;

    private void PayUnasked(PeerSheet sheet, long nowMs)
    {
        var level = sheet.Announced.Threshold > 0 ? sheet.SettlementLevel : sheet.InvoiceLevel;
        var debt = Payable(sheet);
        if (debt > 0 && debt >= level)
        {
            Issue(sheet, (UInt128)debt, nowMs);
        }
    }

    private UInt128 Issue(PeerSheet sheet, UInt128 amount, long nowMs)
    {
        var asked = amount;

        // A peer may have brought us into debt by cheques alone: then paying is lending, until they are cashed.
        var room = (Int128)sheet.Threshold - Exposure(sheet, nowMs);
        if (room < (Int128)amount && !_mutations.HasFlag(AccountingMutations.PayUnlimited))
        {
            sheet.IsPressed = sheet.Unpresented > 0;
            amount = room > 0 ? (UInt128)room : 0;
        }

        var paid = UInt128.Min(amount, UInt128.Min(Funds, AccountingParameters.PayoutMax - sheet.Issued));
        if (paid < amount)
        {
            Raise(PaymentNoticeKind.FundsMissing, sheet, amount - paid);
        }

        if (paid == 0 || (paid < asked && paid < MinCheque(sheet.Announced)))
        {
            return 0;
        }

        sheet.Issued += paid;
        _issuedTotal += paid;
        if (!_mutations.HasFlag(AccountingMutations.NoShadowBalance))
        {
            var owedBefore = Int128.Max(0, sheet.Balance);
            sheet.Balance += (Int128)paid;
            sheet.Advanced += (UInt128)(Int128.Max(0, sheet.Balance) - owedBefore);
        }

        sheet.SentAtMs = nowMs;
        Want(sheet, Outgoing.Cheque);
        Raise(PaymentNoticeKind.ChequeIssued, sheet, paid);
        return paid;
    }

    private void Invoice(PeerSheet sheet, long nowMs)
    {
        var least = sheet.IsShort ? (Int128)MinCheque(new PeerTerms(sheet.Threshold, sheet.RefreshPerSecond)) : sheet.InvoiceLevel;
        sheet.IsShort = false;
        if (sheet.Balance <= 0 || sheet.Balance < least)
        {
            return;
        }

        // What bounced is owed by a cheque that we hold already; the invoice asks for the rest.
        var target = sheet.Received + (UInt128)sheet.Balance - UInt128.Min(sheet.Bounced, (UInt128)sheet.Balance);
        if (target <= sheet.Received || target <= sheet.InvoiceTarget)
        {
            return;
        }

        if (sheet.InvoiceTarget == 0)
        {
            sheet.InvoiceDueMs = nowMs + (long)_parameters.InvoiceDeadline.TotalMilliseconds;
        }

        sheet.InvoiceTarget = target;
        sheet.SentAtMs = nowMs;
        Want(sheet, Outgoing.Invoice);
        Raise(PaymentNoticeKind.InvoiceSent, sheet, target - sheet.Received);
    }

    /// <summary>
    /// An invoice is answered by a cheque for all of it, or once so little is owed that nobody would have asked: the rest is a difference
    /// between two books, which time mends.
    /// </summary>
    private void CloseInvoice(PeerSheet sheet)
    {
        if (sheet.InvoiceTarget > 0
            && (sheet.Received >= sheet.InvoiceTarget || sheet.Balance < (Int128)Percent(sheet.Threshold, AccountingParameters.EarlySettlementPercent)))
        {
            sheet.InvoiceTarget = 0;
            sheet.InvoiceDueMs = 0;
            sheet.IsReportedLate = false;
            Changed(sheet);
        }
    }

    private static bool IsLate(PeerSheet sheet, long nowMs) => sheet.InvoiceTarget > 0 && nowMs > sheet.InvoiceDueMs;

    /// <summary>A service was refused for its price: the peer should pay, or its cheques be cashed.</summary>
    private void AskForMoney(PeerSheet sheet)
    {
        sheet.IsPressed = sheet.Unpresented > 0;
        if (!sheet.IsShort)
        {
            sheet.IsShort = true;
            Raise(PaymentNoticeKind.LimitNear, sheet, sheet.Threshold);
        }

        Due(sheet);
    }

    private void BlockBeyondLimit(PeerSheet sheet, long nowMs)
    {
        var debt = Int128.Max(0, sheet.Balance) + (Int128)sheet.Aborted;
        if (debt <= (Int128)Percent(sheet.Threshold, AccountingParameters.DisconnectPercent))
        {
            return;
        }

        // The time in which the allowance would pay for what is owed and for what is lent once more.
        var seconds = sheet.RefreshPerSecond == 0 ? BlockMsMax / 1000 : UInt128.Min(((UInt128)debt + sheet.Threshold) / sheet.RefreshPerSecond, BlockMsMax / 1000);
        sheet.BlockedUntilMs = nowMs + ((long)seconds * 1000);
        sheet.Aborted = 0;
        Changed(sheet);
        Raise(PaymentNoticeKind.Blocked, sheet, (UInt128)debt);
    }

    private static UInt128 MinCheque(PeerTerms terms) => UInt128.Max(1, terms.RefreshPerSecond / AccountingParameters.MinChequeDivisor);
}
