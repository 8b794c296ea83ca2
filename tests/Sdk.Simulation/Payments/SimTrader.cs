using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Core.Payments;
using Sdk.Simulation.Disk;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Payments;

/// <summary>
/// An honest trader: it serves its partners and is served by them, and settles with the shipping books. What leaves it waits for their commit.
/// It can crash at any time, with its power or without, and comes back with what its disk kept.
/// </summary>
internal sealed class SimTrader
{
    private const int Tries = 12;

    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromMilliseconds(400);

    private readonly PaymentsWorld _world;
    private readonly SimRandom _random;
    private readonly TraderDisk _disk;
    private readonly AccountingParameters _parameters;
    private readonly Dictionary<long, Order> _orders = [];
    private readonly Dictionary<(int From, long Number), bool> _served = [];
    private readonly List<(int To, long Number, long Price)> _toAnswer = [];
    private long _nextOrder;
    private int _life;
    private bool _isCommitting;
    private bool _isToCrashAfterCheque;

    public SimTrader(PaymentsWorld world, int index, long threshold)
    {
        _world = world;
        Index = index;
        Key = PaymentKeys.Trader(index);
        Threshold = threshold;
        _random = world.Sim.Random($"trader {index}");
        _disk = new TraderDisk(world.Sim.Random($"disk {index}"));
        _parameters = new AccountingParameters(PaymentKeys.Domain, Key.Address)
        {
            InvoiceDeadline = TimeSpan.FromSeconds(10),
            CashDeadline = TimeSpan.FromSeconds(60),
            RetryInterval = TimeSpan.FromSeconds(1),
            MaxPeers = 256,
            JournalBytes = 64 << 10,
            Mutations = world.Mutations,
        };
    }

    public int Index { get; }

    public KeyPair Key { get; }

    public long Threshold { get; }

    public long RefreshPerSecond => Threshold / 50;

    /// <summary>Null while it is down.</summary>
    public Accounting? Books { get; private set; }

    public List<int> Partners { get; } = [];

    public bool IsTrading { get; set; } = true;

    /// <summary>What it thinks that cashing a cheque costs.</summary>
    public long CashCosts { get; set; } = 1_000;

    private DateTimeOffset Now => _world.Sim.Time.GetUtcNow();

    public void Start()
    {
        _life++;
        Guard(() =>
        {
            Books = _disk.Open(_parameters);
            foreach (int partner in Partners)
            {
                PeerSheet sheet = Sheet(partner);
                ReadVault(sheet, partner);
                Books.Connected(sheet, true, Now);
            }

            // Before anybody sends again what was lost, and hides it.
            _world.Truth.Check();
            ReadFunds();
            CommitSoon();
            After(TimeSpan.FromMilliseconds(_random.Next(300)), Trade);
            After(TimeSpan.FromMilliseconds(_random.Next(1000)), Tick);
        });
    }

    /// <summary>Goes down now, or with its power inside one of its next writes.</summary>
    public void Crash()
    {
        if (Books is null)
        {
            return;
        }

        if (_random.Percent(30))
        {
            _isToCrashAfterCheque = true; // Where what was promised and what is durable could differ.
            return;
        }

        if (_random.Percent(50))
        {
            _disk.CutPowerAfter(_random.Next(6));
            return;
        }

        GoDown(isPowerCut: _random.Percent(50));
    }

    public void Receive(int from, PaymentPacket packet)
    {
        if (Books is null)
        {
            return;
        }

        Guard(() =>
        {
            PeerSheet sheet = Sheet(from);
            switch (packet.Kind)
            {
                case PaymentPacketKind.Announce:
                    Books.Announced(sheet, new PeerTerms((ulong)packet.Amount, (ulong)packet.Rate), Now);
                    break;
                case PaymentPacketKind.Request:
                    Serve(sheet, from, packet);
                    break;
                case PaymentPacketKind.Response:
                    TakeAnswer(from, packet.Number);
                    break;
                case PaymentPacketKind.Refusal when _orders.Remove(packet.Number, out Order? order):
                    Books.Release(order.Reservation, Now);
                    break;
                case PaymentPacketKind.Invoice:
                    Books.ReceiveInvoice(sheet, (ulong)packet.Amount, Now);
                    break;
                case PaymentPacketKind.Cheque:
                    TakeCheque(sheet, from, packet.Cheque!);
                    break;
                case PaymentPacketKind.Acknowledgement:
                    if (!Books.ReceiveAcknowledgement(sheet, (ulong)packet.Amount) && _world.IsHonest(from))
                    {
                        throw new InvariantViolationException("P4", $"{from} holds a cheque of {packet.Amount} that {Index} does not know");
                    }

                    break;
            }

            CommitSoon();
        });
    }

