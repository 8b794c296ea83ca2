using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Embedded;

/// <summary>How an embedded ledger is set up. Not to be changed after it was opened.</summary>
public sealed class EmbeddedLedgerOptions
{
    /// <summary>The chain's id; null draws one of 63 random bits at genesis, so that signatures of one ledger mean nothing on another.</summary>
    /// <value>Null. A ledger that exists is refused where its id is another one.</value>
    public ulong? ChainId { get; set; }

    /// <summary>Who has how much of the native coin at genesis.</summary>
    public IDictionary<AccountAddress, TokenAmount> Coins { get; } = new Dictionary<AccountAddress, TokenAmount>();

    /// <summary>The contracts. New ones are deployed when the ledger is opened; one that was deployed may never be missing again.</summary>
    public IList<ContractModule> Modules { get; } = [];

    /// <summary>Where contracts are deployed, by the names of their modules; any other gets an address made of its name.</summary>
    public IDictionary<string, AccountAddress> Addresses { get; } = new Dictionary<string, AccountAddress>(StringComparer.Ordinal);

    /// <summary>Length of the log in bytes: how much is run again after a crash at most. A multiple of 4 096.</summary>
    /// <value>64 MiB.</value>
    public int LogBytes { get; set; } = 64 << 20;

    /// <summary>The greatest length of the state in bytes. The file takes twice as much where the state grows so far.</summary>
    /// <value>256 MiB.</value>
    public int StateMaxBytes { get; set; } = 256 << 20;

    /// <summary>How many events are kept for those who ask late.</summary>
    /// <value>100 000.</value>
    public int EventsKept { get; set; } = 100_000;

    /// <summary>How many operations wait at most; whoever submits more, waits.</summary>
    /// <value>8 192.</value>
    public int QueueMax { get; set; } = 8_192;

    /// <summary>How many operations one block takes at most.</summary>
    /// <value>1 024.</value>
    public int BlockOperationsMax { get; set; } = 1_024;

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Where logs go.</summary>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    /// <summary>Where a module is deployed, if it is: before the ledger is opened, too.</summary>
    public AccountAddress AddressOf(string module) => Addresses.TryGetValue(module, out var address)
        ? address
        : AccountAddress.FromBytes(Keccak256.Hash(Encoding.UTF8.GetBytes($"sdk module {module}")).Bytes[^AccountAddress.LengthBytes..]);

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(LogBytes, 2 * LedgerStore.BlockBytesMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(StateMaxBytes, 1 << 16);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(EventsKept);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(QueueMax);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(BlockOperationsMax);
        if (ChainId is 0 or > long.MaxValue)
        {
            throw new ArgumentOutOfRangeException(nameof(ChainId), ChainId, "A chain id has 1 to 63 bits.");
        }
    }
}
