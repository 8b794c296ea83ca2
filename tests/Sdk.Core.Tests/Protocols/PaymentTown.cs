using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Embedded;
using Sdk.Core.Ledger.Modules.Evidence;
using Sdk.Core.Ledger.Modules.Token;
using Sdk.Core.Ledger.Modules.Vault;
using Sdk.Core.Networking;
using Sdk.Core.Payments;
using Sdk.Core.Protocols;

namespace Sdk.Core.Tests.Protocols;

/// <summary>A ledger with token, vault and evidence, and nodes that share it.</summary>
internal sealed class PaymentTown : IAsyncDisposable
{
    private readonly KeyPair _bank = KeyPair.GenerateTestOnly();
    private readonly MemoryTransport? _memory;
    private readonly List<Node> _nodes = [];
    private ulong _lastAddress;

    public PaymentTown(bool isTcp)
    {
        _memory = isTcp ? null : new MemoryTransport();
        var options = new EmbeddedLedgerOptions();
        var (token, vault, evidence) = (Address(1), Address(2), Address(3));
        options.Addresses[TokenModule.ModuleName] = token;
        options.Addresses[VaultModule.ModuleName] = vault;
        options.Addresses[EvidenceContract.ModuleName] = evidence;
        options.Modules.Add(new TokenModule("Sdk", "SDK", _bank.Address, TokenAmount.FromTokens(1_000_000)));
        options.Modules.Add(new EvidenceModule([vault]));
        options.Modules.Add(new VaultModule(token, evidence));
        Ledger = EmbeddedLedger.OpenInMemory(options);
    }

    public EmbeddedLedger Ledger { get; }

    /// <summary>A node that lends 1 000 000 base units, of which nothing is free; with a deposit, where one is named.</summary>
    public async Task<Node> StartAsync(ulong deposit = 0, Action<NodeOptions>? configure = null)
    {
        var options = new NodeOptions { Account = KeyPair.GenerateTestOnly(), Ledger = LedgerOptions.Shared(Ledger) };
        options.Payments.Bands.Clear();
        options.Payments.Bands.Add(new PaymentBand(100, 1_000_000, 0));
        options.Payments.UpkeepInterval = TimeSpan.FromMilliseconds(50);
        if (_memory is not null)
        {
            options.Transports.Add(_memory);
        }

        options.Listen.Add(Multiaddr.Parse(_memory is null ? "/ip4/127.0.0.1/tcp/0" : $"/memory/{++_lastAddress}"));
        configure?.Invoke(options);
        var node = await Node.StartAsync(options);
        _nodes.Add(node);
        _ = node.Payments;
        if (deposit > 0)
        {
            await DepositAsync(node, deposit);
        }

        return node;
    }

    public async Task DepositAsync(Node node, ulong amount)
    {
        await Ledger.Module<TokenContract>().TransferAsync(node.Account, amount, _bank);
        await node.Payments.DepositAsync(amount);
    }

    public static async Task<PaymentAccount> OpenAsync(Node from, Node to) =>
        await from.Payments.OpenAsync(await from.Switch.DialAsync(to.Addresses[0]));

    public async Task<VaultBook> BookAsync(Node issuer, Node beneficiary) =>
        await Ledger.Module<VaultContract>().BookOfAsync(issuer.Account, beneficiary.Account);

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Enumerable.Reverse(_nodes))
        {
            await node.DisposeAsync();
        }

        await Ledger.DisposeAsync();
        _bank.Dispose();
    }

    private static AccountAddress Address(byte number) => AccountAddress.FromBytes([.. new byte[19], number]);
}
