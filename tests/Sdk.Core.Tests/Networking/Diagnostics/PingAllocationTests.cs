namespace Sdk.Core.Tests.Networking.Diagnostics;

[Collection(Alone.Name)]
public class PingAllocationTests
{
    [Fact]
    public async Task Pings_on_one_session_allocate_nothing_in_steady_state()
    {
        await using var pair = await SwitchPair.StartAsync();
        await using var session = await (await pair.Dialer.DialAsync(pair.Address)).OpenPingAsync();

        // Code that the runtime has not optimized yet allocates, so steady state is what some batch reaches. Both ends and all layers count.
        var best = double.MaxValue;
        for (var batch = 0; batch < 40 && best >= 1; batch++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var i = 0; i < 1000; i++)
            {
                await session.PingAsync();
            }

            best = Math.Min(best, (GC.GetTotalAllocatedBytes(precise: true) - before) / 1000.0);
        }

        Assert.True(best < 1, $"{best} bytes per ping");
    }
}
