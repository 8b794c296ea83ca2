namespace Sdk.Core;

/// <summary>
/// The ground of every exception the suite throws on purpose. Its children are sealed and stand in one file per package;
/// a message is one clear sentence and never holds a secret.
/// </summary>
public abstract class SdkException : Exception
{
    /// <summary>An exception with a message and, where there is one, its cause.</summary>
    /// <param name="message">One clear sentence without secrets.</param>
    /// <param name="innerException">What caused it.</param>
    protected SdkException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>A cryptographic operation refused its input: a forged or damaged message, an encoding that is not canonical.</summary>
public sealed class CryptographyException : SdkException
{
    internal CryptographyException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>Bytes offered as a key are no key: wrong length, out of range, or no point of the curve.</summary>
public sealed class InvalidKeyException : SdkException
{
    internal InvalidKeyException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>Why a keystore file could not be read or written.</summary>
public enum KeystoreFailure
{
    /// <summary>The message authentication code does not match: the password is wrong (or the ciphertext was altered).</summary>
    WrongPassword = 1,

    /// <summary>The file is not a well-formed version 3 keystore, or its parts contradict each other.</summary>
    Corrupted = 2,

    /// <summary>A version, cipher or key derivation function this suite does not know.</summary>
    Unsupported = 3,

    /// <summary>A cost or a size outside the bounds of <see cref="Cryptography.Keystore"/>, refused before any work.</summary>
    OutOfBounds = 4,

    /// <summary>A file of that name exists, and overwriting was not allowed.</summary>
    AlreadyExists = 5,
}

/// <summary>A keystore file could not be read or written; <see cref="Reason"/> says why.</summary>
public sealed class KeystoreException : SdkException
{
    internal KeystoreException(KeystoreFailure reason, string message, Exception? innerException = null)
        : base(message, innerException) => Reason = reason;

    /// <summary>Why.</summary>
    public KeystoreFailure Reason { get; }
}

/// <summary>The host has no space left. What was durable before still is.</summary>
public sealed class DiskFullException : SdkException
{
    /// <summary>For implementations of <see cref="Persistence.IBlockFile"/>.</summary>
    /// <param name="message">One clear sentence without secrets.</param>
    /// <param name="innerException">What the host said.</param>
    public DiskFullException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>A write-ahead log has no room for a record until its user truncates it and syncs.</summary>
public sealed class LogFullException : SdkException
{
    internal LogFullException(string message)
        : base(message)
    {
    }
}

/// <summary>Records of a write-ahead log that had been made durable are gone or altered. The store must be rebuilt from its peers.</summary>
public sealed class LogCorruptException : SdkException
{
    /// <summary>For stores that rebuild themselves from a log.</summary>
    /// <param name="message">One clear sentence without secrets.</param>
    public LogCorruptException(string message)
        : base(message)
    {
    }
}

/// <summary>A snapshot that had been made durable is gone or altered. The store must be rebuilt from its peers.</summary>
public sealed class SnapshotCorruptException : SdkException
{
    internal SnapshotCorruptException(string message)
        : base(message)
    {
    }
}

/// <summary>A write or sync failed before; since then nobody knows what is durable, and the store takes nothing more until it is reopened.</summary>
public sealed class StoreFailedException : SdkException
{
    /// <summary>For stores above a log or a snapshot.</summary>
    /// <param name="message">One clear sentence without secrets.</param>
    /// <param name="innerException">The failure that stopped the store.</param>
    public StoreFailedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>Another process, or another part of this one, uses the data directory.</summary>
public sealed class DataDirectoryLockedException : SdkException
{
    internal DataDirectoryLockedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>The data were written by a newer version of the suite, which this one does not understand.</summary>
public sealed class FormatTooNewException : SdkException
{
    /// <summary>For stores above Core.</summary>
    /// <param name="message">One clear sentence without secrets.</param>
    public FormatTooNewException(string message)
        : base(message)
    {
    }
}

/// <summary>No connection: the address cannot be dialled, nobody answered in time, or what answered does not speak the protocol.</summary>
public sealed class DialException : SdkException
{
    /// <summary>For transports and those who dial.</summary>
    /// <param name="message">One clear sentence without secrets.</param>
    /// <param name="innerException">What caused it.</param>
    public DialException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    internal DialException(string message, IReadOnlyDictionary<string, Exception> failures)
        : base(message, new AggregateException(failures.Values)) => Failures = failures;

