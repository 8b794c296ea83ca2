using Sdk.Core.Overlay.Forwarding;

namespace Sdk.Core.Tests.Overlay.Forwarding;

public class PacketGuardTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void An_id_is_remembered_for_a_lifetime_at_least_and_two_at_most()
    {
        var guard = new PacketGuard(capacity: 10, lifetime: Minute);
        guard.Add(1, default);
        guard.Add(2, 0.9 * Minute);
        guard.Add(3, 1.1 * Minute);
        Assert.True(guard.Contains(1));
        Assert.True(guard.Contains(2));
        guard.Add(4, 2.2 * Minute);
        Assert.False(guard.Contains(1));
        Assert.False(guard.Contains(2));
        Assert.True(guard.Contains(3));
    }

    [Fact]
    public void However_many_come_memory_is_bounded_and_the_newest_are_remembered()
    {
        var guard = new PacketGuard(capacity: 100, lifetime: Minute);
        for (var i = 0; i < 10_000; i++)
        {
            guard.Add((UInt128)i, default);
            Assert.InRange(guard.Count, 1, 200);
            Assert.True(guard.Contains((UInt128)Math.Max(0, i - 99)));
        }
    }
}
