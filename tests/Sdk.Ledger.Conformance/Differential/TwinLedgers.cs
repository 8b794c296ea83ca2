using System.Text.Json;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Embedded;
using Sdk.Core.Ledger.Modules;
using Sdk.Core.Ledger.Modules.Bonds;
using Sdk.Core.Ledger.Modules.Escrow;
using Sdk.Core.Ledger.Modules.Evidence;
using Sdk.Core.Ledger.Modules.HashLocks;
using Sdk.Core.Ledger.Modules.Token;
using Sdk.Core.Ledger.Modules.Vault;
using Sdk.Interop.Ethereum;

namespace Sdk.Ledger.Conformance.Differential;

/// <summary>
/// The machine of the embedded ledger and, where it is installed, anvil, with the same contracts at the same addresses, the same accounts,
/// chain id, block numbers, block times and block hashes. Each operation runs on both in a block of its own, and must come out alike to the last byte.
/// </summary>
internal sealed class TwinLedgers : IAsyncDisposable
{
    /// <summary>When the chain begins, in seconds since 1970.</summary>
    public const ulong GenesisSeconds = 2_000_000_000;

    /// <summary>A contract that answers every call with zero: a token that has not paid.</summary>
    public const string FalseToken = "FalseToken";

    /// <summary>A contract that answers every call with one: a token that says it paid, and moves nothing.</summary>
    public const string TrueToken = "TrueToken";

    /// <summary>A contract that refuses every call.</summary>
    public const string Refuser = "Refuser";

    /// <summary>A vault for the false token.</summary>
    public const string FalseVault = "FalseVault";

    /// <summary>Evidence whose writers are the second and the third account.</summary>
    public const string OpenEvidence = "OpenEvidence";

    /// <summary>An escrow for the false token.</summary>
    public const string FalseEscrow = "FalseEscrow";

    /// <summary>Bonds in the false token.</summary>
    public const string FalseBonds = "FalseBonds";

    private const int Accounts = 8;

    // 18 to whoever asks for decimals, zero to all else.
    private const string CodeThatAnswersZero = "5f3560e01c63313ce567146012025f5260205ff3";
    private const string CodeThatAnswersOne = "60015f5260205ff3";
    private const string CodeThatRefuses = "5f5ffd";

    private readonly List<KeyPair> _keys = [.. Enumerable.Range(1, Accounts).Select(KeyOf)];
    private readonly Dictionary<ulong, Hash256> _hashes = [];
    private readonly EmbeddedMachine _machine = new(Sdk.Interop.Ethereum.Anvil.DevelopmentChainId);
    private readonly Dictionary<string, AccountAddress> _places = [];
    private Anvil? _anvil;

    private TwinLedgers() => Contracts = new SuiteContracts(_keys[0].Address);

    /// <summary>The first deploys the contracts and has the tokens.</summary>
    public IReadOnlyList<KeyPair> Keys => _keys;

    public SuiteContracts Contracts { get; }

    public ulong ChainId => _machine.ChainId;

    /// <summary>Whether there are two, or the embedded one alone.</summary>
    public bool AreTwo => _anvil is not null;

    /// <summary>The time of the newest block.</summary>
    public ulong Now { get; private set; } = GenesisSeconds;

    /// <summary>The number of the newest block.</summary>
    public ulong Block { get; private set; }

    /// <summary>Where a contract is: one of the suite's, or one of the extras.</summary>
    public AccountAddress this[string contract] => _places.TryGetValue(contract, out var place) ? place : Contracts[contract];