    /// <summary>Why each address failed, where several were tried; empty otherwise.</summary>
    public IReadOnlyDictionary<string, Exception> Failures { get; } = new Dictionary<string, Exception>();
}

/// <summary>A peer was refused, or refused us: it is not who was dialled, its proof is invalid, a limit is reached, a protocol is not spoken.</summary>
public sealed class PeerRefusedException : SdkException
{
    /// <summary>For protocols that refuse whom they meet.</summary>
    /// <param name="message">One clear sentence without secrets.</param>
    /// <param name="innerException">What caused it.</param>
    public PeerRefusedException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>A peer broke the rules of a protocol; the stream or connection is of no more use.</summary>
public sealed class ProtocolViolationException : SdkException
{
    /// <summary>For those who implement protocols.</summary>
    /// <param name="message">One clear sentence without secrets.</param>
    /// <param name="innerException">What caused it.</param>
    public ProtocolViolationException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>A stream ended before its time: reset by either side, or its connection was closed.</summary>
public sealed class StreamResetException : SdkException
{
    internal StreamResetException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>Arithmetic on token amounts left 0 … 2^256 − 1.</summary>
public sealed class AmountOutOfRangeException : SdkException
{
    internal AmountOutOfRangeException(string message)
        : base(message)
    {
    }
}

/// <summary>Why a service offer is not good.</summary>
public enum OfferFault
{
    /// <summary>The bytes are not the canonical encoding of an offer.</summary>
    Malformed = 1,

    /// <summary>The encoding has a version that this suite does not know.</summary>
    UnknownVersion = 2,

    /// <summary>The encoding would be longer than an offer may be.</summary>
    TooLong = 3,

    /// <summary>Not 1 to 8 prices, reputations that do not rise from 0 to 1000, or a unit that does not exist.</summary>
    Prices = 4,

    /// <summary>Nothing is for sale.</summary>
    Capacity = 5,

    /// <summary>The region is not two capital letters.</summary>
    Region = 6,

    /// <summary>Not 1 to 4 different means of payment.</summary>
    Payments = 7,

    /// <summary>The longest agreement is not between a second and 365 days.</summary>
    Duration = 8,

    /// <summary>More than 8 attributes, or one that is too long, not text, or twice there.</summary>
    Attributes = 9,

    /// <summary>More than 8 addresses, or one that is too long, of another peer, or twice there.</summary>
    Addresses = 10,

    /// <summary>Not good for between a second and a day, or longer than the credential of the device that signed it.</summary>
    Lifetime = 11,

    /// <summary>For another network.</summary>
    WrongNetwork = 12,

    /// <summary>Issued in the future.</summary>
    NotYetValid = 13,

    /// <summary>Not good any more.</summary>
    Expired = 14,

    /// <summary>The device's credential is forged or has expired.</summary>
    Credential = 15,

    /// <summary>The account does not let the device trade.</summary>
    Scope = 16,

    /// <summary>The device did not sign it.</summary>
    Signature = 17,

    /// <summary>The number is above 15.</summary>
    Number = 18,
}

/// <summary>A service offer is not good; <see cref="Fault"/> says why.</summary>
public sealed class InvalidOfferException : SdkException
{
    internal InvalidOfferException(OfferFault fault)
        : base($"The service offer is not good: {fault}.") => Fault = fault;

    /// <summary>Why.</summary>
    public OfferFault Fault { get; }
}

/// <summary>Why there is no agreement about a service.</summary>
public enum AgreementRefusal
{
    /// <summary>What came is not the encoding of a proposal or an agreement.</summary>
    Malformed = 1,

    /// <summary>It is for another network.</summary>
    WrongNetwork = 2,

    /// <summary>The provider does not offer this, or not any more.</summary>
    UnknownOffer = 3,

    /// <summary>The offer has expired.</summary>
    OfferExpired = 4,

    /// <summary>Whoever asks is not the buyer's device.</summary>
    NotTheBuyer = 5,

    /// <summary>The credential of the buyer's device is forged or has expired.</summary>
    Credential = 6,

    /// <summary>The buyer's account does not let the device trade.</summary>
    Scope = 7,

    /// <summary>A signature is not what it should be.</summary>
    Signature = 8,

