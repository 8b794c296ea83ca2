using System.Buffers.Binary;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Payments;

/// <summary>A sheet as the journal keeps it: <see cref="SheetBytes"/> bytes of absolute values, so that the newest of several is all that counts.</summary>
internal static class SheetCodec
{
    public const int SheetBytes =
        sizeof(int) + AccountAddress.LengthBytes + (12 * AmountBytes) + (4 * sizeof(long)) + Signature.LengthBytes
        + (2 * (AccountAddress.LengthBytes + AmountBytes));

    private const int AmountBytes = 16;

    public static void Write(PeerSheet sheet, Span<byte> destination)
    {
        var writer = new Writer(destination);
        writer.Put(sheet.Index);
        writer.Put(sheet.Account);
        writer.Put((UInt128)sheet.Balance);
        writer.Put(sheet.Advanced);
        writer.Put(sheet.RefreshedAtMs);
        writer.Put(sheet.Issued);
        writer.Put(sheet.Acknowledged);
        writer.Put(sheet.Received);
        writer.Put(sheet.ReceivedSignature);
        writer.Put(sheet.Presented);
        writer.Put(sheet.Cashed);
        writer.Put(sheet.UncashedSinceMs);
        writer.Put(sheet.Aborted);
        writer.Put(sheet.BlockedUntilMs);
        writer.Put(sheet.InvoiceTarget);
        writer.Put(sheet.InvoiceDueMs);
        writer.Put(sheet.Earned);
        writer.Put(sheet.Spent);
        writer.Put(sheet.Forgiven);
        writer.Put(sheet.FirstShare);
        writer.Put(sheet.SecondShare);
    }

    public static int IndexOf(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadInt32LittleEndian(bytes);

    public static AccountAddress AccountOf(ReadOnlySpan<byte> bytes) => AccountAddress.FromBytes(bytes.Slice(sizeof(int), AccountAddress.LengthBytes));

    /// <summary>Fills the journalled half of a sheet; its reader has checked length, index and account.</summary>
    /// <exception cref="LogCorruptException">There is a cheque without a signature.</exception>
    public static void Read(ReadOnlySpan<byte> bytes, PeerSheet sheet)
    {
        var reader = new Reader(bytes[(sizeof(int) + AccountAddress.LengthBytes)..]);
        sheet.Balance = (Int128)reader.Amount();
        sheet.Advanced = reader.Amount();
        sheet.RefreshedAtMs = reader.Time();
        sheet.Issued = reader.Amount();
        sheet.Acknowledged = reader.Amount();
        sheet.Received = reader.Amount();
        sheet.ReceivedSignature = reader.Signature(isThere: sheet.Received != 0);
        sheet.Presented = reader.Amount();
        sheet.Cashed = reader.Amount();
        sheet.UncashedSinceMs = reader.Time();
        sheet.Aborted = reader.Amount();
        sheet.BlockedUntilMs = reader.Time();
        sheet.InvoiceTarget = reader.Amount();
        sheet.InvoiceDueMs = reader.Time();
        sheet.Earned = reader.Amount();
        sheet.Spent = reader.Amount();
        sheet.Forgiven = reader.Amount();
        sheet.FirstShare = reader.Share();
        sheet.SecondShare = reader.Share();
        sheet.DurableIssued = sheet.Issued;
        sheet.DurableReceived = sheet.Received;
    }

    private ref struct Writer(Span<byte> destination)
    {
        private Span<byte> _rest = destination;

        public void Put(int value) => BinaryPrimitives.WriteInt32LittleEndian(Next(sizeof(int)), value);

        public void Put(long value) => BinaryPrimitives.WriteInt64LittleEndian(Next(sizeof(long)), value);

        public void Put(UInt128 value) => BinaryPrimitives.WriteUInt128LittleEndian(Next(AmountBytes), value);

        public void Put(AccountAddress account) => account.CopyTo(Next(AccountAddress.LengthBytes));

        public void Put(Signature signature) => signature.CopyTo(Next(Signature.LengthBytes));

        public void Put(ShareClaim claim)
        {
            Put(claim.Account);
            Put(claim.Amount);
        }

        private Span<byte> Next(int lengthBytes)
        {
            var field = _rest[..lengthBytes];
            _rest = _rest[lengthBytes..];
            return field;
        }
    }

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;

        public long Time() => BinaryPrimitives.ReadInt64LittleEndian(Next(sizeof(long)));

        public UInt128 Amount() => BinaryPrimitives.ReadUInt128LittleEndian(Next(AmountBytes));

        public ShareClaim Share() => new(AccountAddress.FromBytes(Next(AccountAddress.LengthBytes)), Amount());

        public Signature Signature(bool isThere)
        {
            var bytes = Next(Cryptography.Signature.LengthBytes);
            var isRead = Cryptography.Signature.TryParse(bytes, out var signature);
            return isRead || !isThere ? signature : throw new LogCorruptException("The books hold a cheque without its signature.");
        }

        private ReadOnlySpan<byte> Next(int lengthBytes)
        {
            var field = _rest[..lengthBytes];
            _rest = _rest[lengthBytes..];
            return field;
        }
    }
}
