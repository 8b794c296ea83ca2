using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Embedded;

namespace Sdk.Core.Tests.Ledger.Embedded;

public sealed class EmbeddedMachineTests
{
    private static readonly AccountAddress First = AccountAddress.Parse("0x00000000000000000000000000000000000000a1");
    private static readonly AccountAddress Second = AccountAddress.Parse("0x00000000000000000000000000000000000000a2");
    private static readonly AccountAddress Sender = AccountAddress.Parse("0x00000000000000000000000000000000000000b1");
    private static readonly BlockContext Block = new(1, 1_000, _ => default);

    private readonly EmbeddedMachine _machine = new(chainId: 7);

    public EmbeddedMachineTests()
    {
        _machine.Attach(new TallyModule("First"), First);
        _machine.Attach(new TallyModule("Second"), Second);
    }

    [Fact]
    public void A_call_changes_state_and_tells_of_it()
    {
        var done = Apply(First, TallyModule.Grow, new AbiWriter().Add(5));
        Assert.True(done.IsDone);
        var (contract, topics, data) = Assert.Single(done.Events);
        Assert.Equal((First, TallyModule.Grew.Topic, 32), (contract, topics[0], data.Length));
        Assert.Equal(5UL, TallyOf(First, Sender));
    }

    [Fact]
    public void A_call_that_reverts_leaves_nothing_but_a_used_nonce()
    {
        Apply(First, TallyModule.Grow, new AbiWriter().Add(5));
        var failed = Apply(First, TallyModule.GrowAndFail, new AbiWriter().Add(3));
        Assert.False(failed.IsDone);
        Assert.Empty(failed.Events);
        Assert.Equal(new AbiWriter().Add(8).ToRevert(TallyModule.TooGreat), failed.Returned);
        Assert.Equal(5UL, TallyOf(First, Sender));
        Assert.Equal(2UL, _machine.NonceOf(Sender));
    }

    [Fact]
    public void A_caller_that_catches_a_revert_keeps_its_own_changes_alone()
    {
        var inner = new AbiWriter().Add(3).ToCall(TallyModule.GrowAndFail);
        var done = Apply(First, TallyModule.GrowThrough, new AbiWriter().Add(Second).AddBytes(inner).Add(true));
        Assert.True(done.IsDone);
        Assert.Empty(done.Events);
        Assert.Equal((1UL, 0UL), (TallyOf(First, Sender), TallyOf(Second, First)));
    }

    [Fact]
    public void A_revert_that_is_passed_on_undoes_the_caller_too()
    {
        var inner = new AbiWriter().Add(3).ToCall(TallyModule.GrowAndFail);
        var failed = Apply(First, TallyModule.GrowThrough, new AbiWriter().Add(Second).AddBytes(inner).Add(false));
        Assert.Equal(new AbiWriter().Add(3).ToRevert(TallyModule.TooGreat), failed.Returned);
        Assert.Equal(0UL, TallyOf(First, Sender));
    }

    [Fact]
    public void Arithmetic_that_overflows_panics_as_solidity_does()
    {
        Apply(First, TallyModule.Grow, new AbiWriter().Add(TokenAmount.MaxValue));
        var failed = Apply(First, TallyModule.Grow, new AbiWriter().Add(1));
        Assert.Equal(new AbiWriter().Add(0x11).ToRevert(AbiError.Panic), failed.Returned);
    }

    [Fact]
    public void A_query_changes_nothing()
    {
        var looked = _machine.Look(Block, Sender, new LedgerCall(First, new AbiWriter().Add(5).ToCall(TallyModule.Grow)));
        Assert.True(looked.IsDone);
        Assert.Equal((0UL, 0UL), (TallyOf(First, Sender), _machine.NonceOf(Sender)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("01020304")]
    public void A_call_of_no_function_reverts_without_data(string data)
    {
        var failed = _machine.Apply(Block, Sender, new LedgerCall(First, Convert.FromHexString(data)));
        Assert.False(failed.IsDone);
        Assert.Empty(failed.Returned);
    }

    [Fact]
    public void Coins_are_refused_by_functions_that_take_none_and_kept_by_those_that_do()
    {
        _machine.Mint(Sender, 10);
        Assert.False(_machine.Apply(Block, Sender, new LedgerCall(First, new AbiWriter().Add(5).ToCall(TallyModule.Grow), 1)).IsDone);
        Assert.True(_machine.Apply(Block, Sender, new LedgerCall(First, new AbiWriter().ToCall(TallyModule.Pay), 4)).IsDone);
        Assert.Equal((6UL, 4UL), (Units(_machine.BalanceOf(Sender)), Units(_machine.BalanceOf(First))));
    }

    private MachineResult Apply(AccountAddress contract, AbiFunction function, AbiWriter arguments) =>
        _machine.Apply(Block, Sender, new LedgerCall(contract, arguments.ToCall(function)));

    private static ulong Units(TokenAmount amount) => amount.TryToBaseUnits(out var units) ? (ulong)units : throw new InvalidOperationException();

    private ulong TallyOf(AccountAddress contract, AccountAddress whose)
    {
        var looked = _machine.Look(Block, Sender, new LedgerCall(contract, new AbiWriter().Add(whose).ToCall(TallyModule.Of)));
        return Units(TokenAmount.FromBytes(looked.Returned));
    }
}
