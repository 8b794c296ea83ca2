using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Payments;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Payments;

/// <summary>How a cheat makes its living.</summary>
internal enum CheatKind
{
    /// <summary>Asks for many times what it gave.</summary>
    OverInvoices = 0,

    /// <summary>Pays once, then shows the same cheque, and forged ones.</summary>
    Replays = 1,

    /// <summary>Pays a tenth of each invoice.</summary>
    Underpays = 2,

    /// <summary>Issues cheques to everybody over one small deposit.</summary>
    HasNoCover = 3,

    /// <summary>Issues cheques, then withdraws what covers them.</summary>
    Withdraws = 4,

    /// <summary>Pays in advance with cheques that nothing will cover, and asks for the money back.</summary>
    WantsRefunds = 5,

    /// <summary>Uses what it can get and pays nothing.</summary>
    Leeches = 6,
}

/// <summary>A trader that takes what it can. It serves, so that others owe it, and cashes what it gets at once.</summary>
internal sealed class Cheat
{
    private readonly PaymentsWorld _world;
    private readonly SimRandom _random;
    private readonly KeyPair _key;
    private readonly Dictionary<int, long> _issued = [];
    private readonly Dictionary<int, long> _served = [];
    private readonly Dictionary<int, long> _held = [];
    private long _nextOrder;

    public Cheat(PaymentsWorld world, int index, CheatKind kind)
    {
        _world = world;
        Index = index;
        Kind = kind;
        _key = PaymentKeys.Trader(index);
        _random = world.Sim.Random($"cheat {index}");
    }

    public int Index { get; }

    public CheatKind Kind { get; }

    public List<int> Victims { get; } = [];

    public bool IsActive { get; set; } = true;

    public void Start()
    {
        _world.Vault.TopUp(Index, 2 * PaymentsWorld.BaseThreshold);
        Again();
    }

    public void Receive(int from, PaymentPacket packet)
    {
        switch (packet.Kind)
        {
            case PaymentPacketKind.Request when IsActive:
                _served[from] = _served.GetValueOrDefault(from) + packet.Amount;
                Send(from, new PaymentPacket(PaymentPacketKind.Response, packet.Number));
                break;
            case PaymentPacketKind.Invoice:
                Answer(from, packet.Amount);
                break;
            case PaymentPacketKind.Cheque when SignedCheque.TryDecode(packet.Cheque, out SignedCheque? cheque):
                Take(from, cheque);
                break;
        }
    }

    private void Act()
    {
        if (!IsActive)
        {
            return;
        }

        int victim = _random.Pick(Victims);
        Send(victim, new PaymentPacket(PaymentPacketKind.Announce, Amount: long.MaxValue >> 8, Rate: _random.Percent(50) ? 0 : 1_000));
        for (int i = _random.Next(4); i >= 0; i--)
        {
            long price = PaymentsWorld.BaseThreshold * _random.Between(5, 200) / 1000;
            Send(victim, new PaymentPacket(PaymentPacketKind.Request, (_nextOrder++ * 1000) + Index, price));
        }

        AskFor(victim);
        switch (Kind)
        {
            case CheatKind.WantsRefunds:
                Issue(victim, _issued.GetValueOrDefault(victim) + (PaymentsWorld.BaseThreshold * _random.Between(1, 10) / 10));
                break;
            case CheatKind.Withdraws when _random.Percent(20):
                _world.Vault.Withdraw(Index);
                break;
            case CheatKind.Withdraws or CheatKind.HasNoCover when _random.Percent(10):
                _world.Vault.TopUp(Index, PaymentsWorld.BaseThreshold);
                break;
        }

        Again();
    }

    private void AskFor(int victim)
    {
        long served = _served.GetValueOrDefault(victim);
        long target = Kind switch
        {
            CheatKind.OverInvoices => (served * _random.Between(1, 100)) + PaymentsWorld.BaseThreshold,
            CheatKind.WantsRefunds => served + _issued.GetValueOrDefault(victim),
            _ => served,
        };
        if (target > 0)
        {
            Send(victim, new PaymentPacket(PaymentPacketKind.Invoice, Amount: target));
        }
    }

    private void Answer(int victim, long target)
    {
        long issued = _issued.GetValueOrDefault(victim);
        switch (Kind)
        {
            case CheatKind.HasNoCover or CheatKind.Withdraws:
                Issue(victim, Math.Max(target, issued));
                break;
            case CheatKind.Underpays:
                Issue(victim, issued + Math.Max(1, (target - issued) / 10));
                break;
            case CheatKind.Replays when issued == 0:
                Issue(victim, target);
                break;
            case CheatKind.Replays:
                Issue(victim, issued);
                Forge(victim, target);
                break;
        }
    }

    private void Issue(int victim, long cumulative)
    {
        _issued[victim] = Math.Max(cumulative, _issued.GetValueOrDefault(victim));
        SendCheque(victim, PaymentKeys.Domain.Sign(new Cheque(_key.Address, PaymentKeys.Trader(victim).Address, (ulong)cumulative), _key));
    }

    /// <summary>In somebody else's name, for another vault, or above all measure.</summary>
    private void Forge(int victim, long target)
    {
        AccountAddress beneficiary = PaymentKeys.Trader(victim).Address;
        Cheque own = new(_key.Address, beneficiary, (ulong)target);
        switch (_random.Next(4))
        {
            case 0:
                KeyPair other = PaymentKeys.Trader(_random.Pick(Victims));
                SendCheque(victim, new SignedCheque(PaymentKeys.Domain.ChainId, PaymentKeys.Domain.Vault, own with { Issuer = other.Address }, PaymentKeys.Domain.Sign(own, _key).Signature));
                break;
            case 1:
                SendCheque(victim, new ChequeDomain(PaymentKeys.Domain.ChainId, _key.Address).Sign(own, _key));
                break;
            case 2:
                SendCheque(victim, PaymentKeys.Domain.Sign(own with { CumulativePayout = TokenAmount.MaxValue }, _key));
                break;
            default:
                SendCheque(victim, PaymentKeys.Domain.Sign(own with { Beneficiary = _key.Address }, _key));
                break;
        }
    }

    private void Take(int from, SignedCheque cheque)
    {
        long payout = long.Parse(cheque.Cheque.CumulativePayout.ToString(), System.Globalization.CultureInfo.InvariantCulture);
        Send(from, new PaymentPacket(PaymentPacketKind.Acknowledgement, Amount: _random.Percent(90) ? payout : payout + _random.Next(1000)));
        if (payout > _held.GetValueOrDefault(from))
        {
            _held[from] = payout;
            _world.Vault.Cash(cheque, isPaidOut: true, static _ => { });
        }
    }

    private void SendCheque(int to, SignedCheque cheque) => Send(to, new PaymentPacket(PaymentPacketKind.Cheque, Cheque: cheque.Encode()));

    private void Send(int to, PaymentPacket packet) => _world.Network.Send(Index, to, packet, (long)packet.Kind);

    private void Again() => _world.Sim.Scheduler.Schedule(_random.Between(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(250)), Act);
}
