using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Embedded;
using Sdk.Core.Networking;
using Sdk.Core.Protocols;
using Sdk.Core.Tests.Ledger.Embedded;

namespace Sdk.Core.Tests.Protocols;

/// <summary>Nodes of one machine share the embedded ledger of one of them, over real sockets.</summary>
public sealed class LedgerProtocolTests
{
    [Fact]
    public async Task A_node_uses_the_ledger_of_another_node_on_its_machine()
    {
        await using var host = await Node.StartAsync(HostOptions());
        await using var guest = await Node.StartAsync(GuestOptions(host));
        Assert.Equal(host.Ledger.ChainId, guest.Ledger.ChainId);

        var receipt = await guest.Ledger.SubmitAsync(Grow(guest.Ledger, 5), guest.AccountKey);
        Assert.True(Assert.Single(receipt.Events).Is(TallyModule.Grew));
        Assert.Equal(5UL, await TallyAsync(host.Ledger, guest.Account));
        Assert.Equal(5UL, await TallyAsync(guest.Ledger, guest.Account));
        Assert.Equal(receipt.BlockNumber, (await guest.Ledger.HeadAsync()).Number);
        Assert.Equal(TokenAmount.Zero, await guest.Ledger.BalanceAsync(guest.Account));
    }

    [Fact]
    public async Task Two_processes_of_one_account_wait_for_each_other()
    {
        await using var host = await Node.StartAsync(HostOptions());
        await using var one = await Node.StartAsync(GuestOptions(host));
        await using var other = await Node.StartAsync(GuestOptions(host));
        await Task.WhenAll(Enumerable.Range(0, 40).Select(round => (round % 2 == 0 ? one : other).Ledger.SubmitAsync(Grow(host.Ledger, 1), one.AccountKey).AsTask()));
        Assert.Equal(40UL, await TallyAsync(host.Ledger, one.Account));
    }

    [Fact]
    public async Task A_revert_at_the_host_is_a_revert_for_the_guest()
    {
        await using var host = await Node.StartAsync(HostOptions());
        await using var guest = await Node.StartAsync(GuestOptions(host));
        var call = Grow(guest.Ledger, 1) with { Data = new AbiWriter().Add(1).ToCall(TallyModule.GrowAndFail) };
        var submitted = await Assert.ThrowsAsync<LedgerRevertException>(async () => await guest.Ledger.SubmitAsync(call, guest.AccountKey));
        Assert.Equal(new AbiWriter().Add(1).ToRevert(TallyModule.TooGreat), submitted.ErrorData.ToArray());
        await Assert.ThrowsAsync<LedgerRevertException>(async () => await guest.Ledger.QueryAsync(call));
    }

    [Fact]
    public async Task Events_come_to_the_guest_as_they_happen_and_a_finished_request_ends()
    {
        await using var host = await Node.StartAsync(HostOptions());
        await using var guest = await Node.StartAsync(GuestOptions(host));
        await host.Ledger.SubmitAsync(Grow(host.Ledger, 1), host.AccountKey);
        await using var events = guest.Ledger.EventsAsync(new LedgerEventFilter { Contracts = [host.Ledger.Deployment["Tally"]] }).GetAsyncEnumerator();
        Assert.True(await events.MoveNextAsync());
        var next = events.MoveNextAsync();
        await host.Ledger.SubmitAsync(Grow(host.Ledger, 1), host.AccountKey);
        Assert.True(await next);
        Assert.Equal(2UL, new AbiReader(events.Current.Data.Span).ReadUInt64());

        var past = new List<LedgerEvent>();
        await foreach (var told in guest.Ledger.EventsAsync(new LedgerEventFilter { ToBlock = 2 }))
        {
            past.Add(told);
        }

        Assert.Equal(2, past.Count);
    }

    [Fact]
    public async Task A_host_that_is_gone_is_unreachable()
    {
        var host = await Node.StartAsync(HostOptions());
        await using var guest = await Node.StartAsync(GuestOptions(host));
        await host.DisposeAsync();
        var lost = await Assert.ThrowsAsync<LedgerException>(async () => await guest.Ledger.SubmitAsync(Grow(guest.Ledger, 1), guest.AccountKey));
        Assert.Equal(LedgerFailure.Unreachable, lost.Reason);
    }

    [Theory]
    [InlineData("/ip4/192.0.2.1/tcp/4001/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA")]
    [InlineData("/ip4/127.0.0.1/tcp/4001")]
    public async Task A_host_elsewhere_or_without_a_name_is_refused(string host)
    {
        var options = NodeOptions.Local();
        options.Ledger = LedgerOptions.Of(Multiaddr.Parse(host));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Node.StartAsync(options));
    }

    [Fact]
    public async Task A_node_that_strangers_can_reach_has_no_embedded_ledger()
    {
        var options = HostOptions();
        options.Listen.Add(Multiaddr.Parse("/ip4/0.0.0.0/tcp/0"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Node.StartAsync(options));
    }

    [Fact]
    public void A_ledger_counts_as_on_this_machine_by_its_address_alone()
    {
        Assert.True(LedgerProtocol.IsOnThisMachine(Multiaddr.Parse("/ip4/127.0.0.1/tcp/1")));
        Assert.True(LedgerProtocol.IsOnThisMachine(Multiaddr.Parse("/ip6/::1/tcp/1")));
        Assert.False(LedgerProtocol.IsOnThisMachine(Multiaddr.Parse("/ip4/10.0.0.1/tcp/1")));
        Assert.False(LedgerProtocol.IsOnThisMachine(Multiaddr.Parse("/dns4/localhost/tcp/1")));
    }

    private static NodeOptions HostOptions()
    {
        var options = NodeOptions.Local();
        options.Ledger = LedgerOptions.Embedded(new EmbeddedLedgerOptions { Modules = { new TallyModule() } });
        return options;
    }

    private static NodeOptions GuestOptions(Node host)
    {
        var options = NodeOptions.Local();
        options.Ledger = LedgerOptions.Of(host.Addresses[0]);
        return options;
    }

    private static LedgerCall Grow(ILedger ledger, ulong by) => new(ledger.Deployment["Tally"], new AbiWriter().Add(by).ToCall(TallyModule.Grow));

    private static async Task<ulong> TallyAsync(ILedger ledger, AccountAddress account)
    {
        var call = new LedgerCall(ledger.Deployment["Tally"], new AbiWriter().Add(account).ToCall(TallyModule.Of));
        return new AbiReader(await ledger.QueryAsync(call)).ReadUInt64();
    }
}
