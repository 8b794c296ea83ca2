using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Embedded;
using Sdk.Core.Ledger.Ethereum;
using Sdk.Core.Ledger.Modules;
using Sdk.Core.Ledger.Modules.HashLocks;
using Sdk.Core.Payments;
using Sdk.Core.Persistence;

namespace Sdk.Interop.Ethereum;

/// <summary>Transfers by hash locks where a ledger is an EVM chain, whose blocks come once a second and can be taken back.</summary>
public sealed class TransferOnEthereumTests : IDisposable
{
    private const ulong OtherChainId = 1_337_000;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan BlockTime = TimeSpan.FromSeconds(1);
    private static readonly UInt128 Funds = (UInt128)100 * 1_000_000_000_000_000_000;
    private static readonly AccountAddress Receiver = AccountAddress.Parse("0x00000000000000000000000000000000000000c1");

    // Chains other than the one for development refuse keys that are for tests.
    private readonly KeyPair _initiator = KeyPair.Generate();
    private readonly KeyPair _responder = KeyPair.Generate();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sdk-transfer-");

    public void Dispose()
    {
        _initiator.Dispose();
        _responder.Dispose();
        _folder.Delete(recursive: true);
    }

    [EthereumFact]
    public async Task Coins_go_from_an_embedded_ledger_to_an_evm_chain()
    {
        await using var anvil = await Anvil.StartAsync();
        await using var ethereum = await ConnectAsync(anvil);
        await using var embedded = OpenEmbedded();
        Assert.Equal((TransferOutcome.Completed, TransferOutcome.Completed), await TransferAsync(anvil, embedded, ethereum, LedgerTiming.Embedded, LedgerTiming.Ethereum));
        Assert.Equal<TokenAmount>(200, await ethereum.BalanceAsync(Receiver));
    }

    [EthereumFact]
    public async Task Coins_go_from_an_evm_chain_to_an_embedded_ledger()
    {
        await using var anvil = await Anvil.StartAsync();
        await using var ethereum = await ConnectAsync(anvil);
        await using var embedded = OpenEmbedded();
        Assert.Equal((TransferOutcome.Completed, TransferOutcome.Completed), await TransferAsync(anvil, ethereum, embedded, LedgerTiming.Ethereum, LedgerTiming.Embedded));
        Assert.Equal<TokenAmount>(200, await embedded.BalanceAsync(Receiver));
    }

    [EthereumFact]
    public async Task Coins_go_from_one_evm_chain_to_another()
    {
        await using var here = await Anvil.StartAsync();
        await using var there = await Anvil.StartAsync(new AnvilOptions { ChainId = OtherChainId });
        await using var first = await ConnectAsync(here);
        await using var second = await ConnectAsync(there);
        Assert.Equal((TransferOutcome.Completed, TransferOutcome.Completed), await TransferAsync(
            here, first, second, LedgerTiming.Ethereum, LedgerTiming.Ethereum, () => there.CallAsync("evm_mine")));
        Assert.Equal<TokenAmount>(200, await second.BalanceAsync(Receiver));
    }

    [EthereumFact]
    public async Task A_lock_that_a_reorganisation_takes_back_is_there_again_and_both_sides_have_theirs()
    {
        await using var anvil = await Anvil.StartAsync();
        await using var ethereum = await ConnectAsync(anvil);
        await using var embedded = OpenEmbedded();
        var isTakenBack = false;
        Assert.Equal((TransferOutcome.Completed, TransferOutcome.Completed), await TransferAsync(anvil, ethereum, embedded, LedgerTiming.Ethereum, LedgerTiming.Embedded, async () =>
        {
            // As soon as the first lock is in a block, which is not final yet.
            if (!isTakenBack && await anvil.BlockNumberAsync() is var number && await LocksAsync(ethereum) > 0)
            {
                await anvil.ReorganizeAsync(1);
                isTakenBack = await anvil.BlockNumberAsync() >= number;
            }
        }));
        Assert.True(isTakenBack);
        Assert.Equal<TokenAmount>(200, await embedded.BalanceAsync(Receiver));
    }

    private static async Task<int> LocksAsync(EthereumLedger ledger)
    {
        var head = await ledger.HeadAsync();
        var count = 0;
        await foreach (var told in ledger.EventsAsync(new LedgerEventFilter { Kinds = [HashLocksAbi.Locked.Topic], ToBlock = head.Number }))
        {
            count += told.IsRemoved ? 0 : 1;
        }

        return count;
    }

    private async Task<(TransferOutcome Initiator, TransferOutcome Responder)> TransferAsync(
        Anvil anvil, ILedger first, ILedger second, LedgerTiming firstTiming, LedgerTiming secondTiming, Func<Task>? eachBlock = null)
    {
        var (one, other) = (_initiator, _responder);
        var quote = new TransferQuote(
            new TransferLeg(first.ChainId, first.Module<HashLocksContract>().Address, default, 300, one.Address, other.Address),
            new TransferLeg(second.ChainId, second.Module<HashLocksContract>().Address, default, 200, other.Address, Receiver));
        var timing = new TransferTiming(firstTiming, secondTiming, TimeSpan.FromMinutes(5), TimeSpan.FromHours(8));
        using var initiatorFiles = DataDirectory.Open(Path.Combine(_folder.FullName, "initiator"));
        using var responderFiles = DataDirectory.Open(Path.Combine(_folder.FullName, "responder"));
        await using var initiator = await HashLockTransfer.InitiateAsync(quote, timing, Options(first, second, one, initiatorFiles));
        await using var responder = await HashLockTransfer.RespondAsync(quote, initiator.Proposal, timing, Options(first, second, other, responderFiles));
        using var limit = new CancellationTokenSource(Limit);
        while (!initiator.Completion.IsCompleted || !responder.Completion.IsCompleted)
        {
            await Task.Delay(BlockTime, limit.Token);
            await (eachBlock?.Invoke() ?? Task.CompletedTask);
            await anvil.CallAsync("evm_mine");
        }

        return (await initiator.Completion, await responder.Completion);
    }

    private static HashLockTransferOptions Options(ILedger first, ILedger second, KeyPair signer, DataDirectory directory) => new()
    {
        First = first,
        Second = second,
        FirstSigner = signer,
        SecondSigner = signer,
        Directory = directory,
        PollInterval = TimeSpan.FromMilliseconds(200),
    };

    private async Task<EthereumLedger> ConnectAsync(Anvil anvil)
    {
        await anvil.SetBalanceAsync(_initiator.Address, Funds);
        await anvil.SetBalanceAsync(_responder.Address, Funds);
        LedgerDeployment deployment;
        await using (var bare = await EthereumLedger.ConnectAsync(AnvilToken.Options(anvil)))
        {
            deployment = await SuiteModules.DeployAsync(bare, _initiator, ("Token", "TOK"), _initiator.Address, SuiteModules.Supply);
        }

        var options = AnvilToken.Options(anvil);
        options.Deployment = deployment;
        return await EthereumLedger.ConnectAsync(options);
    }

    private EmbeddedLedger OpenEmbedded() => EmbeddedLedger.OpenInMemory(new EmbeddedLedgerOptions
    {
        Modules = { new HashLocksModule() },
        Coins = { [_initiator.Address] = 1_000_000, [_responder.Address] = 1_000_000 },
    });
}
