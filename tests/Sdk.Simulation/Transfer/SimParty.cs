using Sdk.Core.Cryptography;
using Sdk.Core.Payments;
using Sdk.Core.Payments.Transfers;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Transfer;

/// <summary>One side of the transfer, honest or not.</summary>
internal abstract class SimParty(TransferWorld world, TransferRole role)
{
    public TransferRole Role { get; } = role;

    public AccountAddress Account => TransferWorld.AccountOf(Role);

    /// <summary>The party's own clock.</summary>
    public DateTimeOffset Now => SimLedger.Epoch + World.Sim.Scheduler.Now + World.Plan.ClockOffsets[Role];

    protected TransferWorld World { get; } = world;

    protected SimRandom Random { get; } = world.Sim.Random($"party {role}");

    public abstract void Start();

    public abstract void Receive(TransferMessage message);
}
