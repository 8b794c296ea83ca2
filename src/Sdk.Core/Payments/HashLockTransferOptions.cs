using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Persistence;

namespace Sdk.Core.Payments;

/// <summary>What one side of a transfer works with. Not to be changed while the transfer is under way.</summary>
public sealed class HashLockTransferOptions
{
    /// <summary>The ledger with the first lock; it stays its owner's.</summary>
    public required ILedger First { get; set; }

    /// <summary>The ledger with the second lock; it stays its owner's.</summary>
    public required ILedger Second { get; set; }

    /// <summary>Who submits on the first ledger, and pays the fees there.</summary>
    public required KeyPair FirstSigner { get; set; }

    /// <summary>Who submits on the second ledger, and pays the fees there.</summary>
    public required KeyPair SecondSigner { get; set; }

    /// <summary>
    /// Where the transfer is kept, secret included, in a small file that is replaced as a whole: nothing is locked before it is durable there.
    /// The file stays until <see cref="HashLockTransfer.Forget"/>.
    /// </summary>
    public required DataDirectory Directory { get; set; }

    /// <summary>Carries messages to the other side, which hands them to <see cref="HashLockTransfer.RespondAsync"/> or <see cref="HashLockTransfer.Receive"/>. They may get lost.</summary>
    /// <value>The default carries none: the initiator's <see cref="HashLockTransfer.Proposal"/> must then reach the responder otherwise.</value>
    public Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask>? Tell { get; set; }

    /// <summary>How often each ledger is looked at.</summary>
    /// <value>2 seconds; at most a quarter of <see cref="TransferTiming.Response"/>.</value>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Where logs go.</summary>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    internal ILedger LedgerOf(TransferSide side) => side == TransferSide.First ? First : Second;

    internal KeyPair SignerOf(TransferSide side) => side == TransferSide.First ? FirstSigner : SecondSigner;
}
