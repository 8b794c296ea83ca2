using System.Diagnostics.CodeAnalysis;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Modules.HashLocks;

namespace Sdk.Core.Payments;

/// <summary>
/// All terms of a transfer: what is exchanged, the hash of the secret, which is the same on both ledgers, and when the locks end. The
/// initiator sends them to the responder; from them both compute the two locks, whose ids hash every field.
/// </summary>
/// <param name="Quote">What is exchanged.</param>
/// <param name="SecretHash">SHA-256 of the secret of 32 bytes.</param>
/// <param name="FirstDeadline">Before it the first lock is claimed, from it on refunded, in seconds since 1970 of the first ledger's clock.</param>
/// <param name="SecondDeadline">The same for the second lock, by the second ledger's clock.</param>
public sealed record TransferTerms(TransferQuote Quote, Hash256 SecretHash, ulong FirstDeadline, ulong SecondDeadline)
{
    /// <summary>Length in bytes of an encoding.</summary>
    public const int LengthBytes = Words * AbiWriter.WordBytes;

    private const int Words = 15;

    /// <summary>The lock on the first ledger, which names what is due on the second.</summary>
    public HashLockTerms FirstLock => LockOf(Quote.First, Quote.Second, FirstDeadline);

    /// <summary>The lock on the second ledger, which names what is due on the first.</summary>
    public HashLockTerms SecondLock => LockOf(Quote.Second, Quote.First, SecondDeadline);

    /// <summary>The terms as they travel: fifteen words of Solidity's ABI.</summary>
    public byte[] Encode()
    {
        var writer = new AbiWriter();
        Write(writer, Quote.First);
        Write(writer, Quote.Second);
        return writer.Add(SecretHash).Add(FirstDeadline).Add(SecondDeadline).ToArray();
    }

    /// <summary>Reads what <see cref="Encode"/> wrote; false for anything else, and for terms that no two locks can have.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out TransferTerms? terms)
    {
        terms = null;
        if (bytes.Length != LengthBytes)
        {
            return false;
        }

        try
        {
            var reader = new AbiReader(bytes);
            var quote = new TransferQuote(ReadLeg(ref reader), ReadLeg(ref reader));
            var read = new TransferTerms(quote, reader.ReadWord(), reader.ReadUInt64(), reader.ReadUInt64());
            terms = read.IsSound ? read : null;
        }
        catch (AbiException)
        {
            // A word is of another type: malformed, as the caller is told.
        }

        return terms is not null;
    }

    /// <summary>
    /// Whether two locks can have these terms: different ledgers, amounts and recipients that the contract takes, a hash, times of this
    /// calendar, the second lock the first to end. Only the first lock may burn: what is burned on the second ledger, nobody is given.
    /// </summary>
    internal bool IsSound =>
        Quote.First.ChainId != Quote.Second.ChainId
        && Quote.First.ChainId != 0 && Quote.Second.ChainId != 0
        && !Quote.First.Amount.IsZero && !Quote.Second.Amount.IsZero
        && Quote.First.Recipient != default && Quote.Second.Recipient != default
        && Quote.Second.Recipient != HashLocksContract.Burn
        && SecretHash != default
        && SecondDeadline > 0 && SecondDeadline < FirstDeadline && FirstDeadline <= UnixTime.SecondsMax;

    internal TransferLeg LegOf(TransferSide side) => side == TransferSide.First ? Quote.First : Quote.Second;

    internal HashLockTerms LockOf(TransferSide side) => side == TransferSide.First ? FirstLock : SecondLock;

    internal DateTimeOffset DeadlineOf(TransferSide side) => DateTimeOffset.FromUnixTimeSeconds((long)(side == TransferSide.First ? FirstDeadline : SecondDeadline));

    private static void Write(AbiWriter writer, TransferLeg leg) =>
        writer.Add(leg.ChainId).Add(leg.Contract).Add(leg.Token).Add(leg.Amount).Add(leg.Sender).Add(leg.Recipient);

    private static TransferLeg ReadLeg(ref AbiReader reader) =>
        new(reader.ReadUInt64(), reader.ReadAddress(), reader.ReadAddress(), reader.ReadAmount(), reader.ReadAddress(), reader.ReadAddress());

    private HashLockTerms LockOf(TransferLeg here, TransferLeg there, ulong deadline) => new(
        here.Sender, here.Recipient, here.Token, here.Amount, SecretHash, deadline, there.ChainId, there.Token, there.Recipient, there.Amount);
}
