namespace Sdk.Simulation.LaneA.Directed;

/// <summary>
/// The case of figure 8 of the Raft paper. An uncertified entry of session 1 spreads to a quorum in session 3, while one
/// member, away since, holds an entry of session 2 that does not contain it. Session 4 finds the old entry at a quorum: it
/// is not committed by that, because session 5 may still meet the entry of session 2, which ranks higher. Only an entry of
/// session 4 on top commits it.
/// </summary>
internal sealed class OldHeadScenario : DirectedScenario
{
    public override string Name => "lane-a-old-head";

    public override string Description => "directed: an entry of an old session that a quorum holds and a higher one does not contain";

    public override IReadOnlyList<string> Mutations => [LaneAMutationNames.CountAdopted];

    protected override void Play(Stage stage)
    {
        stage.Open(stage.A, counter: 1);
        stage.WriteCertified(stage.A, sector: 0);
        stage.Run(TimeSpan.FromSeconds(2));

        OldEntryReachesMember0(stage);
        HigherEntryReachesMember3(stage);
        OldEntrySpreadsTo1And2(stage);

        stage.CutOff(stage.B, 3);
        stage.Open(stage.B, counter: 4);
        stage.ReadEverything(stage.B);
        stage.B.Abandon();

        stage.CutOff(stage.A, 0);
        stage.Open(stage.A, counter: 5);
        stage.ReadEverything(stage.A);
    }

    private static void OldEntryReachesMember0(Stage stage)
    {
        stage.CutOff(stage.A, 1, 2, 3);
        stage.A.WriteSector(slice: 0, sector: 1);
        stage.Run(TimeSpan.FromMilliseconds(100));
        stage.A.Abandon();
    }

    private static void HigherEntryReachesMember3(Stage stage)
    {
        stage.CutOff(stage.B, 0);
        stage.OpenUntilGranted(stage.B, counter: 2, 1, 2, 3);
        stage.Network.Cut(stage.B.Endpoint, 1);
        stage.Network.Cut(stage.B.Endpoint, 2);

        // Session 2 opens at once only where adopted heads are counted; otherwise its empty entry is the higher one.
        stage.Run(TimeSpan.FromMilliseconds(100));
        if (stage.IsOpened(stage.B))
        {
            stage.B.WriteSector(slice: 0, sector: 2);
            stage.Run(TimeSpan.FromSeconds(3));
        }

        stage.B.Abandon();
    }

    /// <summary>
    /// Members 1 and 2 fetch the old entry because session 3 goes on from it; the power fails between that and the entry of
    /// session 3. For some seeds their disks keep the one and not the other.
    /// </summary>
    private static void OldEntrySpreadsTo1And2(Stage stage)
    {
        stage.Network.Heal();
        stage.Network.Isolate(3);
        stage.OpenUntilGranted(stage.A, counter: 3, 0, 1, 2);
        stage.Network.Cut(stage.A.Endpoint, 0);
        stage.Member(1).CrashAfter(1);
        stage.Member(2).CrashAfter(1);
        stage.Expect(() => !stage.Member(1).IsUp || !stage.Member(2).IsUp, "the first power cut");
        stage.Network.Partition([stage.A.Endpoint], [0, 1, 2]);
        stage.RunUntil(() => !stage.Member(1).IsUp && !stage.Member(2).IsUp);
        stage.A.Abandon();
        stage.Expect(() => stage.Member(1).IsUp && stage.Member(2).IsUp, "the restart of both members");
    }
}
