using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Ethereum;
using Sdk.Core.Ledger.Modules;

namespace Sdk.Interop.Ethereum;

/// <summary>
/// The suite's contracts on an <see cref="Anvil"/>, made by its first key in a fixed order, so that they have the same addresses in every run.
/// Evidence names the contracts that write to it before they are there: their addresses follow from the deployer's nonces.
/// </summary>
public sealed class SuiteContracts
{
    /// <summary>What the first key gets of the token: 10^27 base units.</summary>
    public static readonly TokenAmount Supply = TokenAmount.FromTokens(1_000_000_000);

    public const string TokenName = "Token";
    public const string TokenSymbol = "TOK";

    private static readonly string[] Order = ["Token", "Evidence", "Vault", "Escrow", "Bonds", "HashLocks"];

    private readonly AccountAddress _deployer;
    private readonly ulong _firstNonce;

    public SuiteContracts(AccountAddress deployer, ulong firstNonce = 0) => (_deployer, _firstNonce) = (deployer, firstNonce);

    public static IReadOnlyList<string> Modules => Order;

    public AccountAddress this[string module] => ContractAddress.Create(_deployer, _firstNonce + (ulong)Array.IndexOf(Order, module));

    public LedgerDeployment Deployment => new(Order.Select(module => KeyValuePair.Create(module, this[module])));

    /// <summary>Who may write to Evidence.</summary>
    public IReadOnlyList<AccountAddress> Writers => [this["Vault"], this["Escrow"], this["Bonds"]];

    /// <summary>Where the deployer's next contract would be.</summary>
    public AccountAddress After => AfterBy(0);

    /// <summary>Makes the contracts; the deployer is anvil's first key where no other is named, and must have made nothing yet.</summary>
    public static async Task<SuiteContracts> DeployAsync(Anvil anvil, AccountAddress? by = null)
    {
        var deployer = by ?? anvil.Keys[0].Address;
        var contracts = new SuiteContracts(deployer);
        foreach (var module in Order)
        {
            byte[] code = [.. ContractArtifact.Load(module).CreationCode.Span, .. contracts.Arguments(module).ToArray()];
            Assert.Equal(contracts[module], await anvil.DeployAsync(deployer, code));
        }

        return contracts;
    }

    /// <summary>Where the deployer's contract after so many others would be.</summary>
    public AccountAddress AfterBy(int others) => ContractAddress.Create(_deployer, _firstNonce + (ulong)(Order.Length + others));

    private AbiWriter Arguments(string module) => module switch
    {
        "Token" => new AbiWriter().AddString(TokenName).AddString(TokenSymbol).Add(_deployer).Add(Supply),
        "Evidence" => new AbiWriter().AddArray(Writers.Count, Writers.Aggregate(new AbiWriter(), (writer, address) => writer.Add(address))),
        "HashLocks" => new AbiWriter(),
        _ => new AbiWriter().Add(this["Token"]).Add(this["Evidence"]),
    };
}
