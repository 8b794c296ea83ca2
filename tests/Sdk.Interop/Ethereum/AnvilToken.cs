using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Ethereum;
using Sdk.Core.Ledger.Modules;
using Sdk.Core.Ledger.Modules.Token;

namespace Sdk.Interop.Ethereum;

/// <summary>The suite's token on an anvil of its own, all of it held by the first key, and the ledger to use it.</summary>
internal sealed class AnvilToken(Anvil anvil, EthereumLedger ledger) : IAsyncDisposable
{
    public Anvil Anvil => anvil;

    public EthereumLedger Ledger => ledger;

    public TokenContract Token => ledger.Module<TokenContract>();

    public KeyPair Holder => anvil.Keys[0];

    public KeyPair Other => anvil.Keys[1];

    public static async Task<AnvilToken> StartAsync(Action<EthereumLedgerOptions>? configure = null)
    {
        var anvil = await Anvil.StartAsync();
        AccountAddress token;
        await using (var plain = await EthereumLedger.ConnectAsync(Options(anvil)))
        {
            var arguments = new AbiWriter().AddString("Token").AddString("T").Add(anvil.Keys[0].Address).Add(TokenAmount.FromTokens(1000)).ToArray();
            token = await plain.DeployAsync((byte[])[.. ContractArtifact.Load(TokenContract.ModuleName).CreationCode.Span, .. arguments], anvil.Keys[0]);
        }

        var options = Options(anvil);
        options.Deployment = new LedgerDeployment([new(TokenContract.ModuleName, token)]);
        configure?.Invoke(options);
        return new AnvilToken(anvil, await EthereumLedger.ConnectAsync(options));
    }

    public static EthereumLedgerOptions Options(Anvil anvil) => new()
    {
        Url = anvil.Url,
        ChainId = anvil.ChainId,
        AllowsTestOnlyKeys = true,
        Confirmations = 3,
        PollInterval = TimeSpan.FromMilliseconds(20),
    };

    public async ValueTask DisposeAsync()
    {
        await ledger.DisposeAsync();
        await anvil.DisposeAsync();
    }
}