    /// <summary>The provider has no dealings with the buyer.</summary>
    Blocked = 9,

    /// <summary>Buyers of this reputation are not served.</summary>
    Reputation = 10,

    /// <summary>The quantity is zero, or more than was ever offered.</summary>
    Quantity = 11,

    /// <summary>The agreement would end before it begins, or last longer than the offer allows.</summary>
    Duration = 12,

    /// <summary>The agreement would begin too long ago, or too far in the future.</summary>
    Start = 13,

    /// <summary>The sides do not agree on the price.</summary>
    Price = 14,

    /// <summary>The total is not what price, quantity and time come to.</summary>
    Total = 15,

    /// <summary>The sides have no means of payment in common.</summary>
    Payment = 16,

    /// <summary>Less is left than is wanted.</summary>
    Capacity = 17,

    /// <summary>The buyer has another agreement under this nonce.</summary>
    NonceUsed = 18,

    /// <summary>The buyer, or all buyers together, have as many agreements as the provider keeps.</summary>
    TooMany = 19,

    /// <summary>Too many proposals at once, or too many in one negotiation.</summary>
    Busy = 20,
}

/// <summary>There is no agreement about a service, or what should be one is none; <see cref="Refusal"/> says why.</summary>
public sealed class AgreementRefusedException : SdkException
{
    internal AgreementRefusedException(AgreementRefusal refusal)
        : base($"There is no agreement: {refusal}.") => Refusal = refusal;

    /// <summary>Why.</summary>
    public AgreementRefusal Refusal { get; }
}

/// <summary>Bytes are not the values that Solidity's ABI says they are.</summary>
public sealed class AbiException : SdkException
{
    internal AbiException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>Why a ledger did not do what it was asked.</summary>
public enum LedgerFailure
{
    /// <summary>The ledger cannot be reached, or does not answer in time. Whether an operation was taken is unknown.</summary>
    Unreachable = 1,

    /// <summary>The ledger answered with what cannot be true: bytes of another form, receipts that contradict each other.</summary>
    Untrustworthy = 2,

    /// <summary>The ledger is another one than was agreed: its chain id or genesis differs.</summary>
    WrongChain = 3,

    /// <summary>No contract of that name is deployed.</summary>
    UnknownModule = 4,

    /// <summary>The sender has too little of the native coin for the value and the fee.</summary>
    InsufficientFunds = 5,

    /// <summary>The operation's nonce was used before, or leaves a gap.</summary>
    Nonce = 6,

    /// <summary>The operation is larger than the ledger takes, or an answer is longer than is taken.</summary>
    TooLarge = 7,

    /// <summary>The operation's signature is forged, or it is no operation.</summary>
    Malformed = 8,

    /// <summary>The fee would be above the cap that the node's owner set.</summary>
    FeeAboveCap = 9,

    /// <summary>The key is for tests only, and this ledger holds what is worth something.</summary>
    TestOnlyKey = 10,

    /// <summary>Events as old as those are not kept.</summary>
    HistoryGone = 11,

    /// <summary>The ledger could not make an operation durable and has stopped.</summary>
    Stopped = 12,

    /// <summary>More operations wait than the ledger keeps.</summary>
    Busy = 13,

    /// <summary>The ledger's state has grown to its limit.</summary>
    Full = 14,

    /// <summary>The operation's place was taken by another one of the same account and nonce.</summary>
    Replaced = 15,

    /// <summary>A reorganisation took back what was included, and it did not come again.</summary>
    Reorganized = 16,

    /// <summary>The node refuses the operation for a reason of its own, which the message gives; it was not taken.</summary>
    Refused = 17,
}

/// <summary>A ledger did not do what it was asked; <see cref="Reason"/> says why. Nothing was booked, except where the reason says otherwise.</summary>
public sealed class LedgerException : SdkException
{
    internal LedgerException(LedgerFailure reason, string message, Exception? innerException = null)
        : base(message, innerException) => Reason = reason;

    /// <summary>Why.</summary>
    public LedgerFailure Reason { get; }
}

/// <summary>A contract refused a call. Nothing that the call did remains; a submitted operation has used its nonce.</summary>
public sealed class LedgerRevertException : SdkException
{
    internal LedgerRevertException(string errorName, ReadOnlyMemory<byte> errorData)
        : base(errorName.Length == 0 ? "The contract refused the call and named no error." : $"The contract refused the call: {errorName}.") =>
        (ErrorName, ErrorData) = (errorName, errorData);