    private void Serve(PeerSheet sheet, int from, PaymentPacket packet)
    {
        if (_served.TryGetValue((from, packet.Number), out bool isAnswered))
        {
            if (isAnswered)
            {
                Send(from, new PaymentPacket(PaymentPacketKind.Response, packet.Number));
            }

            return;
        }

        ReserveResult result = Books!.ReserveEarning(sheet, (ulong)packet.Amount, Now, out Reservation reservation);
        if (result != ReserveResult.Reserved)
        {
            _world.Sim.Trace.Record("refused", Index, from, (long)result);
            Send(from, new PaymentPacket(PaymentPacketKind.Refusal, packet.Number));
            return;
        }

        _served[(from, packet.Number)] = false;
        After(_random.Between(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(30)), () =>
        {
            if (_random.Percent(3))
            {
                Books!.Release(reservation, Now);
                _served.Remove((from, packet.Number));
                Send(from, new PaymentPacket(PaymentPacketKind.Refusal, packet.Number));
                return;
            }

            Books!.Apply(reservation, Now);
            _toAnswer.Add((from, packet.Number, packet.Amount));
            CommitSoon();
        });
    }

    private void TakeAnswer(int from, long number)
    {
        if (_orders.TryGetValue(number, out Order? order) && order.From == from)
        {
            _orders.Remove(number);
            Books!.Apply(order.Reservation, Now);
            _world.Truth.Used(Index, from, order.Price);
        }
    }

    private void TakeCheque(PeerSheet sheet, int from, byte[] encoded)
    {
        if (!SignedCheque.TryDecode(encoded, out SignedCheque? cheque))
        {
            return;
        }

        ChequeFault? fault = Books!.Check(sheet, cheque, Now);
        if (fault == ChequeFault.NotRising)
        {
            Books.AcknowledgeAgain(sheet);
        }

        if (fault is not null)
        {
            _world.Refused(fault.Value);
            return;
        }

        // The ledger is asked, and answers with what is so then.
        After(_random.Between(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(50)), () =>
        {
            ChequeCover cover = _world.Vault.Cover(from, Index);
            if (Books!.Receive(sheet, cheque, cover, Now) is { } late)
            {
                _world.Refused(late);
            }
            else
            {
                _world.Truth.Took(Index, from, cheque, cover);
            }

            SendOutgoing();
            if (_isToCrashAfterCheque)
            {
                GoDown(isPowerCut: true);
                return;
            }

            CommitSoon();
        });
    }

    private void Trade()
    {
        if (IsTrading)
        {
            int partner = _random.Pick(Partners);
            long price = Math.Max(1, Threshold * _random.Between(5, 120) / 1000);
            if (Books!.ReserveSpending(Sheet(partner), (ulong)price, Now, out Reservation reservation) == ReserveResult.Reserved)
            {
                long number = (((long)_life << 32) + ++_nextOrder) * 1000 + Index;
                _orders.Add(number, new Order(partner, price, reservation));
                Ask(number, Tries);
            }

            CommitSoon();
        }

        After(_random.Between(TimeSpan.FromMilliseconds(40), TimeSpan.FromMilliseconds(300)), Trade);
    }

    private void Ask(long number, int tries)
    {
        if (!_orders.TryGetValue(number, out Order? order))
        {
            return;
        }

        if (tries == 0)
        {
            _orders.Remove(number);
            Books!.Release(order.Reservation, Now);
            return;
        }

        Send(order.From, new PaymentPacket(PaymentPacketKind.Request, number, order.Price));
        After(TryAgainAfter, () => Ask(number, tries - 1));
    }

    private void Tick()
    {
        Books!.Tick(Now);
        foreach (int partner in Partners)
        {
            Send(partner, new PaymentPacket(PaymentPacketKind.Announce, Amount: Threshold, Rate: RefreshPerSecond));
        }

        if (_world.Vault.Deposit(Index) < 10 * Threshold)
        {
            _world.Vault.TopUp(Index, 10 * Threshold);
        }

        ReadFunds();
        foreach (PeerSheet sheet in Books.Sheets.Where(sheet => sheet.Bounced > 0))
        {
            Books.Covered(sheet, _world.Vault.Cover(PaymentKeys.IndexOf(sheet.Account), Index), Now);
        }

        foreach (PeerSheet sheet in Books.BeginCashing((ulong)CashCosts, max: 16, Now))
        {
            Cash(sheet);
        }

        while (Books.TryTakeEvent(out AccountingEvent happened))
        {
            _world.Happened(Index, happened);
        }

        CommitSoon();
        After(TimeSpan.FromSeconds(1), Tick);
    }

