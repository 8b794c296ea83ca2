using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Modules.Escrow;
using Sdk.Core.Ledger.Modules.HashLocks;
using Sdk.Core.Ledger.Modules.Token;
using Sdk.Core.Ledger.Modules.Vault;

namespace Sdk.Interop.Ethereum;

/// <summary>What the contracts cost on an EVM, measured on every run: each figure is committed in <c>docs/GAS.md</c>, and none may change unseen.</summary>
public sealed partial class GasTableTests : IAsyncLifetime
{
    private const ulong GenesisSeconds = 2_000_000_000;

    private readonly GasTable _table = new();
    private Anvil _anvil = null!;
    private SuiteContracts _contracts = null!;

    private IReadOnlyList<KeyPair> Keys => _anvil.Keys;

    public async Task InitializeAsync()
    {
        if (EthereumInstallation.Missing is null)
        {
            _anvil = await Anvil.StartAsync(new AnvilOptions { GenesisTimestampSeconds = GenesisSeconds });
            _contracts = await SuiteContracts.DeployAsync(_anvil);
        }
    }

    public Task DisposeAsync() => _anvil?.DisposeAsync().AsTask() ?? Task.CompletedTask;

    [EthereumFact]
    public async Task Gas_is_what_the_committed_table_says()
    {
        await MeasureTokenAsync();
        await MeasureVaultAsync();
        await MeasureEscrowAsync();
        await MeasureRatingsAsync();
        await MeasureBondsAsync();
        await MeasureHashLocksAsync();
        var (committed, measured) = _table.Compare(InRepository("docs/GAS.md"));
        Assert.Equal(committed, measured);
        Assert.Empty(_table.Exceeded);
    }

    private async Task MeasureTokenAsync()
    {
        _table.Section("Token");
        _table.Add("transfer, first to an account", await PayAsync(Keys[1].Address, 1_000), elsewhere: "OpenZeppelin 51 543");
        _table.Add("transfer, later", await PayAsync(Keys[1].Address, 1_000), elsewhere: "OpenZeppelin 34 443");
        for (var account = 2; account < Keys.Count; account++)
        {
            await PayAsync(Keys[account].Address, 1_000);
        }

        for (var account = 0; account < Keys.Count; account++)
        {
            await RunAsync(account, "Token", new AbiWriter().Add(_contracts["Vault"]).Add(TokenAmount.MaxValue).ToCall(TokenAbi.Approve));
            await RunAsync(account, "Token", new AbiWriter().Add(_contracts["Escrow"]).Add(TokenAmount.MaxValue).ToCall(TokenAbi.Approve));
            await RunAsync(account, "Token", new AbiWriter().Add(_contracts["HashLocks"]).Add(TokenAmount.MaxValue).ToCall(TokenAbi.Approve));
        }
    }

    private async Task MeasureVaultAsync()
    {
        _table.Section("Vault");
        await DepositAsync(1, 1);
        _table.Add("open and first deposit", await DepositAsync(2, 100), 100_000, "Swarm 161 469 + 53 918");
        _table.Add("deposit, later", await DepositAsync(2, 100), elsewhere: "Swarm 36 818, a bare transfer");
        await DepositAsync(1, 1_000);
        _table.Add("cash into the beneficiary's deposit, first of the pair", await CashAsync(1, 2, 1), elsewhere: "Swarm 107 959 to 125 071");
        _table.Add("cash into the beneficiary's deposit, later", await CashAsync(1, 2, 2), 45_000, "Swarm 73 819, paid out");
        _table.Add("cash a cheque that was cashed: refused", await CashAsync(1, 2, 2), elsewhere: "Swarm 62 596, and not refused");
        var (r, vs) = Sign(1, 2, 3);
        _table.Add(
            "cash, paid out as ERC-20", await RunAsync(2, "Vault", new AbiWriter().Add(Keys[1].Address).Add(Keys[2].Address).Add(Tokens(3)).Add(r).Add(vs).ToCall(VaultAbi.CashOut)),
            70_000, "Swarm 73 819");
        await MeasureBatchAsync();
        await MeasureBounceAsync();
        await MeasureWithdrawalAsync();
    }

    private async Task MeasureBatchAsync()
    {
        for (var issuer = 3; issuer < Keys.Count; issuer++)
        {
            await DepositAsync(issuer, 100);
        }

        await BatchAsync(count: 7, tokens: 1);
        var one = await BatchAsync(count: 1, tokens: 2);
        var seven = await BatchAsync(count: 7, tokens: 3);
        _table.Add("batch of one cheque", one);
        _table.Add("each further cheque of the batch", (seven - one + 5) / 6, 22_000);
    }

    private async Task MeasureBounceAsync()
    {
        _table.Add("cash, partly bounced: recorded by Evidence too, first of the issuer", await CashAsync(9, 2, 1_000));
        await DepositAsync(9, 900, owner: 0);
        _table.Add("cash, the rest made good", await CashAsync(9, 2, 1_000));
    }

