using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Modules.HashLocks;
using Sdk.Core.Payments.Transfers;
using Sdk.Core.Persistence;

namespace Sdk.Core.Payments;

/// <summary>
/// One side of a transfer between two ledgers by hash locks, the six steps of the Elastos paper (5.4): the initiator makes a secret, locks,
/// and proposes; the responder locks under the same hash; the initiator claims and so shows the secret; the responder claims with it. If either
/// stops anywhere, both are paid or both are paid back, as long as one of them comes back in time.
/// </summary>
/// <remarks>
/// The ledgers are looked at every <see cref="HashLockTransferOptions.PollInterval"/>. What is locked in tokens must be within the contract's
/// allowance beforehand. A side also acts in the other's place where that has vanished: it claims what the secret pays for, and has paid back what
/// nobody fetches, at the cost of a fee. Disposing stops the work; <see cref="Resume"/> goes on. Thread-safe.
/// </remarks>
public sealed partial class HashLockTransfer : IAsyncDisposable
{
    private const int InputsMax = 64;

    /// <summary>How many blocks back of the final one a proposal may say that its lock is: about two days of Ethereum.</summary>
    private const ulong BlocksBackMax = 15_000;

    private readonly HashLockTransferOptions _options;
    private readonly TransferMachine _machine;
    private readonly TransferFiles _files;
    private readonly ILogger _logger;
    private readonly LockHistory[] _histories;
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<Action> _inputs = Channel.CreateBounded<Action>(new BoundedChannelOptions(InputsMax) { SingleReader = true });
    private readonly TaskCompletionSource<TransferOutcome> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Task> _underWay = [];
    private readonly Task _work;
    private Task _telling = Task.CompletedTask;
    private long _looks;

    private HashLockTransfer(TransferMachine machine, HashLockTransferOptions options)
    {
        (_machine, _options) = (machine, options);
        _files = new TransferFiles(options.Directory);
        _logger = options.LoggerFactory.CreateLogger<HashLockTransfer>();
        var record = machine.Record;
        _histories = [new LockHistory(record.Terms, TransferSide.First, record.FirstFromBlock), new LockHistory(record.Terms, TransferSide.Second, record.SecondFromBlock)];

        // What a transfer begins with is durable before anybody holds it.
        Do(machine.TakeEffects());
        _work = Task.Run(WorkAsync);
    }

    /// <summary>The terms.</summary>
    public TransferTerms Terms => _machine.Terms;

    /// <summary>Which side this is.</summary>
    public TransferRole Role => _machine.Record.Role;

    /// <summary>What the initiator proposes, for the responder's <see cref="RespondAsync"/>. It is told by itself once the first lock is in a block.</summary>
    public ReadOnlyMemory<byte> Proposal => new TransferMessage.Proposal(Terms, _machine.Record.FirstFromBlock).Encode();

    /// <summary>
    /// How it ended, final on both ledgers. Faults where the record cannot be made durable or the ledger's history is gone; is cancelled by
    /// disposal.
    /// </summary>
    public Task<TransferOutcome> Completion => _completion.Task;

    /// <summary>Begins a transfer: draws the secret, makes it durable, and locks.</summary>
    /// <param name="quote">What is exchanged, as agreed with the responder.</param>
    /// <param name="timing">The margins; both sides should use the same.</param>
    /// <param name="options">What this side works with.</param>
    /// <param name="cancellationToken">Gives up before anything is locked.</param>
    /// <exception cref="TransferRefusedException">The quote is for other ledgers, contracts or accounts than those of this side, or cannot be locked.</exception>
    /// <exception cref="LedgerException">A ledger does not answer.</exception>
    public static async ValueTask<HashLockTransfer> InitiateAsync(
        TransferQuote quote, TransferTiming timing, HashLockTransferOptions options, CancellationToken cancellationToken = default)
    {
        Check(quote, timing, options);
        RequireOurs(quote.First.Sender == options.FirstSigner.Address);
        var secret = TransferSecret.Draw();
        var (first, second) = timing.DeadlinesFrom(options.TimeProvider.GetUtcNow());
        var terms = new TransferTerms(quote, secret.Hash, first, second);
        if (!terms.IsSound)
        {
            throw new TransferRefusedException(TransferFault.Malformed);
        }

        var (firstHead, secondHead) = (await options.First.HeadAsync(cancellationToken).ConfigureAwait(false), await options.Second.HeadAsync(cancellationToken).ConfigureAwait(false));
        return new HashLockTransfer(TransferMachine.Initiate(terms, timing, secret, firstHead.FinalNumber, secondHead.FinalNumber), options);
    }

