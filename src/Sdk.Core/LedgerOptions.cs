using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Embedded;
using Sdk.Core.Ledger.Ethereum;
using Sdk.Core.Ledger.Modules;
using Sdk.Core.Networking;
using Sdk.Core.Protocols;

namespace Sdk.Core;

/// <summary>Which ledger a node uses.</summary>
public abstract class LedgerOptions
{
    private protected LedgerOptions()
    {
    }

    /// <summary>
    /// A ledger of the node's own, in the process, kept in the node's data directory where it has one. The node serves it to other
    /// processes on the same machine (<see cref="Of"/>). It is for one machine: a node that listens to others, or looks for them, is refused.
    /// </summary>
    /// <param name="options">
    /// How it is set up, and which contracts it has; its clock and logs are the node's. Null for the suite's contracts
    /// (<see cref="SuiteModules"/>), all tokens being the node's account's.
    /// </param>
    public static LedgerOptions Embedded(EmbeddedLedgerOptions? options = null) => new EmbeddedChoice(options, isRequired: true);

    /// <summary>An embedded ledger for a node that deals with its own machine alone, and none for any other.</summary>
    internal static LedgerOptions EmbeddedWhereLocal { get; } = new EmbeddedChoice(chosen: null, isRequired: false);

    /// <summary>Contracts on an Ethereum chain, or any other EVM chain.</summary>
    /// <param name="options">Which node is asked, and where the contracts are; the clock and the logs are the node's.</param>
    public static LedgerOptions Ethereum(EthereumLedgerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new EthereumChoice(options);
    }

    /// <summary>Contracts on an Ethereum chain, or any other EVM chain, with everything else as it is by default.</summary>
    /// <param name="url">Where the node answers JSON-RPC, <c>http</c> or <c>https</c>.</param>
    public static LedgerOptions Ethereum(Uri url) => Ethereum(new EthereumLedgerOptions { Url = url });

    /// <summary>The embedded ledger of another node on this machine.</summary>
    /// <param name="host">Where that node listens, with its peer id.</param>
    public static LedgerOptions Of(Multiaddr host)
    {
        ArgumentNullException.ThrowIfNull(host);
        return new RemoteChoice(host);
    }

    /// <summary>A ledger that the caller opened, and closes after the node.</summary>
    public static LedgerOptions Shared(ILedger ledger)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        return new SharedChoice(ledger);
    }

    /// <summary>Opens the ledger, where the node is to have one, and says whether the node closes it.</summary>
    internal abstract ValueTask<(ILedger? Ledger, bool IsOwned)> OpenAsync(Node node, NodeOptions options, CancellationToken cancellationToken);

    private sealed class EmbeddedChoice(EmbeddedLedgerOptions? chosen, bool isRequired) : LedgerOptions
    {
        internal override ValueTask<(ILedger? Ledger, bool IsOwned)> OpenAsync(Node node, NodeOptions options, CancellationToken cancellationToken)
        {
            var stranger = options.Listen.Concat(options.Overlay.Bootstrap).FirstOrDefault(address => !LedgerProtocol.IsOnThisMachine(address));
            if (stranger is not null || options.Mdns is not null)
            {
                return !isRequired ? ValueTask.FromResult<(ILedger?, bool)>((null, false)) : throw new ArgumentException(
                    $"An embedded ledger is one machine's word, and this node deals with others{(stranger is null ? "" : $" ({stranger})")}: use an Ethereum chain.", nameof(options));
            }

            var ledger = chosen ?? OfTheSuite(node.Account);
            (ledger.TimeProvider, ledger.LoggerFactory) = (options.TimeProvider, options.LoggerFactory);
            var opened = node.DataDirectory is { } directory ? EmbeddedLedger.Open(ledger, directory) : EmbeddedLedger.OpenInMemory(ledger);
            node.Switch.Register(new LedgerProtocol(opened));
            return ValueTask.FromResult<(ILedger?, bool)>((opened, true));
        }
    }

    private static EmbeddedLedgerOptions OfTheSuite(AccountAddress holder)
    {
        var options = new EmbeddedLedgerOptions();
        SuiteModules.AddTo(options, holder);
        return options;
    }

    private sealed class EthereumChoice(EthereumLedgerOptions ledger) : LedgerOptions
    {
        internal override async ValueTask<(ILedger? Ledger, bool IsOwned)> OpenAsync(Node node, NodeOptions options, CancellationToken cancellationToken) =>
            (await EthereumLedger.ConnectAsync(ledger, options.TimeProvider, options.LoggerFactory, cancellationToken).ConfigureAwait(false), true);
    }

    private sealed class RemoteChoice(Multiaddr host) : LedgerOptions
    {
        internal override async ValueTask<(ILedger? Ledger, bool IsOwned)> OpenAsync(Node node, NodeOptions options, CancellationToken cancellationToken) =>
            (await RemoteLedger.ConnectAsync(node.Switch, host, options.TimeProvider, cancellationToken).ConfigureAwait(false), true);
    }

    private sealed class SharedChoice(ILedger ledger) : LedgerOptions
    {
        internal override ValueTask<(ILedger? Ledger, bool IsOwned)> OpenAsync(Node node, NodeOptions options, CancellationToken cancellationToken) =>
            ValueTask.FromResult<(ILedger?, bool)>((ledger, false));
    }
}
