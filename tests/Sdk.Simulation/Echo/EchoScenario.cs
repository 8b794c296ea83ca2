using Sdk.Simulation.Network;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Echo;

/// <summary>
/// The smallest scenario, and the harness's own check: asynchronous clients ask a server through a bad network, with
/// timeouts and retries on the simulated clock, until every question has its own answer.
/// </summary>
internal sealed class EchoScenario : Scenario
{
    private const int Server = 0;
    private const int QuestionsPerClient = 50;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan FaultsEnd = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    public override string Name => "echo";

    public override string Description => "asynchronous clients and one server over a bad network; checks the harness itself";

    public override IReadOnlyList<string> Mutations => ["wrong-answer"];

    public override (int Min, int Max) NodeRange => (2, 32);

    public override void Run(SimWorld world)
    {
        int nodes = world.Nodes ?? world.Random("nodes").Between(2, 8);
        var pending = new Dictionary<(int Client, int Question), TaskCompletionSource<int>>();
        SimNetwork<Message> network = null!;
        network = new SimNetwork<Message>(world, nodes, (from, to, message) =>
        {
            if (to == Server)
            {
                int answer = world.Mutation == "wrong-answer" && message.Question == QuestionsPerClient - 1 ? 0 : message.Question * 2;
                network.Send(Server, from, message with { Answer = answer }, message.Question);
            }
            else if (pending.TryGetValue((to, message.Question), out TaskCompletionSource<int>? waiting))
            {
                waiting.TrySetResult(message.Answer);
            }
        })
        { Faults = NetworkFaults.Draw(world.Random("faults")) };
        var nemesis = new PartitionNemesis<Message>(world, network, TimeSpan.FromMilliseconds(300), TimeSpan.FromMilliseconds(300));
        nemesis.Start();
        world.Scheduler.Schedule(FaultsEnd, nemesis.Stop);

        async Task AskAsync(int client)
        {
            for (int question = 0; question < QuestionsPerClient; question++)
            {
                var waiting = pending[(client, question)] = new TaskCompletionSource<int>();
                while (await Task.WhenAny(waiting.Task, Task.Delay(Patience, world.Time)) != waiting.Task)
                {
                    network.Send(client, Server, new Message(question, -1), question);
                }

                if (await waiting.Task != question * 2)
                {
                    throw new InvariantViolationException("E1", $"client {client} got a wrong answer to question {question}");
                }

                world.Operations++;
            }
        }

        world.Scheduler.RunToEnd(() => Task.WhenAll(Enumerable.Range(1, nodes - 1).Select(AskAsync)), Limit);
    }

    private sealed record Message(int Question, int Answer);
}
