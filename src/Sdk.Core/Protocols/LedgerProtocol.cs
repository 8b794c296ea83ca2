using System.Runtime.CompilerServices;
using Google.Protobuf;
using Sdk.Core.Ledger.Embedded;
using Sdk.Core.Networking;
using Sdk.Core.Protocols.Wire;

namespace Sdk.Core.Protocols;

/// <summary>
/// An embedded ledger for other processes on the same machine, both roles: a stream carries one request and its answer; a request for
/// events is answered until the asker closes. Whoever connects from elsewhere is refused: such a ledger is one machine's word.
/// </summary>
/// <remarks>What changes the ledger is signed by the account that it is for, so whoever connects can do no more than its keys allow.</remarks>
/// <param name="ledger">The ledger.</param>
internal sealed class LedgerProtocol(EmbeddedLedger ledger) : IProtocol
{
    public const string Name = "/sdk/ledger/1";

    /// <summary>The largest message: what a block may hold of one operation's events, and an operation, fit.</summary>
    public const int MaxMessageBytes = 1 << 20;

    /// <summary>How long an answer may take: a ledger under load gathers a thousand operations for one write to its disk.</summary>
    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(30);

    public string Id => Name;

    /// <summary>The ledger's role.</summary>
    public async Task HandleAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        if (!IsOnThisMachine(stream.Connection.RemoteAddress))
        {
            throw new ProtocolViolationException("An embedded ledger answers its own machine alone.");
        }

        var request = await ProtobufFrame.ReadAsync(stream.Input, LedgerRequest.Parser, MaxMessageBytes, cancellationToken).ConfigureAwait(false);
        if (request is null)
        {
            return;
        }