    /// <summary>Takes part in a transfer that was proposed. A proposal that came before goes on where it was.</summary>
    /// <param name="agreed">What is to be exchanged: anything else is refused.</param>
    /// <param name="proposal">What the initiator's <see cref="HashLockTransferOptions.Tell"/> carried.</param>
    /// <param name="timing">The margins that this side insists on.</param>
    /// <param name="options">What this side works with.</param>
    /// <param name="cancellationToken">Gives up before anything is locked.</param>
    /// <exception cref="TransferRefusedException">The proposal is no proposal, or for other terms, or its deadlines leave too little time.</exception>
    /// <exception cref="LedgerException">A ledger does not answer.</exception>
    public static async ValueTask<HashLockTransfer> RespondAsync(
        TransferQuote agreed, ReadOnlyMemory<byte> proposal, TransferTiming timing, HashLockTransferOptions options, CancellationToken cancellationToken = default)
    {
        Check(agreed, timing, options);
        RequireOurs(agreed.Second.Sender == options.SecondSigner.Address);
        if (!TransferMessage.TryDecode(proposal.Span, out var message) || message is not TransferMessage.Proposal proposed)
        {
            throw new TransferRefusedException(TransferFault.Malformed);
        }

        if (new TransferFiles(options.Directory).Read(TransferRole.Responder, proposed.Terms.SecretHash, options.FirstSigner) is { } begun)
        {
            return begun.Terms == proposed.Terms ? new HashLockTransfer(new TransferMachine(begun), options) : throw new TransferRefusedException(TransferFault.OtherTerms);
        }

        var (first, second) = (await options.First.HeadAsync(cancellationToken).ConfigureAwait(false), await options.Second.HeadAsync(cancellationToken).ConfigureAwait(false));
        var oldest = first.FinalNumber > BlocksBackMax ? first.FinalNumber - BlocksBackMax : 0;
        return new HashLockTransfer(
            TransferMachine.Respond(agreed, proposed with { FromBlock = Math.Max(proposed.FromBlock, oldest) }, timing, second.FinalNumber, options.TimeProvider.GetUtcNow()), options);
    }

    /// <summary>The transfers of a data directory that have not ended.</summary>
    /// <exception cref="SnapshotCorruptException">A record is damaged.</exception>
    public static IReadOnlyList<(TransferRole Role, TransferTerms Terms)> Unfinished(DataDirectory directory) =>
        [.. new TransferFiles(directory).All().Where(record => record.Outcome is null).Select(record => (record.Role, record.Terms))];

    /// <summary>Goes on with a transfer after a stop.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    /// <exception cref="SnapshotCorruptException">Its record is damaged.</exception>
    /// <exception cref="TransferRefusedException">It is on other ledgers than these.</exception>
    public static HashLockTransfer Resume(TransferRole role, Hash256 secretHash, HashLockTransferOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var record = new TransferFiles(options.Directory).Read(role, secretHash, options.FirstSigner) ?? throw new KeyNotFoundException($"There is no transfer {secretHash} here.");
        Check(record.Terms.Quote, record.Timing, options);
        return new HashLockTransfer(new TransferMachine(record), options);
    }

    /// <summary>Deletes the records of transfers that ended and whose deadlines are past, so that no old proposal begins one again.</summary>
    /// <returns>How many.</returns>
    public static int Forget(DataDirectory directory, DateTimeOffset now)
    {
        var files = new TransferFiles(directory);
        var ended = files.All().Where(record => record.Outcome is not null && now > record.Terms.DeadlineOf(TransferSide.First) + record.Timing.First.ClockSkew).ToList();
        ended.ForEach(record => files.Delete(record.Role, record.Terms.SecretHash));
        return ended.Count;
    }

    /// <summary>Takes a message of the other side. What is not for this transfer is ignored, and what comes faster than it is read, dropped.</summary>
    public void Receive(ReadOnlyMemory<byte> message)
    {
        if (TransferMessage.TryDecode(message.Span, out var read))
        {
            _ = _inputs.Writer.TryWrite(() => _machine.Receive(read, Now));
        }
    }

    /// <summary>Stops the work. What was submitted may still be included.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _work.ConfigureAwait(false);
        _stop.Dispose();
    }

    /// <summary>How often both ledgers were looked at, for tests that move the clock only as fast as somebody looks.</summary>
    internal long Looks => Interlocked.Read(ref _looks);

    private DateTimeOffset Now => _options.TimeProvider.GetUtcNow();

    private static void Check([NotNull] TransferQuote? quote, [NotNull] TransferTiming? timing, [NotNull] HashLockTransferOptions? options)
    {
        ArgumentNullException.ThrowIfNull(quote);
        ArgumentNullException.ThrowIfNull(timing);
        ArgumentNullException.ThrowIfNull(options);
        if (options.PollInterval <= TimeSpan.Zero || options.PollInterval > timing.Response / 4)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.PollInterval, "The ledgers are looked at at least four times in the time that a side has to respond.");
        }

        RequireOurs(quote.First.ChainId == options.First.ChainId && quote.First.Contract == options.First.Module<HashLocksContract>().Address);
        RequireOurs(quote.Second.ChainId == options.Second.ChainId && quote.Second.Contract == options.Second.Module<HashLocksContract>().Address);
    }

    private static void RequireOurs(bool isOurs)
    {
        if (!isOurs)
        {
            throw new TransferRefusedException(TransferFault.NotOurs);
        }
    }
}
