using Sdk.Core.Cryptography;
using Sdk.Core.Payments;
using Sdk.Simulation.Disk;
using Sdk.Simulation.Scheduling;

namespace Sdk.Core.Tests.Payments;

/// <summary>The books of one account over a simulated disk, with a clock that the test turns.</summary>
internal sealed class Bookkeeper : IDisposable
{
    public static readonly ChequeDomain Domain = new(31337, AccountAddress.Parse("0xfa02D396842E6e1D319E8E3D4D870338F791AA25"));
    public static readonly PeerTerms Terms = new(Threshold: 1000, RefreshPerSecond: 10);

    private readonly SimBlockFile _log = new();
    private readonly SimBlockFile _snapshot = new();

    public Bookkeeper(KeyPair? key = null, long journalBytes = 1 << 20)
    {
        Key = key ?? KeyPair.GenerateTestOnly();
        Parameters = new AccountingParameters(Domain, Key.Address) { MaxPeers = 8, JournalBytes = journalBytes };
        Books = Accounting.Open(Parameters, _log, _snapshot);
        Books.Deposited(1_000_000);
    }

    public KeyPair Key { get; }

    public AccountingParameters Parameters { get; }

    public Accounting Books { get; private set; }

    public DateTimeOffset Now { get; set; } = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public PeerSheet Open(AccountAddress account)
    {
        PeerSheet sheet = Books.OpenPeer(account, Now)!;
        Books.Lend(sheet, Terms, Now);
        Books.Announced(sheet, Terms, Now);
        Books.Connected(sheet, true, Now);
        return sheet;
    }

    /// <summary>We serve the peer.</summary>
    public void Earn(PeerSheet sheet, ulong price)
    {
        Assert.Equal(ReserveResult.Reserved, Books.ReserveEarning(sheet, price, Now, out Reservation reservation));
        Books.Apply(reservation, Now);
    }

    /// <summary>The peer serves us.</summary>
    public void Spend(PeerSheet sheet, ulong price)
    {
        Assert.Equal(ReserveResult.Reserved, Books.ReserveSpending(sheet, price, Now, out Reservation reservation));
        Books.Apply(reservation, Now);
    }

    /// <summary>Settles and commits, and gives the one message that may leave then; none where nothing may.</summary>
    public OutgoingMessages Send()
    {
        Books.Settle(Now);
        Books.Commit();
        return Books.TryTakeOutgoing(out OutgoingMessages messages) ? messages : default;
    }

    /// <summary>A cheque to us from somebody with so much cover.</summary>
    public ChequeFault? Take(PeerSheet sheet, KeyPair issuer, ulong payout, ulong cover = 1_000_000, ulong hard = 0) =>
        Books.Receive(sheet, Domain.Sign(new Cheque(issuer.Address, Key.Address, payout), issuer), new ChequeCover(cover, 0, hard, 0), Now);

    public List<PaymentNoticeKind> Events()
    {
        var kinds = new List<PaymentNoticeKind>();
        while (Books.TryTakeEvent(out AccountingEvent happened))
        {
            kinds.Add(happened.Kind);
        }

        return kinds;
    }

    public void CutPowerAfter(int operations)
    {
        _log.CutPowerAfter(operations);
        _snapshot.CutPowerAfter(operations);
    }

    /// <summary>The power goes; what the disk kept is opened again.</summary>
    public void Crash(ulong seed)
    {
        var random = new SimRandom(seed);
        _log.Crash(random);
        _snapshot.Crash(random);
        Reopen();
    }

    public void Reopen(KeyPair? asSomebody = null)
    {
        Books = Accounting.Open(asSomebody is null ? Parameters : Parameters with { Self = asSomebody.Address }, _log, _snapshot);
        Books.Deposited(1_000_000);
    }

    public void Dispose() => Books.Dispose();
}
