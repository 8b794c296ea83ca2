using Sdk.Storage.Replication;

namespace Sdk.Simulation.LaneA;

/// <summary>What the trace records of a message: its kind and what the seed decides of it; never a hash that covers a signature.</summary>
internal static class MessageTag
{
    public static long Of(SliceMessage message) => message switch
    {
        OpenRequest open => Tag(1, (long)open.Session.Counter, 0),
        OpenAnswer answer => Tag(2, (long)answer.Session.Counter, ((int)answer.Outcome << 16) | answer.Heads.Count),
        WriteBatch batch => Tag(3, batch.Operations.Length, batch.Operations.Length == 0 ? 0 : batch.Operations[0].Key.Sequence),
        AckBatch acks => Tag(4, acks.Acks.Length, acks.Acks.Length == 0 ? 0 : acks.Acks[0].Key.Sequence),
        WriteRefused refused => Tag(5, (int)refused.Reason, (long)refused.Session.Counter),
        ReadRequest read => Tag(6, read.Slice, (long)read.Id),
        ReadAnswer answer => Tag(7, (long)answer.Id, (long)(answer.Touched & 0xFFFFFF)),
        TreeRequest tree => Tag(8, tree.Slice, (long)tree.Id),
        TreeAnswer answer => Tag(9, answer.Tree.Length, (long)answer.Id),
        StateRequest state => Tag(10, state.Slice, state.NewerThan.Sequence),
        StateAnswer state => Tag(11, state.Slice, state.Head?.Operation.Key.Sequence ?? 0),
        _ => Tag(12, 0, 0),
    };

    public static string Describe(SliceMessage message) => message switch
    {
        OpenRequest open => $"Open {open.Session.Counter}",
        OpenAnswer answer => $"OpenAnswer {answer.Session.Counter} {answer.Outcome} [{string.Join(", ", answer.Heads.Select(head => Describe(head.Operation)))}]",
        WriteBatch batch => $"WriteBatch [{string.Join(", ", batch.Operations.Select(Describe))}]",
        AckBatch acks => $"Acks [{string.Join(", ", acks.Acks.Select(ack => $"{ack.Slice}:{ack.Key.Session.Counter}/{ack.Key.Sequence}"))}]",
        WriteRefused refused => $"WriteRefused {refused.Reason} {refused.Session.Counter}",
        ReadRequest read => $"Read {read.Slice} {read.First}+{read.Count}",
        ReadAnswer answer => $"ReadAnswer {answer.Id} at {answer.Head.Session.Counter}/{answer.Head.Sequence}",
        StateRequest state => $"StateRequest {state.Slice} newer than {state.NewerThan.Session.Counter}/{state.NewerThan.Sequence}",
        StateAnswer state => $"StateAnswer {(state.Head is null ? "nothing" : Describe(state.Head.Operation))}",
        _ => message.GetType().Name,
    };

    private static string Describe(WriteOperation operation) => $"{operation.Slice}:{operation.Key.Session.Counter}/{operation.Key.Sequence}";

    private static long Tag(long kind, long a, long b) => (kind << 56) | ((a & 0xFFFFFF) << 32) | (b & 0xFFFFFFFF);
}
