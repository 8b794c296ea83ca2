using Sdk.Core.Payments;
using Sdk.Simulation.Disk;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Payments;

/// <summary>The two files of a trader's books: they outlive its lives, and can lose power at any write or sync.</summary>
#pragma warning disable CA1001 // Disposal of a simulated file closes nothing: the files outlive every life of the trader.
internal sealed class TraderDisk(SimRandom random)
{
    private readonly SimBlockFile _log = new();
    private readonly SimBlockFile _snapshot = new();

    public Accounting Open(AccountingParameters parameters) => Accounting.Open(parameters, _log, _snapshot);

    /// <summary>Cuts the power at the n-th write or sync from now, of either file.</summary>
    public void CutPowerAfter(int operations)
    {
        _log.CutPowerAfter(operations);
        _snapshot.CutPowerAfter(operations / 4);
    }

    /// <summary>Each write not yet synced is lost, kept or torn on its own.</summary>
    public void Crash()
    {
        _log.Crash(random);
        _snapshot.Crash(random);
    }
}