    private void Cash(PeerSheet sheet)
    {
        int issuer = PaymentKeys.IndexOf(sheet.Account);
        int life = _life;
        _world.Vault.Cash(Books!.HeldCheque(sheet)!, isPaidOut: false, _ =>
        {
            // Whether it was included, reverted, or lost: the ledger's state says what came of it.
            if (life == _life)
            {
                Guard(() =>
                {
                    ReadVault(sheet, issuer);
                    CommitSoon();
                });
            }
        });
    }

    private void ReadVault(PeerSheet sheet, int issuer)
    {
        long paid = _world.Vault.Paid(issuer, Index);
        Books!.Cashed(sheet, (ulong)(paid + _world.Vault.BouncedOpen(issuer, Index)), (ulong)paid, Now);
    }

    private void ReadFunds()
    {
        foreach (PeerSheet sheet in Books!.Sheets)
        {
            Books.PaidToPeer(sheet, (ulong)_world.Vault.Paid(Index, PaymentKeys.IndexOf(sheet.Account)));
        }

        Books.Deposited((ulong)_world.Vault.Deposit(Index));
    }

    private void CommitSoon()
    {
        if (!_isCommitting)
        {
            _isCommitting = true;
            After(_random.Between(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(8)), Commit);
        }
    }

    private void Commit()
    {
        _isCommitting = false;
        Books!.Settle(Now);
        Books.Commit();
        foreach ((int to, long number, long price) in _toAnswer)
        {
            _served[(to, number)] = true;
            _world.Truth.Gave(Index, to, price);
            Send(to, new PaymentPacket(PaymentPacketKind.Response, number));
        }

        _toAnswer.Clear();
        SendOutgoing();
    }

    private void SendOutgoing()
    {
        while (Books!.TryTakeOutgoing(out OutgoingMessages messages))
        {
            int to = PaymentKeys.IndexOf(messages.Sheet.Account);
            if (messages.What.HasFlag(Outgoing.Cheque))
            {
                _world.Truth.Issued(Index, to, (long)messages.Issued);
                _world.Sim.Trace.Record("cheque", Index, to, (long)messages.Issued);
                Send(to, new PaymentPacket(PaymentPacketKind.Cheque, Cheque: Books.Sign(messages, Key).Encode()));
            }

            if (messages.What.HasFlag(Outgoing.Acknowledgement))
            {
                _world.Truth.Acknowledged(Index, to, (long)messages.Received);
                Send(to, new PaymentPacket(PaymentPacketKind.Acknowledgement, Amount: (long)messages.Received));
            }

            if (messages.What.HasFlag(Outgoing.Invoice) && messages.InvoiceTarget > 0)
            {
                Send(to, new PaymentPacket(PaymentPacketKind.Invoice, Amount: (long)messages.InvoiceTarget));
            }
        }
    }

    private PeerSheet Sheet(int partner)
    {
        PeerSheet sheet = Books!.OpenPeer(PaymentKeys.Trader(partner).Address, Now)!;
        if (sheet.Threshold == 0)
        {
            Books.Lend(sheet, new PeerTerms((ulong)Threshold, (ulong)RefreshPerSecond), Now);
        }

        return sheet;
    }

    private void Send(int to, PaymentPacket packet) => _world.Network.Send(Index, to, packet, (long)packet.Kind);

    private void After(TimeSpan delay, Action step)
    {
        int life = _life;
        _world.Sim.Scheduler.Schedule(delay, () =>
        {
            if (life == _life && Books is not null)
            {
                Guard(step);
            }
        });
    }

    private void Guard(Action step)
    {
        try
        {
            step();
        }
        catch (Exception e) when (e is PowerCutException or StoreFailedException)
        {
            GoDown(isPowerCut: true);
        }
    }

    private void GoDown(bool isPowerCut)
    {
        _world.Sim.Trace.Record("down", Index, isPowerCut ? 1 : 0);
        _world.Crashes++;
        Books?.Dispose();
        Books = null;
        _life++;
        _orders.Clear();
        _served.Clear();
        _toAnswer.Clear();
        _isCommitting = _isToCrashAfterCheque = false;
        if (isPowerCut)
        {
            _disk.Crash();
        }

        _world.Sim.Scheduler.Schedule(_random.Between(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(3)), Start);
    }

    private sealed record Order(int From, long Price, Reservation Reservation);
}
