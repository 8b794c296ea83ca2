using System.Buffers.Binary;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Embedded;

/// <summary>
/// A block in the ledger's log: version, number, time, count, then each operation with its sender and length. Its operations are run again
/// after a restart; what they did is not stored.
/// </summary>
internal static class BlockRecord
{
    private const byte FormatVersion = 1;
    private const int HeaderBytes = 1 + (2 * sizeof(ulong)) + sizeof(uint);
    private const int OperationHeaderBytes = AccountAddress.LengthBytes + sizeof(uint);

    public static int LengthOf(LedgerOperation operation) => OperationHeaderBytes + operation.Encoded.Length;

    public static byte[] Write(EmbeddedBlock block)
    {
        var operations = block.Included.ToList();
        var record = new byte[HeaderBytes + operations.Sum(LengthOf)];
        record[0] = FormatVersion;
        BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(1), block.Number);
        BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(9), block.Timestamp);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(17), (uint)operations.Count);
        var rest = record.AsSpan(HeaderBytes);
        foreach (var operation in operations)
        {
            operation.Sender.CopyTo(rest);
            BinaryPrimitives.WriteUInt32LittleEndian(rest[AccountAddress.LengthBytes..], (uint)operation.Encoded.Length);
            operation.Encoded.Span.CopyTo(rest[OperationHeaderBytes..]);
            rest = rest[LengthOf(operation)..];
        }

        return record;
    }

    /// <exception cref="LogCorruptException">The record is no block.</exception>
    public static (ulong Number, ulong Timestamp, List<LedgerOperation> Operations) Read(ReadOnlySpan<byte> record, ulong chainId)
    {
        if (record.Length < HeaderBytes || record[0] != FormatVersion)
        {
            throw new LogCorruptException("A record of the ledger's log is no block.");
        }

        var number = BinaryPrimitives.ReadUInt64LittleEndian(record[1..]);
        var timestamp = BinaryPrimitives.ReadUInt64LittleEndian(record[9..]);
        var count = BinaryPrimitives.ReadUInt32LittleEndian(record[17..]);
        var operations = new List<LedgerOperation>();
        var rest = record[HeaderBytes..];
        for (var index = 0; index < count; index++)
        {
            var length = rest.Length < OperationHeaderBytes ? uint.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(rest[AccountAddress.LengthBytes..]);
            if (length > rest.Length - OperationHeaderBytes)
            {
                throw new LogCorruptException("A block in the ledger's log ends before its operations.");
            }

            var sender = AccountAddress.FromBytes(rest[..AccountAddress.LengthBytes]);
            operations.Add(LedgerOperation.ReadChecked(sender, rest.Slice(OperationHeaderBytes, (int)length).ToArray(), chainId));
            rest = rest[(OperationHeaderBytes + (int)length)..];
        }

        return (number, timestamp, operations);
    }
}