    public static async Task<TwinLedgers> CreateAsync(bool withAnvil)
    {
        var twins = new TwinLedgers();
        try
        {
            if (withAnvil)
            {
                twins._anvil = await Anvil.StartAsync(new AnvilOptions { GenesisTimestampSeconds = GenesisSeconds });
                await twins._anvil.CallAsync("anvil_autoImpersonateAccount", true);
                foreach (var key in twins._keys)
                {
                    await twins._anvil.SetBalanceAsync(key.Address, Coins);
                }
            }

            await twins.DeployAsync();
            return twins;
        }
        catch
        {
            await twins.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs an operation on both, and compares.</summary>
    /// <exception cref="DivergenceException">They disagree.</exception>
    public async Task<Outcome> RunAsync(Operation operation)
    {
        if (operation.IsQuery)
        {
            return await AskAsync(operation.Sender, operation.Call);
        }

        Now += operation.AdvanceSeconds;
        var outside = _anvil is null ? null : await SendAsync(operation);
        Block += 1;
        if (_anvil is null)
        {
            _hashes[Block] = Hash256.Sha256(BitConverter.GetBytes(Block));
        }

        var result = _machine.Apply(Context(Block), operation.Sender, operation.Call);
        var inside = new Outcome(result.IsDone, result.IsDone ? [] : result.Returned, result.Events);
        Compare(operation, inside, outside);
        return inside;
    }

    /// <summary>Asks both, and compares what they answer or refuse with.</summary>
    /// <exception cref="DivergenceException">They disagree.</exception>
    public async Task<Outcome> AskAsync(AccountAddress caller, LedgerCall call)
    {
        var inside = Look(caller, call);
        var outside = _anvil is null ? null : await QueryAsync(caller, call);
        Compare(new Operation(caller, call, IsQuery: true), inside, outside);
        return inside;
    }

    /// <summary>Asks the embedded one alone: for those who make up operations.</summary>
    public Outcome Look(AccountAddress caller, LedgerCall call)
    {
        var result = _machine.Look(Context(Block), caller, call);
        return new Outcome(result.IsDone, result.Returned, []);
    }

    /// <summary>What a contract answers, which must not refuse.</summary>
    public byte[] Look(string contract, AbiFunction function, AbiWriter? arguments = null)
    {
        var outcome = Look(default, new LedgerCall(this[contract], (arguments ?? new AbiWriter()).ToCall(function)));
        return outcome.IsDone ? outcome.Data : throw new InvalidOperationException($"{function} is refused: {outcome}");
    }

    /// <summary>Compares what contracts and those who never send have of the native coin: senders pay for gas on one of the two.</summary>
    public async Task CompareCoinsAsync(IEnumerable<AccountAddress> accounts)
    {
        foreach (var account in accounts)
        {
            var inside = $"0x{Hex(_machine.BalanceOf(account))}";
            if (_anvil is not null && (await _anvil.CallAsync("eth_getBalance", account.ToString(), "latest")).GetString() is var outside && outside != inside)
            {
                throw new DivergenceException($"{account} has {inside} inside and {outside} on anvil.");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_anvil is not null)
        {
            await _anvil.DisposeAsync();
        }

        _keys.ForEach(key => key.Dispose());
    }

    private static UInt128 Coins => (UInt128)10_000 * 1_000_000_000_000_000_000;

    private static KeyPair KeyOf(int number) => KeyPair.FromPrivateKey(Hash256.Sha256([(byte)number]).Bytes, isTestOnly: true);

    private static string Hex(TokenAmount amount)
    {
        var text = Convert.ToHexStringLower(amount.ToArray()).TrimStart('0');
        return text.Length == 0 ? "0" : text;
    }

    private static void Compare(Operation operation, Outcome inside, Outcome? outside)
    {
        if (outside is not null && outside.ToString() != inside.ToString())
        {
            throw new DivergenceException(
                $"{operation.Sender} → {operation.Call.To}, value {operation.Call.Value}, 0x{Convert.ToHexStringLower(operation.Call.Data.Span)}\nembedded: {inside}\nanvil:    {outside}");
        }
    }

    private async Task DeployAsync()
    {
        foreach (var key in _keys)
        {
            _machine.Mint(key.Address, TokenAmount.FromBaseUnits(Coins));
        }

        var (token, evidence) = (Contracts["Token"], Contracts["Evidence"]);
        ContractModule[] modules =
        [
            new TokenModule(SuiteContracts.TokenName, SuiteContracts.TokenSymbol, _keys[0].Address, SuiteContracts.Supply),
            new EvidenceModule(Contracts.Writers),
            new VaultModule(token, evidence),
            new EscrowModule(token, evidence),
            new BondsModule(token, evidence),
            new HashLocksModule(),
        ];
        foreach (var module in modules)
        {
            _machine.Attach(module, Contracts[module.Name]);
        }

        var next = Contracts.After;
        Place(FalseToken, next, new AnsweringModule(FalseToken, false));
        Place(TrueToken, Contracts.AfterBy(1), new AnsweringModule(TrueToken, true));
        Place(Refuser, Contracts.AfterBy(2), new RefusingModule());
        Place(FalseVault, Contracts.AfterBy(3), new VaultModule(Contracts.After, evidence));
        Place(OpenEvidence, Contracts.AfterBy(4), new EvidenceModule([_keys[1].Address, _keys[2].Address]));
        Place(FalseEscrow, Contracts.AfterBy(5), new EscrowModule(Contracts.After, evidence));
        Place(FalseBonds, Contracts.AfterBy(6), new BondsModule(Contracts.After, evidence));
        if (_anvil is not null)
        {
            await SuiteContracts.DeployAsync(_anvil, _keys[0].Address);
            foreach (var code in (string[])[CodeThatAnswersZero, CodeThatAnswersOne, CodeThatRefuses])
            {
                await DeployAsync(Creation(code));
            }

            var writers = new AbiWriter().AddArray(2, new AbiWriter().Add(_keys[1].Address).Add(_keys[2].Address));
            var falseToken = new AbiWriter().Add(Contracts.After).Add(evidence);
            await DeployAsync("Vault", falseToken);
            await DeployAsync("Evidence", writers);
            await DeployAsync("Escrow", falseToken);
            await DeployAsync("Bonds", falseToken);
            Block = await _anvil.BlockNumberAsync();
            Now = await _anvil.TimestampAsync();
            for (ulong number = 0; number <= Block; number++)
            {
                _hashes[number] = await HashOfAsync($"0x{number:x}");
            }
        }

        foreach (var module in _machine.Modules)
        {
            _machine.Construct(module, _keys[0].Address, Context(Block));
        }
    }

    // Copies what follows it, and returns that as the contract's code.
    private static byte[] Creation(string code) => Convert.FromHexString($"60{code.Length / 2:x2}600a5f3960{code.Length / 2:x2}5ff3".PadRight(20, '0') + code);

    private void Place(string name, AccountAddress at, ContractModule module)
    {
        _places[name] = at;
        _machine.Attach(module, at);
    }

    private Task DeployAsync(string module, AbiWriter arguments) => DeployAsync([.. ContractArtifact.Load(module).CreationCode.Span, .. arguments.ToArray()]);

    private async Task DeployAsync(byte[] code) => await _anvil!.DeployAsync(_keys[0].Address, code);

    private async Task<Hash256> HashOfAsync(string block) =>
        Hash256.FromHex((await _anvil!.CallAsync("eth_getBlockByNumber", block, false)).GetProperty("hash").GetString().AsSpan(2));

    private BlockContext Context(ulong number) => new(number, Now, wanted => _hashes.TryGetValue(wanted, out var hash) ? hash : default);

    private async Task<Outcome> SendAsync(Operation operation)
    {
        await _anvil!.SetNextTimestampAsync(Now);
        if (!operation.Call.Value.TryToBaseUnits(out var wei))
        {
            throw new ArgumentException("An operation sends at most 2^128 − 1 wei.", nameof(operation));
        }

        var receipt = await _anvil.SendAsync(operation.Sender, operation.Call.To, operation.Call.Data, wei, gasLimit: 5_000_000);
        _hashes[receipt.BlockNumber] = Hash256.FromHex(receipt.Json.GetProperty("blockHash").GetString().AsSpan(2));
        if (receipt.BlockNumber != Block + 1)
        {
            throw new InvalidOperationException($"Block {receipt.BlockNumber} came, not {Block + 1}.");
        }

        return new Outcome(receipt.IsSuccess, receipt.IsSuccess ? [] : await RevertDataAsync(receipt.Hash), [.. receipt.Json.GetProperty("logs").EnumerateArray().Select(Log)]);
    }

    private async Task<byte[]> RevertDataAsync(string hash)
    {
        var trace = await _anvil!.CallAsync("debug_traceTransaction", hash, new { tracer = "callTracer", tracerConfig = new { onlyTopCall = true } });
        return trace.TryGetProperty("output", out var output) ? Convert.FromHexString(output.GetString().AsSpan(2)) : [];
    }

    private static (AccountAddress Contract, Hash256[] Topics, byte[] Data) Log(JsonElement log) => (
        AccountAddress.Parse(log.GetProperty("address").GetString()),
        [.. log.GetProperty("topics").EnumerateArray().Select(topic => Hash256.FromHex(topic.GetString().AsSpan(2)))],
        Convert.FromHexString(log.GetProperty("data").GetString().AsSpan(2)));

    private async Task<Outcome> QueryAsync(AccountAddress caller, LedgerCall call)
    {
        _ = call.Value.TryToBaseUnits(out var wei);
        try
        {
            return new Outcome(true, await _anvil!.QueryAsync(call.To, call.Data, caller, wei), []);
        }
        catch (AnvilErrorException refused)
        {
            return new Outcome(false, refused.RevertData is { } data ? Convert.FromHexString(data.AsSpan(2)) : [], []);
        }
    }
}
