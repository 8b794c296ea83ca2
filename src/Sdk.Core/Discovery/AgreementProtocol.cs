using Google.Protobuf;
using Sdk.Core.Cryptography;
using Sdk.Core.Discovery.Wire;
using Sdk.Core.Ledger;
using Sdk.Core.Networking;

namespace Sdk.Core.Discovery;

/// <summary>
/// Agreements over a stream, both roles: the buyer proposes, the provider signs too, refuses, or says what it would agree to; then the buyer
/// may propose that, on the same stream.
/// </summary>
/// <param name="answer">What the provider says to a proposal from a peer.</param>
/// <param name="time">The clock.</param>
internal sealed class AgreementProtocol(Func<AgreementProposal, PeerId, CancellationToken, Task<AgreementAnswer>> answer, TimeProvider time) : IProtocol
{
    public const string Name = "/sdk/agreement/1";

    /// <summary>The largest message: a proposal and its tag and length.</summary>
    public const int MaxMessageBytes = AgreementProposal.MaxBytes + 8;

    /// <summary>How long a side waits for the other's next message. A provider writes to its disk before it answers.</summary>
    public static readonly TimeSpan MessageTimeout = TimeSpan.FromSeconds(15);

    public string Id => Name;

    /// <summary>The provider's role.</summary>
    public async Task HandleAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        for (var proposals = 0; proposals < AgreementBid.MaxProposals; proposals++)
        {
            if (await ReadAsync(stream, ProposeMessage.Parser, time, cancellationToken).ConfigureAwait(false) is not { } message)
            {
                return;
            }

            var said = AgreementProposal.TryDecode(message.Proposal.Span, out var proposal)
                ? await answer(proposal, stream.Connection.RemotePeer, cancellationToken).ConfigureAwait(false)
                : AgreementRefusal.Malformed;
            if (proposal is null)
            {
                DiscoveryTelemetry.Refused(AgreementRefusal.Malformed);
            }

            await WriteAsync(stream, ToWire(said), cancellationToken).ConfigureAwait(false);
            if (said.Counter is null)
            {
                return;
            }
        }
    }

    /// <summary>The buyer's role: goes on until the bid has a result.</summary>
    /// <param name="connection">To the provider.</param>
    /// <param name="bid">What is proposed.</param>
    /// <param name="keep">Writes the bid's proposal down, before it is sent.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up; whether there is an agreement is unknown then.</param>
    /// <exception cref="StreamResetException">The provider did not answer; whether there is an agreement is unknown.</exception>
    /// <exception cref="ProtocolViolationException">The provider's answer is none.</exception>
    /// <exception cref="PeerRefusedException">The provider does not speak the protocol.</exception>
    public static async Task NegotiateAsync(Connection connection, AgreementBid bid, Action keep, TimeProvider time, CancellationToken cancellationToken)
    {
        var stream = await connection.OpenStreamAsync(Name, cancellationToken).ConfigureAwait(false);
        try
        {
            while (bid.Result is null)
            {
                keep();
                await WriteAsync(stream, new ProposeMessage { Proposal = UnsafeByteOperations.UnsafeWrap(bid.Proposal.Encode()) }, cancellationToken).ConfigureAwait(false);
                var said = await ReadAsync(stream, AnswerMessage.Parser, time, cancellationToken).ConfigureAwait(false)
                    ?? throw new StreamResetException("The provider ended the stream without an answer.");
                bid.Receive(FromWire(said));
            }
        }
        catch
        {
            stream.Reset();
            throw;
        }

        await stream.DisposeAsync().ConfigureAwait(false);
    }

    internal static AnswerMessage ToWire(AgreementAnswer answer) => answer switch
    {
        { Signature: { } signature } => new AnswerMessage { Signature = UnsafeByteOperations.UnsafeWrap(signature.ToArray()) },
        { Counter: { } counter } => new AnswerMessage
        {
            Counter = new CounterOfferMessage
            {
                Quantity = counter.Quantity,
                PricePerUnit = UnsafeByteOperations.UnsafeWrap(counter.PricePerUnit.ToArray()),
                Payment = counter.Payment.Name,
            },
        },
        _ => new AnswerMessage { Refusal = (uint)answer.Refusal!.Value },
    };

    /// <exception cref="ProtocolViolationException">It is no answer.</exception>
    internal static AgreementAnswer FromWire(AnswerMessage message)
    {
        if (message.AnswerCase == AnswerMessage.AnswerOneofCase.Signature && Signature.TryParse(message.Signature.Span, out var signature))
        {
            return signature;
        }

        if (message is { AnswerCase: AnswerMessage.AnswerOneofCase.Counter, Counter: var counter }
            && counter.PricePerUnit.Length == TokenAmount.LengthBytes && PaymentMethod.TryParse(counter.Payment, out var payment))
        {
            return new CounterOffer(counter.Quantity, TokenAmount.FromBytes(counter.PricePerUnit.Span), payment);
        }

        return message.AnswerCase == AnswerMessage.AnswerOneofCase.Refusal && Enum.IsDefined((AgreementRefusal)message.Refusal)
            ? (AgreementRefusal)message.Refusal
            : throw new ProtocolViolationException("A provider's answer is none of those there are.");
    }

    private static async Task WriteAsync(PeerStream stream, IMessage message, CancellationToken cancellationToken)
    {
        ProtobufFrame.Write(stream.Output, message);
        await stream.Output.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private static async Task<T?> ReadAsync<T>(PeerStream stream, MessageParser<T> parser, TimeProvider time, CancellationToken cancellationToken)
        where T : class, IMessage<T>
    {
        using var timeout = new CancellationTokenSource(MessageTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return await ProtobufFrame.ReadAsync(stream.Input, parser, MaxMessageBytes, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new StreamResetException("The other side did not say anything in time.", error);
        }
    }
}
