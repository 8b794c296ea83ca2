using System.Buffers.Binary;
using Microsoft.Extensions.Logging;
using Sdk.Core.Persistence;

namespace Sdk.Core.Overlay;

/// <summary>
/// Records of nodes that were good, so that a node finds back into the overlay without any bootstrap node. What stands in it is believed no
/// more than what a stranger says.
/// </summary>
internal sealed class KnownNodesFile(DataDirectory directory, ILogger logger)
{
    /// <summary>How often it is written.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    /// <summary>How many nodes are kept.</summary>
    public const int MaxNodes = 256;

    private const string FileName = "overlay-nodes";
    private const byte Version = 1;
    private const int MaxBytes = 1 + (MaxNodes * (sizeof(ushort) + NodeRecord.MaxBytes));

    public IReadOnlyList<NodeRecord> Read()
    {
        var records = new List<NodeRecord>();
        try
        {
            if (directory.ReadFile(FileName, MaxBytes) is { } bytes)
            {
                ReadAll(bytes, records);
            }
        }
        catch (InvalidDataException)
        {
            // Only a hint is lost.
            OverlayLog.FileUnreadable(logger);
        }

        return records;
    }

    public void Write(IReadOnlyList<NodeRecord> records)
    {
        var bytes = new byte[1 + records.Sum(record => sizeof(ushort) + record.Encoded.Length)];
        bytes[0] = Version;
        var rest = bytes.AsSpan(1);
        foreach (var record in records)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(rest, (ushort)record.Encoded.Length);
            record.Encoded.Span.CopyTo(rest[sizeof(ushort)..]);
            rest = rest[(sizeof(ushort) + record.Encoded.Length)..];
        }

        directory.WriteFile(FileName, bytes);
    }

    private static void ReadAll(ReadOnlySpan<byte> bytes, List<NodeRecord> records)
    {
        if (bytes is not [Version, .. var rest])
        {
            throw new InvalidDataException("The file of known nodes has another version.");
        }

        while (!rest.IsEmpty)
        {
            if (rest.Length < sizeof(ushort) || BinaryPrimitives.ReadUInt16LittleEndian(rest) is var length && length > rest.Length - sizeof(ushort)
                || !NodeRecord.TryDecode(rest.Slice(sizeof(ushort), length), out var record))
            {
                throw new InvalidDataException("The file of known nodes is damaged.");
            }

            records.Add(record);
            rest = rest[(sizeof(ushort) + length)..];
        }
    }
}