    /// <summary>
    /// The name of the contract's error, such as <c>ERC20InsufficientBalance</c>; its selector in hexadecimal where no contract in use
    /// has it; empty where the contract gave none.
    /// </summary>
    public string ErrorName { get; }

    /// <summary>What the contract reverted with: four bytes that name the error, then its parameters.</summary>
    public ReadOnlyMemory<byte> ErrorData { get; }
}

/// <summary>Why a cheque is refused, in the order in which it is checked.</summary>
public enum ChequeFault
{
    /// <summary>What came is not the encoding of a signed cheque; a signature with a high s is none.</summary>
    Malformed = 1,

    /// <summary>It is drawn on another chain.</summary>
    WrongChain = 2,

    /// <summary>It is drawn on another vault than the network's.</summary>
    ForeignVault = 3,

    /// <summary>It pays somebody else.</summary>
    WrongBeneficiary = 4,

    /// <summary>Its issuer is not the account that should pay.</summary>
    WrongIssuer = 5,

    /// <summary>Its cumulative payout is not above the last cheque's: a replay, or an older one.</summary>
    NotRising = 6,

    /// <summary>It adds less than the smallest cheque.</summary>
    TooSmall = 7,

    /// <summary>It adds more than is owed and may be paid in advance.</summary>
    TooLarge = 8,

    /// <summary>The issuer did not sign it.</summary>
    Signature = 9,

    /// <summary>The ledger does not cover it: the deposit is too small, or on its way out.</summary>
    NoCover = 10,
}

/// <summary>A cheque is refused; nothing was booked. <see cref="Fault"/> says why.</summary>
public sealed class ChequeRefusedException : SdkException
{
    internal ChequeRefusedException(ChequeFault fault)
        : base($"The cheque is refused: {fault}.") => Fault = fault;

    /// <summary>Why.</summary>
    public ChequeFault Fault { get; }
}

/// <summary>Why a service cannot be charged, or there is no payment account.</summary>
public enum PaymentRefusal
{
    /// <summary>More would be owed than is lent: settle first.</summary>
    Threshold = 1,

    /// <summary>The peer is blocked: beyond its limit, late, with a bounced cheque, or by the node's trust policy.</summary>
    Blocked = 2,

    /// <summary>Too many services are under way.</summary>
    Busy = 3,

    /// <summary>The books hold as many peers as they can.</summary>
    Full = 4,

    /// <summary>The peer is paid on another chain, or by another vault.</summary>
    OtherVault = 5,

    /// <summary>The peer's account did not let its device trade, or the device is another one, or the account is this node's own.</summary>
    WrongAccount = 6,
}

/// <summary>A service cannot be charged, or there is no payment account; nothing was booked. <see cref="Refusal"/> says why.</summary>
public sealed class PaymentRefusedException : SdkException
{
    internal PaymentRefusedException(PaymentRefusal refusal)
        : base($"The payment is refused: {refusal}.") => Refusal = refusal;

    /// <summary>Why.</summary>
    public PaymentRefusal Refusal { get; }
}

/// <summary>Why a side does not take part in a transfer.</summary>
public enum TransferFault
{
    /// <summary>What came are no terms that two hash locks can have.</summary>
    Malformed = 1,

    /// <summary>Amounts, tokens, ledgers, contracts or accounts are others than were agreed.</summary>
    OtherTerms = 2,

    /// <summary>The deadlines are too near to each other: the secret could be shown too late to be used.</summary>
    GapTooShort = 3,

    /// <summary>Too little time is left before the second deadline.</summary>
    TooLate = 4,

    /// <summary>Something would be locked for longer than this side accepts.</summary>
    LockedTooLong = 5,

    /// <summary>The terms name another ledger, contract or account than those of this side.</summary>
    NotOurs = 6,
}

/// <summary>A transfer is refused; nothing was locked. <see cref="Fault"/> says why.</summary>
public sealed class TransferRefusedException : SdkException
{
    internal TransferRefusedException(TransferFault fault)
        : base($"The transfer is refused: {fault}.") => Fault = fault;

    /// <summary>Why.</summary>
    public TransferFault Fault { get; }
}
