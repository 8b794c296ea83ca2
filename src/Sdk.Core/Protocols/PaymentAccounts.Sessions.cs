using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Payments;
using Sdk.Core.Protocols.Wire;

namespace Sdk.Core.Protocols;

/// <summary>Streams with peers: whoever wants an account opens one, each side announces itself, and then both send what falls due.</summary>
public sealed partial class PaymentAccounts
{
    internal async Task ServeAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
        var session = await AnnounceAsync(stream, isOpener: false, either.Token).ConfigureAwait(false);
        await ConverseAsync(session, either.Token).ConfigureAwait(false);
    }

    private async Task<PaymentSession> AnnounceAsync(PeerStream stream, bool isOpener, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(PaymentProtocol.AnnounceTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        if (isOpener)
        {
            // On what terms is not known before the peer says who it is: this first announcement lends nothing, and the next says more.
            await PaymentProtocol.WriteAsync(stream, PaymentProtocol.ToWire(Announcement(default)), either.Token).ConfigureAwait(false);
        }

        var message = await PaymentProtocol.ReadAsync(stream, either.Token).ConfigureAwait(false)
            ?? throw new StreamResetException("The peer ended the stream without announcing itself.");
        var announced = PaymentProtocol.AnnouncementOf(message);
        var terms = await JudgeAsync(announced, stream.Connection.RemotePeer, either.Token).ConfigureAwait(false);
        var sheet = Books.OpenPeer(announced.Credential.Account, Now) ?? throw new PaymentRefusedException(PaymentRefusal.Full);
        Books.Lend(sheet, terms, Now);
        await PaymentProtocol.WriteAsync(stream, PaymentProtocol.ToWire(Announcement(terms)), either.Token).ConfigureAwait(false);
        if (isOpener)
        {
            Books.Announced(sheet, announced.Terms, Now);
            return Attach(new PaymentSession(stream, sheet, _time));
        }

        // The opener's second announcement, with its terms.
        message = await PaymentProtocol.ReadAsync(stream, either.Token).ConfigureAwait(false)
            ?? throw new StreamResetException("The peer ended the stream without naming its terms.");
        Books.Announced(sheet, SameAccount(PaymentProtocol.AnnouncementOf(message), sheet).Terms, Now);
        return Attach(new PaymentSession(stream, sheet, _time));
    }

    private PaymentAnnouncement Announcement(PeerTerms terms) => new(
        _device.Credential, _desk.Domain.ChainId, _desk.Domain.Vault, _account.Address, terms, (uint)_options.InvoiceDeadline.TotalSeconds);

    private static PaymentAnnouncement SameAccount(PaymentAnnouncement announced, PeerSheet sheet) => announced.Credential.Account == sheet.Account
        ? announced
        : throw new ProtocolViolationException("The peer became another account.");

    /// <exception cref="PaymentRefusedException">There can be no account with this peer.</exception>
    private async ValueTask<PeerTerms> JudgeAsync(PaymentAnnouncement announced, PeerId peer, CancellationToken cancellationToken)
    {
        var credential = announced.Credential;
        if (announced.ChainId != _desk.Domain.ChainId || announced.Vault != _desk.Domain.Vault)
        {
            throw new PaymentRefusedException(PaymentRefusal.OtherVault);
        }

        if (PeerId.FromPublicKey(credential.NodeKey) != peer || announced.Beneficiary != credential.Account || credential.Account == _account.Address
            || !credential.Verify(_device.Credential.NetworkId, Now) || !credential.Scopes.HasFlag(KeyScopes.Trade))
        {
            throw new PaymentRefusedException(PaymentRefusal.WrongAccount);
        }

        var verdict = await _trust.JudgeAsync(credential.Account, cancellationToken).ConfigureAwait(false);
        return verdict.IsBlocked ? throw new PaymentRefusedException(PaymentRefusal.Blocked) : _options.TermsFor(verdict.Score);
    }

    /// <summary>The newest stream with a peer is the one that is written; older ones are still read.</summary>
    private PaymentSession Attach(PaymentSession session)
    {
        lock (_gate)
        {
            _sessions[session.Sheet.Account] = session;
        }

        Books.Connected(session.Sheet, true, Now);
        Wake();
        return session;
    }

    /// <summary>What peers are lent follows their reputation; who is blocked is lent nothing more.</summary>
    private async ValueTask JudgeAgainAsync()
    {
        PaymentSession[] sessions;
        lock (_gate)
        {
            sessions = [.. _sessions.Values];
        }

        foreach (var session in sessions)
        {
            var verdict = await _trust.JudgeAsync(session.Sheet.Account, _stopping.Token).ConfigureAwait(false);
            Books.Lend(session.Sheet, verdict.IsBlocked ? default : _options.TermsFor(verdict.Score), Now);
        }
    }

    private void Detach(PaymentSession session)
    {
        lock (_gate)
        {
            if (!_sessions.TryGetValue(session.Sheet.Account, out var newest) || newest != session)
            {
                return;
            }

            _sessions.Remove(session.Sheet.Account);
        }

        Books.Connected(session.Sheet, false, Now);
    }

    [SuppressMessage("Design", "CA1031", Justification = "An error with one peer ends its stream and is logged.")]
    private async Task ConverseToEndAsync(PaymentSession session)
    {
        try
        {
            await ConverseAsync(session, _stopping.Token).ConfigureAwait(false);
            await session.Stream.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            if (error is not (SdkException or OperationCanceledException or ObjectDisposedException))
            {
                PaymentLog.SessionFailed(_logger, error);
            }

            session.Stream.Reset();
        }
    }

    private async Task ConverseAsync(PaymentSession session, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sending = session.SendAllAsync(ending.Token);
        try
        {
            while (await session.ReadAsync(ending.Token).ConfigureAwait(false) is { } message)
            {
                await ReceiveAsync(session, message, ending.Token).ConfigureAwait(false);
            }
        }
        finally
        {
            Detach(session);
            await ending.CancelAsync().ConfigureAwait(false);
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async ValueTask ReceiveAsync(PaymentSession session, PaymentMessage message, CancellationToken cancellationToken)
    {
        var sheet = session.Sheet;
        switch (message.KindCase)
        {
            case PaymentMessage.KindOneofCase.Announce:
                Books.Announced(sheet, SameAccount(PaymentProtocol.AnnouncementOf(message), sheet).Terms, Now);
                break;
            case PaymentMessage.KindOneofCase.Invoice:
                Books.ReceiveInvoice(sheet, PaymentProtocol.AmountOf(message.Invoice.CumulativePayout), Now);
                break;
            case PaymentMessage.KindOneofCase.Cheque:
                await TakeChequeAsync(session, message.Cheque, cancellationToken).ConfigureAwait(false);
                break;
            case PaymentMessage.KindOneofCase.Acknowledge:
                if (message.Acknowledge.Refusal != 0)
                {
                    PaymentLog.ChequeRefusedByPeer(_logger, sheet.Account, (ChequeFault)message.Acknowledge.Refusal);
                }

                if (!Books.ReceiveAcknowledgement(sheet, PaymentProtocol.AmountOf(message.Acknowledge.CumulativePayout)))
                {
                    throw new ProtocolViolationException("The peer acknowledges a cheque that was never issued.");
                }

                break;
            default:
                throw new ProtocolViolationException("A payment message says nothing.");
        }

        Wake();
    }

    private async ValueTask TakeChequeAsync(PaymentSession session, ByteString encoded, CancellationToken cancellationToken)
    {
        var sheet = session.Sheet;
        ChequeFault? fault = SignedCheque.TryDecode(encoded.Span, out var cheque) ? Books.Check(sheet, cheque, Now) : ChequeFault.Malformed;
        if (fault is null)
        {
            var cover = await _desk.CoverAsync(sheet.Account, cancellationToken).ConfigureAwait(false);
            fault = Books.Receive(sheet, cheque!, cover, Now);
        }

        if (fault == ChequeFault.NotRising)
        {
            Books.AcknowledgeAgain(sheet);
        }
        else if (fault is { } refusal)
        {
            PaymentLog.ChequeRefused(_logger, sheet.Account, refusal);
            session.SendAcknowledgement(Books.AcknowledgedTo(sheet), refusal);
        }
    }
}
