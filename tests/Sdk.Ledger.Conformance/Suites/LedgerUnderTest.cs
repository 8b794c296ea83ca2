using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Modules.Token;
using Sdk.Core.Ledger.Modules.Vault;
using Sdk.Interop.Ethereum;

namespace Sdk.Ledger.Conformance.Suites;

/// <summary>A ledger as applications use it, with the suite's contracts, a few accounts, and a clock that the test turns.</summary>
public abstract class LedgerUnderTest : IAsyncDisposable
{
    public const string Embedded = "embedded";
    public const string OnAnvil = "anvil";

    private const int Accounts = 4;

    protected LedgerUnderTest() => Contracts = new SuiteContracts(Deployer.Address);

    /// <summary>The ledgers that can be had here, for theories.</summary>
    public static TheoryData<string> All { get; } = [.. AnvilUnderTest.IsAvailable ? [Embedded, OnAnvil] : new[] { Embedded }];

    /// <summary>The ledger.</summary>
    public abstract ILedger Ledger { get; }

    /// <summary>Who deployed, and has the tokens.</summary>
    public KeyPair Deployer { get; } = KeyOf(0);

    /// <summary>Accounts with 1 000 tokens each, which vault and hash locks may take, and with native coins.</summary>
    public IReadOnlyList<KeyPair> Keys { get; } = [.. Enumerable.Range(1, Accounts).Select(KeyOf)];

    public SuiteContracts Contracts { get; }

    public TokenContract Token => Ledger.Module<TokenContract>();

    public VaultContract Vault => Ledger.Module<VaultContract>();

    public static async Task<LedgerUnderTest> StartAsync(string kind)
    {
        LedgerUnderTest ledger = kind == Embedded ? new EmbeddedUnderTest() : await AnvilUnderTest.CreateAsync();
        foreach (var key in ledger.Keys)
        {
            await ledger.Token.TransferAsync(key.Address, TokenAmount.FromTokens(1_000), ledger.Deployer);
            await ledger.Token.ApproveAsync(ledger.Contracts["Vault"], TokenAmount.MaxValue, key);
            await ledger.Token.ApproveAsync(ledger.Contracts["HashLocks"], TokenAmount.MaxValue, key);
        }

        return ledger;
    }

    /// <summary>Lets the ledger's time pass.</summary>
    public abstract Task AdvanceAsync(TimeSpan by);

    /// <summary>The time of the newest block, in seconds since 1970.</summary>
    public async Task<ulong> NowAsync() => (ulong)(await Ledger.HeadAsync()).Time.ToUnixTimeSeconds();

    public abstract ValueTask DisposeAsync();

    /// <summary>Asserts that an operation is refused, by the contract's own name for the reason.</summary>
    public static async Task RefusedAsync(string error, Func<ValueTask<LedgerReceipt>> operation) =>
        Assert.Equal(error, (await Assert.ThrowsAsync<LedgerRevertException>(async () => await operation())).ErrorName);

    private static KeyPair KeyOf(int number) => KeyPair.FromPrivateKey(Hash256.Sha256([(byte)(100 + number)]).Bytes, isTestOnly: true);
}