        if (request.RequestCase != LedgerRequest.RequestOneofCase.Events)
        {
            await WriteAsync(stream, await AnswerAsync(request, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            return;
        }

        try
        {
            await foreach (var told in ledger.EventsAsync(LedgerWire.FromWire(request.Events), cancellationToken).ConfigureAwait(false))
            {
                await WriteAsync(stream, new LedgerAnswer { Event = LedgerWire.ToWire(told) }, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (LedgerException failed)
        {
            await WriteAsync(stream, new LedgerAnswer { Failure = (uint)failed.Reason }, cancellationToken).ConfigureAwait(false);
        }
    }

    public static bool IsOnThisMachine(Multiaddr address) => !address.IsRelayed && address.Reach == AddressReach.Machine;

    /// <summary>The other role: asks, and gives the answer.</summary>
    /// <exception cref="LedgerException">The ledger says so, or nothing more (<see cref="LedgerFailure.Unreachable"/>), or what cannot be (<see cref="LedgerFailure.Untrustworthy"/>).</exception>
    public static async ValueTask<LedgerAnswer> AskAsync(Connection connection, LedgerRequest request, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(AnswerTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await foreach (var answer in FollowAsync(connection, request, either.Token).ConfigureAwait(false))
            {
                return answer;
            }
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new LedgerException(LedgerFailure.Unreachable, "The ledger did not answer in time.", late);
        }

        throw new LedgerException(LedgerFailure.Unreachable, "The ledger ended the stream without an answer.");
    }

    /// <summary>The other role: asks, and gives answers as long as there are any.</summary>
    /// <exception cref="LedgerException">As above.</exception>
    public static async IAsyncEnumerable<LedgerAnswer> FollowAsync(
        Connection connection, LedgerRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var stream = await OpenAsync(connection, request, cancellationToken).ConfigureAwait(false);
        await using var closing = stream.ConfigureAwait(false);
        var isWhole = false;
        try
        {
            while (await ReadAsync(stream, cancellationToken).ConfigureAwait(false) is { } answer)
            {
                yield return answer.AnswerCase == LedgerAnswer.AnswerOneofCase.Failure ? throw Failed(answer.Failure) : answer;
            }

            isWhole = true;
        }
        finally
        {
            if (!isWhole)
            {
                stream.Reset();
            }
        }
    }

    private static async ValueTask<PeerStream> OpenAsync(Connection connection, LedgerRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var stream = await connection.OpenStreamAsync(Name, cancellationToken).ConfigureAwait(false);
            await WriteAsync(stream, request, cancellationToken).ConfigureAwait(false);
            return stream;
        }
        catch (SdkException lost)
        {
            throw Unreachable(lost);
        }
    }

    private static async ValueTask<LedgerAnswer?> ReadAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        try
        {
            return await ProtobufFrame.ReadAsync(stream.Input, LedgerAnswer.Parser, MaxMessageBytes, cancellationToken).ConfigureAwait(false);
        }
        catch (ProtocolViolationException wrong)
        {
            throw new LedgerException(LedgerFailure.Untrustworthy, "The ledger answered with what is no answer.", wrong);
        }
        catch (SdkException lost)
        {
            throw Unreachable(lost);
        }
    }

    private static async ValueTask WriteAsync(PeerStream stream, IMessage message, CancellationToken cancellationToken)
    {
        ProtobufFrame.Write(stream.Output, message);
        await stream.Output.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private static LedgerException Unreachable(SdkException lost) => new(LedgerFailure.Unreachable, "The connection to the ledger was lost.", lost);

    private static LedgerException Failed(uint reason) => Enum.IsDefined((LedgerFailure)reason)
        ? new LedgerException((LedgerFailure)reason, $"The ledger says: {(LedgerFailure)reason}.")
        : new LedgerException(LedgerFailure.Untrustworthy, $"The ledger failed for a reason {reason} that there is not.");

    private async ValueTask<LedgerAnswer> AnswerAsync(LedgerRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return request.RequestCase switch
            {
                LedgerRequest.RequestOneofCase.Describe => new LedgerAnswer { Description = LedgerWire.ToWire(ledger.ChainId, ledger.Deployment) },
                LedgerRequest.RequestOneofCase.Submit => new LedgerAnswer
                {
                    Receipt = LedgerWire.ToWire(await ledger.SubmitSignedAsync(request.Submit.Memory, cancellationToken).ConfigureAwait(false)),
                },
                LedgerRequest.RequestOneofCase.Query => new LedgerAnswer { Returned = await QueryAsync(request.Query, cancellationToken).ConfigureAwait(false) },
                LedgerRequest.RequestOneofCase.BalanceOf => new LedgerAnswer
                {
                    Amount = LedgerWire.ToWire(
                        await ledger.BalanceAsync(LedgerWire.ToAddress(request.BalanceOf), cancellationToken: cancellationToken).ConfigureAwait(false)),
                },
                LedgerRequest.RequestOneofCase.NonceOf => new LedgerAnswer
                {
                    Number = await ledger.NonceAsync(LedgerWire.ToAddress(request.NonceOf), cancellationToken).ConfigureAwait(false),
                },
                LedgerRequest.RequestOneofCase.Head => new LedgerAnswer { Head = LedgerWire.ToWire(await ledger.HeadAsync(cancellationToken).ConfigureAwait(false)) },
                _ => throw LedgerWire.Wrong("request"),
            };
        }
        catch (LedgerRevertException reverted)
        {
            return new LedgerAnswer { Reverted = UnsafeByteOperations.UnsafeWrap(reverted.ErrorData) };
        }
        catch (LedgerException failed)
        {
            return new LedgerAnswer { Failure = (uint)failed.Reason };
        }
    }

    private async ValueTask<ByteString> QueryAsync(LedgerQuery query, CancellationToken cancellationToken)
    {
        var (call, caller) = LedgerWire.FromWire(query);
        return UnsafeByteOperations.UnsafeWrap(await ledger.QueryAsync(call, caller, cancellationToken: cancellationToken).ConfigureAwait(false));
    }
}