    private async Task MeasureWithdrawalAsync()
    {
        byte[] Call(AbiFunction function, params TokenAmount[] amounts) =>
            amounts.Aggregate(new AbiWriter().Add(Keys[4].Address), (writer, amount) => writer.Add(amount)).ToCall(function);
        _table.Add("hard deposit, first for a beneficiary", await RunAsync(3, "Vault", Call(VaultAbi.IncreaseHardDeposit, Tokens(1))), elsewhere: "Swarm 82 987");
        _table.Add("hard deposit, later", await RunAsync(3, "Vault", Call(VaultAbi.IncreaseHardDeposit, Tokens(1))), elsewhere: "Swarm 48 787");
        _table.Add("announce a decrease", await RunAsync(3, "Vault", Call(VaultAbi.RequestHardDepositDecrease, Tokens(1))));
        _table.Add("announce a withdrawal", await RunAsync(3, "Vault", new AbiWriter().Add(Tokens(1)).ToCall(VaultAbi.RequestWithdrawal)));
        await _anvil.IncreaseTimeAsync(TimeSpan.FromDays(1));
        _table.Add("decrease a hard deposit", await RunAsync(3, "Vault", Call(VaultAbi.DecreaseHardDeposit)));
        _table.Add("withdraw", await RunAsync(3, "Vault", new AbiWriter().Add(Keys[3].Address).ToCall(VaultAbi.Withdraw)), elsewhere: "Swarm 50 270");
    }

    private async Task MeasureEscrowAsync()
    {
        _table.Section("Escrow");
        const ulong End = GenesisSeconds + 1_999_999;
        var terms = new EscrowTerms
        {
            Agreement = Hash256.Sha256("an agreement"u8),
            Buyer = Keys[4].Address,
            Provider = Keys[5].Address,
            DisputeWindowSeconds = 86_400,
            Developer = Keys[6].Address,
            DeveloperShare = 500,
        };
        AbiWriter Terms(EscrowTerms trade) => trade.Write(new AbiWriter());
        await RunAsync(4, "Escrow", Terms(terms with { Agreement = default }).Add(Tokens(10)).Add(End).ToCall(EscrowAbi.Lock));
        _table.Add("lock", await RunAsync(4, "Escrow", Terms(terms).Add(Tokens(10)).Add(End).ToCall(EscrowAbi.Lock)), 90_000);
        _table.Add("roll: more money, a later end", await RunAsync(4, "Escrow", Terms(terms).Add(Tokens(1)).Add(End + 1).ToCall(EscrowAbi.Roll)));
        var (r, vs) = new EscrowVoucher(terms.TradeId(), Tokens(3)).Sign(_anvil.ChainId, _contracts["Escrow"], Keys[4]).ToCompact();
        _table.Add(
            "settle a voucher, developer's share kept for it",
            await RunAsync(5, "Escrow", Terms(terms).Add(Tokens(3)).Add(false).Add(r).Add(vs).ToCall(EscrowAbi.Settle)));
        await _anvil.IncreaseTimeAsync(TimeSpan.FromDays(30));
        _table.Add("refund the rest", await RunAsync(4, "Escrow", Terms(terms).ToCall(EscrowAbi.Refund)));
    }

    private async Task MeasureHashLocksAsync()
    {
        _table.Section("Hash locks");
        var secret = Hash256.Sha256("a secret"u8);
        // A fixed number: its zero bytes are cheaper.
        const ulong Deadline = GenesisSeconds + 9_999_999;
        var native = new HashLockTerms(
            Keys[1].Address, Keys[2].Address, default, Tokens(1), Hash256.Sha256(secret.Bytes), Deadline, 1_234_567_890_123, default, Keys[3].Address, Tokens(2));
        var token = native with { Token = _contracts["Token"] };
        _table.Add("lock, native coin", await LockAsync(native), LockBound, "47 514 with fewer terms; a popular contract 142 417");
        _table.Add("claim, native coin", await RunAsync(3, "HashLocks", native.Write(new AbiWriter()).Add(secret).ToCall(HashLocksAbi.Claim)), 38_000, "37 578; 86 689");
        await LockAsync(token);
        _table.Add("lock, token", await LockAsync(token with { Deadline = Deadline + 1 }));
        _table.Add("claim, token", await RunAsync(3, "HashLocks", token.Write(new AbiWriter()).Add(secret).ToCall(HashLocksAbi.Claim)));
        await LockAsync(native);
        await LockAsync(token);
        await _anvil.IncreaseTimeAsync(TimeSpan.FromDays(365));
        _table.Add("refund, native coin", await RunAsync(3, "HashLocks", native.Write(new AbiWriter()).ToCall(HashLocksAbi.Refund)), 37_000, "36 318; 59 413");
        _table.Add("refund, token", await RunAsync(3, "HashLocks", token.Write(new AbiWriter()).ToCall(HashLocksAbi.Refund)));
    }
}
