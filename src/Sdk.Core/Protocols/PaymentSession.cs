using System.Threading.Channels;
using Google.Protobuf;
using Sdk.Core.Networking;
using Sdk.Core.Payments;
using Sdk.Core.Protocols.Wire;

namespace Sdk.Core.Protocols;

/// <summary>
/// One stream with a peer, after both sides announced themselves. What waits to be sent is the newest message of each kind, so a peer that
/// does not read costs no memory.
/// </summary>
internal sealed class PaymentSession(PeerStream stream, PeerSheet sheet, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private PaymentMessage? _invoice;
    private PaymentMessage? _cheque;
    private PaymentMessage? _acknowledgement;
    private double _allowed = PaymentProtocol.MessagesMax;
    private long _allowedAt = time.GetTimestamp();

    public PeerSheet Sheet => sheet;

    public PeerStream Stream => stream;

    public void SendInvoice(UInt128 target) =>
        Send(ref _invoice, new PaymentMessage { Invoice = new InvoiceMessage { CumulativePayout = PaymentProtocol.ToWire(target) } });

    public void SendCheque(SignedCheque cheque) =>
        Send(ref _cheque, new PaymentMessage { Cheque = UnsafeByteOperations.UnsafeWrap(cheque.Encode()) });

    public void SendAcknowledgement(UInt128 held, ChequeFault? refusal = null) => Send(
        ref _acknowledgement,
        new PaymentMessage { Acknowledge = new AcknowledgeMessage { CumulativePayout = PaymentProtocol.ToWire(held), Refusal = (uint)(refusal ?? 0) } });

    /// <summary>Sends what waits, until the session ends.</summary>
    public async Task SendAllAsync(CancellationToken cancellationToken)
    {
        while (await _wake.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            _wake.Reader.TryRead(out _);
            while (Take() is { } message)
            {
                await PaymentProtocol.WriteAsync(stream, message, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The next message; null where the peer ended the stream.</summary>
    /// <exception cref="ProtocolViolationException">The peer sends more than any honest one would, or what is no message.</exception>
    public async ValueTask<PaymentMessage?> ReadAsync(CancellationToken cancellationToken)
    {
        var message = await PaymentProtocol.ReadAsync(stream, cancellationToken).ConfigureAwait(false);
        _allowed = Math.Min(PaymentProtocol.MessagesMax, _allowed + (time.GetElapsedTime(_allowedAt).TotalSeconds * PaymentProtocol.MessagesPerSecond));
        _allowedAt = time.GetTimestamp();
        return --_allowed >= 0 ? message : throw new ProtocolViolationException("The peer floods the payment protocol.");
    }

    private void Send(ref PaymentMessage? place, PaymentMessage message)
    {
        lock (_gate)
        {
            place = message;
        }

        _wake.Writer.TryWrite(true);
    }

    private PaymentMessage? Take()
    {
        lock (_gate)
        {
            return Take(ref _cheque) ?? Take(ref _acknowledgement) ?? Take(ref _invoice);
        }
    }

    private static PaymentMessage? Take(ref PaymentMessage? place)
    {
        var message = place;
        place = null;
        return message;
    }
}
