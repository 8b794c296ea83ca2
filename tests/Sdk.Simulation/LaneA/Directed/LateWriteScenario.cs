using Sdk.Simulation.LaneA.Checkers;

namespace Sdk.Simulation.LaneA.Directed;

/// <summary>
/// A write of session 1 arrives everywhere after session 2 opened without it. Members with fences refuse it; without
/// fences it is certified, and session 2 goes on from a state that does not hold it.
/// </summary>
internal sealed class LateWriteScenario : DirectedScenario
{
    public override string Name => "lane-a-late-write";

    public override string Description => "directed: a write that is delayed past the opening of the next session";

    public override IReadOnlyList<string> Mutations => [LaneAMutationNames.NoFence];

    protected override void Play(Stage stage)
    {
        stage.Dismiss<FencesNeverFall>(); // It would speak first; here the loss itself is to be seen.
        stage.Open(stage.A, counter: 1);
        stage.Run(TimeSpan.FromMilliseconds(100)); // All four answers: a repeated Open would tell A of session 2 too early.
        stage.CutOff(stage.A, 0, 1, 2, 3);
        stage.A.WriteSector(slice: 0, sector: 0);
        stage.Run(TimeSpan.FromMilliseconds(100));
        stage.Open(stage.B, counter: 2);

        // The writer sends again what nobody acknowledged.
        stage.Network.Heal();
        stage.RunUntil(() => stage.A.IsQuiet);

        stage.WriteCertified(stage.B, sector: 1);
        stage.Open(stage.A, counter: 3);
        stage.ReadEverything(stage.A);
    }
}
