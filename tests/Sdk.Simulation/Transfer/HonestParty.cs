using Sdk.Core;
using Sdk.Core.Payments;
using Sdk.Core.Payments.Transfers;

namespace Sdk.Simulation.Transfer;

/// <summary>The machine as it ships, around it a disk of one record, and a power switch that the plan pulls before one of its effects.</summary>
internal sealed class HonestParty(TransferWorld world, TransferRole role) : SimParty(world, role)
{
    private readonly LockHistory?[] _histories = new LockHistory?[2];
    private TransferMachine? _machine;
    private int _incarnation;
    private int _effects;

    /// <summary>What is on the disk.</summary>
    public byte[]? Durable { get; private set; }

    public bool IsUp { get; private set; } = true;

    /// <summary>For how long it was down; the largest value while it never comes back.</summary>
    public TimeSpan Down { get; private set; }

    public TransferOutcome? Outcome { get; private set; }

    /// <summary>Whether it took part at all.</summary>
    public bool HasBegun => Durable is not null;

    public bool HasLocked { get; private set; }

    public string State => _machine is { } machine ? $"{Role}, up {IsUp}, lock submitted {machine.Record.IsLockSubmitted}, secret out {machine.Record.IsSecretOut}, {Outcome}" : $"{Role}, up {IsUp}, not begun";

    public override void Start()
    {
        if (Role == TransferRole.Initiator)
        {
            Begin(TransferMachine.Initiate(
                World.TermsFrom(Now), World.Plan.Timing, World.Secret, World.Ledger(TransferSide.First).Head.FinalNumber, World.Ledger(TransferSide.Second).Head.FinalNumber, World.Mutations));
        }

        Poll(TransferSide.First, _incarnation);
        Poll(TransferSide.Second, _incarnation);
    }

    public override void Receive(TransferMessage message)
    {
        if (!IsUp)
        {
            return;
        }

        if (_machine is { } machine)
        {
            machine.Receive(message, Now);
            CarryOut();
        }
        else if (Role == TransferRole.Responder && message is TransferMessage.Proposal proposal)
        {
            try
            {
                Begin(TransferMachine.Respond(World.Quote, proposal, World.Plan.Timing, World.Ledger(TransferSide.Second).Head.FinalNumber, Now, World.Mutations));
            }
            catch (TransferRefusedException refused)
            {
                World.Sim.Trace.Record("refused", (int)refused.Fault);
            }
        }
    }

    private void Begin(TransferMachine machine)
    {
        _machine = machine;
        _histories[0] = new LockHistory(machine.Terms, TransferSide.First, machine.Record.FirstFromBlock);
        _histories[1] = new LockHistory(machine.Terms, TransferSide.Second, machine.Record.SecondFromBlock);
        CarryOut();
    }

    private void Poll(TransferSide side, int incarnation) => World.Sim.Scheduler.Schedule(Random.Between(World.Plan.PollMax / 2, World.Plan.PollMax), () =>
    {
        if (incarnation != _incarnation || Outcome is not null)
        {
            return;
        }

        if (_machine is { } machine)
        {
            SimLedger ledger = World.Ledger(side);
            LockHistory history = _histories[(int)side]!;
            machine.Observe(side, history.Read(ledger.Head, ledger.Events(history.FilterTo(ledger.Head))), Now);
            CarryOut();
        }

        Poll(side, incarnation);
    });

    private void CarryOut()
    {
        foreach (TransferEffect effect in _machine!.TakeEffects())
        {
            if (World.Plan.Stops[Role] is { Stop: { } stop } && _effects++ == stop)
            {
                Stop();
                return;
            }

            World.Sim.Trace.Record(effect.GetType().Name, (int)Role);
            World.Sim.Trace.Note($"{Role}: {(effect is TransferEffect.Persist ? "persist" : effect.ToString())}");
            CarryOut(effect);
        }
    }

    private void CarryOut(TransferEffect effect)
    {
        switch (effect)
        {
            case TransferEffect.Persist persist:
                Durable = persist.Record;
                break;
            case TransferEffect.Submit submit:
                Submit(submit);
                break;
            case TransferEffect.Tell tell:
                World.Tell(Role, tell.Message);
                break;
            case TransferEffect.End end:
                Outcome = end.Outcome;
                break;
        }
    }

    private void Submit(TransferEffect.Submit submit)
    {
        World.Checks.BeforeSubmit(this, submit);
        HasLocked |= submit.Operation.Kind == OperationKind.Lock;
        int incarnation = _incarnation;
        World.Ledger(submit.Operation.Side).Submit(new SimOperation
        {
            Sender = Account,
            Kind = submit.Operation.Kind,
            Terms = submit.Terms,
            Secret = submit.Secret?.Reveal() ?? default,
            IsHonest = true,
            Included = (done, block) =>
            {
                if (incarnation == _incarnation && IsUp)
                {
                    _machine!.Finished(submit.Operation, done ? OperationResult.Included : OperationResult.Refused, block, Now);
                    CarryOut();
                }
            },
        });
    }

    private void Stop()
    {
        (IsUp, _machine) = (false, null);
        _incarnation++;
        World.Sim.Trace.Record("stop", (int)Role, _effects);
        World.Sim.Trace.Note($"{Role} stops");
        if (World.Plan.Stops[Role].Pause is not { } pause)
        {
            Down = TimeSpan.MaxValue;
            return;
        }

        Down = pause;
        World.Sim.Scheduler.Schedule(pause, Return);
    }

    private void Return()
    {
        IsUp = true;
        World.Sim.Trace.Record("return", (int)Role);
        if (Durable is { } record)
        {
            Begin(new TransferMachine(TransferRecord.Decode(record), World.Mutations));
            Outcome = _machine!.Record.Outcome;
            Poll(TransferSide.First, _incarnation);
            Poll(TransferSide.Second, _incarnation);
        }
        else if (Role == TransferRole.Responder)
        {
            Poll(TransferSide.First, _incarnation);
            Poll(TransferSide.Second, _incarnation);
        }
    }
}
