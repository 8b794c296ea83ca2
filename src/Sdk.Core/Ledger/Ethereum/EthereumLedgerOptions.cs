namespace Sdk.Core.Ledger.Ethereum;

/// <summary>How an <see cref="EthereumLedger"/> is set up.</summary>
public sealed class EthereumLedgerOptions
{
    /// <summary>anvil's and Hardhat's chain id, by which a development chain is known.</summary>
    public const ulong DevelopmentChainId = 31337;

    /// <summary>What timers take is 49 days; nobody means more than a day.</summary>
    private static readonly TimeSpan WaitMax = TimeSpan.FromDays(1);

    /// <summary>Where the node answers JSON-RPC over HTTP. It may hold a key; it is never logged.</summary>
    /// <value>Required; <c>http</c> or <c>https</c>.</value>
    public Uri? Url { get; set; }

    /// <summary>The chain that is meant: a node of another one is refused (<see cref="LedgerFailure.WrongChain"/>).</summary>
    /// <value>The default takes whatever chain the node has.</value>
    public ulong? ChainId { get; set; }

    /// <summary>Where the contracts are.</summary>
    /// <value>The default is nowhere.</value>
    public LedgerDeployment Deployment { get; set; } = new([]);

    /// <summary>
    /// After how many blocks upon it a block counts as final. Null asks the chain itself (the <c>finalized</c> tag), which takes some 15
    /// minutes on Ethereum and is the only certain answer there.
    /// </summary>
    /// <value>The default is 12; 0 to 10 000.</value>
    public int? Confirmations { get; set; } = 12;

    /// <summary>The most that is paid for a unit of gas, in wei, tip included. A dearer operation is refused (<see cref="LedgerFailure.FeeAboveCap"/>).</summary>
    /// <value>The default is 500 gwei; below 2^128.</value>
    public TokenAmount MaxFeePerGasWei { get; set; } = 500_000_000_000;

    /// <summary>The most of it that goes to who makes the block, in wei, whatever the node suggests. Replacing a stuck operation may raise it.</summary>
    /// <value>The default is 5 gwei.</value>
    public TokenAmount MaxTipPerGasWei { get; set; } = 5_000_000_000;

    /// <summary>The most gas that an operation may use.</summary>
    /// <value>The default is 15 million.</value>
    public ulong GasLimitMax { get; set; } = 15_000_000;

    /// <summary>
    /// Whether keys that are for tests only (<see cref="Cryptography.KeyPair.IsTestOnly"/>) are taken, on a development chain: a loopback
    /// address and <see cref="DevelopmentChainId"/>. Elsewhere they are refused whatever stands here (<see cref="LedgerFailure.TestOnlyKey"/>).
    /// </summary>
    /// <value>The default is no.</value>
    public bool AllowsTestOnlyKeys { get; set; }

    /// <summary>How often the node is asked for news while something is waited for.</summary>
    /// <value>The default is 1 second; a day at most.</value>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the node may take for an answer.</summary>
    /// <value>The default is 10 seconds; a day at most.</value>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an operation may wait for a block before it is replaced by one of the same nonce with a higher fee.</summary>
    /// <value>The default is 45 seconds.</value>
    public TimeSpan StuckAfter { get; set; } = TimeSpan.FromSeconds(45);

    /// <summary>
    /// How long <see cref="ILedger.SubmitAsync"/> waits for a block before it gives up (<see cref="LedgerFailure.Unreachable"/>). The operation may
    /// still be included.
    /// </summary>
    /// <value>The default is 10 minutes.</value>
    public TimeSpan SubmitTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>The longest answer that is taken, in bytes.</summary>
    /// <value>The default is 8 MiB.</value>
    public int AnswerBytesMax { get; set; } = 8 * 1024 * 1024;

    /// <summary>How many final blocks are asked for events at once; halved as often as the node says that it is too much.</summary>
    /// <value>The default is 2 000.</value>
    public int EventRangeBlocks { get; set; } = 2_000;

    /// <exception cref="ArgumentException">A value is missing or out of its range.</exception>
    internal void Check()
    {
        static void Require(bool holds, string name) => _ = holds ? true : throw new ArgumentException($"{name} is missing or out of its range.", name);
        Require(Url is { IsAbsoluteUri: true, Scheme: "http" or "https" }, nameof(Url));
        Require(Deployment is not null, nameof(Deployment));
        Require(Confirmations is null or (>= 0 and <= 10_000), nameof(Confirmations));
        Require(!MaxFeePerGasWei.IsZero && MaxFeePerGasWei.TryToBaseUnits(out _), nameof(MaxFeePerGasWei));
        Require(GasLimitMax is >= 21_000 and <= 1UL << 40, nameof(GasLimitMax));
        Require(PollInterval > TimeSpan.Zero && PollInterval <= WaitMax, nameof(PollInterval));
        Require(RequestTimeout > TimeSpan.Zero && RequestTimeout <= WaitMax, nameof(RequestTimeout));
        Require(StuckAfter > TimeSpan.Zero, nameof(StuckAfter));
        Require(SubmitTimeout > TimeSpan.Zero, nameof(SubmitTimeout));
        Require(AnswerBytesMax is >= 1024 and <= 1 << 30, nameof(AnswerBytesMax));
        Require(EventRangeBlocks >= 1, nameof(EventRangeBlocks));
    }
}
