using System.Runtime.CompilerServices;
using Google.Protobuf;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Embedded;
using Sdk.Core.Networking;
using Sdk.Core.Protocols.Wire;

namespace Sdk.Core.Protocols;

/// <summary>The embedded ledger of another process on this machine. Its host is known by its peer id, and operations are signed here.</summary>
/// <remarks>Thread-safe. It dials again where the connection was lost; a call that was under way then fails as unreachable.</remarks>
internal sealed class RemoteLedger : ILedger
{
    /// <summary>How often an operation is signed anew because another process of the same account was faster.</summary>
    private const int NonceTriesMax = 16;

    private readonly Switch _switch;
    private readonly Multiaddr _host;
    private readonly TimeProvider _time;
    private readonly ContractCatalog _catalog = new();

    // One at a time: an account's operations keep their order, and most nonces are right at once.
    private readonly SemaphoreSlim _submit = new(1);

    private RemoteLedger(Switch @switch, Multiaddr host, TimeProvider time, ulong chainId, LedgerDeployment deployment)
    {
        (_switch, _host, _time) = (@switch, host, time);
        (ChainId, Deployment) = (chainId, deployment);
    }

    public ulong ChainId { get; }

    public LedgerDeployment Deployment { get; }

    /// <summary>Asks the host which ledger it has.</summary>
    /// <param name="switch">Dials.</param>
    /// <param name="host">Where the host listens on this machine, with its peer id.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">The address is not on this machine, or names no peer.</exception>
    /// <exception cref="LedgerException">The host does not answer, or not as a ledger does.</exception>
    public static async ValueTask<RemoteLedger> ConnectAsync(Switch @switch, Multiaddr host, TimeProvider time, CancellationToken cancellationToken = default)
    {
        if (host.Peer is null || !LedgerProtocol.IsOnThisMachine(host))
        {
            throw new ArgumentException("An embedded ledger is reached on its own machine, by an address that names its host's peer id.", nameof(host));
        }

        var answer = await AskAsync(@switch, host, time, new LedgerRequest { Describe = true }, cancellationToken).ConfigureAwait(false);
        var description = answer.Description ?? throw Untrustworthy();
        return new RemoteLedger(@switch, host, time, description.ChainId, Trusted(() => LedgerWire.FromWire(description)));
    }

    public T Module<T>()
        where T : IContract<T> => _catalog.Bind<T>(this);

    public async ValueTask<LedgerReceipt> SubmitAsync(LedgerCall call, KeyPair signer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(signer);
        await _submit.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            for (var tries = 1; ; tries++)
            {
                var nonce = await NonceAsync(signer.Address, cancellationToken).ConfigureAwait(false);
                var signed = LedgerOperation.Sign(call, nonce, ChainId, signer);
                try
                {
                    return await SubmitSignedAsync(signed, cancellationToken).ConfigureAwait(false);
                }
                catch (LedgerException refused) when (refused.Reason == LedgerFailure.Nonce && tries < NonceTriesMax)
                {
                    // Surely not included: another operation has the nonce.
                }
            }
        }
        finally
        {
            _submit.Release();
        }
    }

    public async ValueTask<byte[]> QueryAsync(
        LedgerCall call, AccountAddress caller = default, LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default)
    {
        var answer = await AskAsync(new LedgerRequest { Query = LedgerWire.ToWire(call, caller) }, cancellationToken).ConfigureAwait(false);
        return answer.AnswerCase switch
        {
            LedgerAnswer.AnswerOneofCase.Returned => answer.Returned.ToByteArray(),
            LedgerAnswer.AnswerOneofCase.Reverted => throw _catalog.Revert(answer.Reverted.Memory),
            _ => throw Untrustworthy(),
        };
    }

    public async ValueTask<TokenAmount> BalanceAsync(
        AccountAddress account, LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default)
    {
        var answer = await AskAsync(new LedgerRequest { BalanceOf = LedgerWire.ToWire(account) }, cancellationToken).ConfigureAwait(false);
        return answer.AnswerCase == LedgerAnswer.AnswerOneofCase.Amount ? Trusted(() => LedgerWire.ToAmount(answer.Amount)) : throw Untrustworthy();
    }

    public async ValueTask<LedgerHead> HeadAsync(CancellationToken cancellationToken = default)
    {
        var answer = await AskAsync(new LedgerRequest { Head = true }, cancellationToken).ConfigureAwait(false);
        return answer.Head is { } head ? Trusted(() => LedgerWire.FromWire(head)) : throw Untrustworthy();
    }

    public async IAsyncEnumerable<LedgerEvent> EventsAsync(LedgerEventFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var connection = await DialAsync(_switch, _host, cancellationToken).ConfigureAwait(false);
        await foreach (var answer in LedgerProtocol.FollowAsync(connection, new LedgerRequest { Events = LedgerWire.ToWire(filter) }, cancellationToken).ConfigureAwait(false))
        {
            yield return answer.Event is { } told ? Trusted(() => LedgerWire.FromWire(told)) : throw Untrustworthy();
        }
    }

    /// <summary>What is durable at the host is final.</summary>
    public ValueTask FinalAsync(LedgerReceipt receipt, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _submit.Dispose();
        return ValueTask.CompletedTask;
    }

    private static LedgerException Untrustworthy(Exception? wrong = null) =>
        new(LedgerFailure.Untrustworthy, "The ledger gave an answer to another question.", wrong);

    private static T Trusted<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (ProtocolViolationException wrong)
        {
            throw Untrustworthy(wrong);
        }
    }

    private static async ValueTask<Connection> DialAsync(Switch @switch, Multiaddr host, CancellationToken cancellationToken)
    {
        try
        {
            return await @switch.DialAsync(host, cancellationToken).ConfigureAwait(false);
        }
        catch (SdkException lost)
        {
            throw new LedgerException(LedgerFailure.Unreachable, "The ledger's host cannot be reached.", lost);
        }
    }

    private static async ValueTask<LedgerAnswer> AskAsync(
        Switch @switch, Multiaddr host, TimeProvider time, LedgerRequest request, CancellationToken cancellationToken)
    {
        var connection = await DialAsync(@switch, host, cancellationToken).ConfigureAwait(false);
        return await LedgerProtocol.AskAsync(connection, request, time, cancellationToken).ConfigureAwait(false);
    }

    private ValueTask<LedgerAnswer> AskAsync(LedgerRequest request, CancellationToken cancellationToken) =>
        AskAsync(_switch, _host, _time, request, cancellationToken);

    private async ValueTask<ulong> NonceAsync(AccountAddress account, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(new LedgerRequest { NonceOf = LedgerWire.ToWire(account) }, cancellationToken).ConfigureAwait(false);
        return answer.AnswerCase == LedgerAnswer.AnswerOneofCase.Number ? answer.Number : throw Untrustworthy();
    }

    private async ValueTask<LedgerReceipt> SubmitSignedAsync(LedgerOperation signed, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(new LedgerRequest { Submit = UnsafeByteOperations.UnsafeWrap(signed.Encoded) }, cancellationToken).ConfigureAwait(false);
        return answer.AnswerCase switch
        {
            LedgerAnswer.AnswerOneofCase.Receipt => Trusted(() => LedgerWire.FromWire(answer.Receipt)),
            LedgerAnswer.AnswerOneofCase.Reverted => throw _catalog.Revert(answer.Reverted.Memory),
            _ => throw Untrustworthy(),
        };
    }
}
