using Google.Protobuf;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Networking;
using Sdk.Core.Payments;
using Sdk.Core.Protocols.Wire;

namespace Sdk.Core.Protocols;

/// <summary>
/// The payment protocol, both roles: whoever wants an account with a peer opens a stream, both sides announce themselves, and from then on
/// either sends invoices, cheques and acknowledgements as they come. Each message says a sum since the beginning, so none does harm twice
/// or late, and the newest of a kind stands for those before it.
/// </summary>
internal sealed class PaymentProtocol(PaymentAccounts accounts) : IProtocol
{
    public const string Name = "/sdk/pay/1";

    /// <summary>The largest message: an announcement with its credential.</summary>
    public const int MaxMessageBytes = 1024;

    /// <summary>Messages that a peer may send at once, and how many more each second: each may cost a signature and a question to the ledger.</summary>
    public const int MessagesMax = 64;
    public const int MessagesPerSecond = 8;

    private const int DeadlineSecondsMax = 24 * 60 * 60;

    public static readonly TimeSpan AnnounceTimeout = TimeSpan.FromSeconds(10);

    public string Id => Name;

    /// <summary>The role of whom a peer opens a stream to.</summary>
    public Task HandleAsync(PeerStream stream, CancellationToken cancellationToken) => accounts.ServeAsync(stream, cancellationToken);

    /// <exception cref="ProtocolViolationException">The message is too long, or none.</exception>
    public static ValueTask<PaymentMessage?> ReadAsync(PeerStream stream, CancellationToken cancellationToken) =>
        ProtobufFrame.ReadAsync(stream.Input, PaymentMessage.Parser, MaxMessageBytes, cancellationToken);

    public static async ValueTask WriteAsync(PeerStream stream, PaymentMessage message, CancellationToken cancellationToken)
    {
        ProtobufFrame.Write(stream.Output, message);
        await stream.Output.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    public static PaymentMessage ToWire(PaymentAnnouncement announcement) => new()
    {
        Announce = new AnnounceMessage
        {
            Credential = UnsafeByteOperations.UnsafeWrap(announcement.Credential.Encode()),
            ChainId = announcement.ChainId,
            Vault = ByteString.CopyFrom(announcement.Vault.Bytes),
            Beneficiary = ByteString.CopyFrom(announcement.Beneficiary.Bytes),
            Threshold = ToWire(announcement.Terms.Threshold),
            RefreshPerSecond = ToWire(announcement.Terms.RefreshPerSecond),
            DeadlineSeconds = announcement.DeadlineSeconds,
        },
    };

    /// <exception cref="ProtocolViolationException">It is no announcement.</exception>
    /// <exception cref="CryptographyException">The credential is none.</exception>
    public static PaymentAnnouncement AnnouncementOf(PaymentMessage message)
    {
        if (message.KindCase != PaymentMessage.KindOneofCase.Announce || message.Announce is not { } announce
            || announce.Vault.Length != AccountAddress.LengthBytes || announce.Beneficiary.Length != AccountAddress.LengthBytes
            || announce.DeadlineSeconds is 0 or > DeadlineSecondsMax)
        {
            throw new ProtocolViolationException("The peer did not announce itself.");
        }

        return new PaymentAnnouncement(
            DeviceCredential.Decode(announce.Credential.Span),
            announce.ChainId,
            AccountAddress.FromBytes(announce.Vault.Span),
            AccountAddress.FromBytes(announce.Beneficiary.Span),
            new PeerTerms(AmountOf(announce.Threshold), AmountOf(announce.RefreshPerSecond)),
            announce.DeadlineSeconds);
    }

    public static ByteString ToWire(UInt128 amount) => UnsafeByteOperations.UnsafeWrap(TokenAmount.FromBaseUnits(amount).ToArray());

    /// <exception cref="ProtocolViolationException">It is no amount, or more than all tokens.</exception>
    public static UInt128 AmountOf(ByteString amount) =>
        amount.Length == TokenAmount.LengthBytes && TokenAmount.FromBytes(amount.Span).TryToBaseUnits(out var baseUnits)
            && baseUnits <= AccountingParameters.PayoutMax
            ? baseUnits
            : throw new ProtocolViolationException("An amount is malformed, or above all measure.");
}

/// <summary>What a side says of itself.</summary>
internal sealed record PaymentAnnouncement(
    DeviceCredential Credential, ulong ChainId, AccountAddress Vault, AccountAddress Beneficiary, PeerTerms Terms, uint DeadlineSeconds);
