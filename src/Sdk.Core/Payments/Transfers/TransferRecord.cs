using System.Buffers.Binary;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Persistence;

namespace Sdk.Core.Payments.Transfers;

/// <summary>
/// What a side must not forget, under a kilobyte: it is replaced as a whole, some four times in a transfer's life. Everything else is read
/// from the ledgers again.
/// </summary>
internal sealed record TransferRecord
{
    private const byte Version = 1;
    private const int Words = 18;

    /// <summary>Length in bytes: version, terms, the words below, checksum.</summary>
    public const int LengthBytes = 1 + TransferTerms.LengthBytes + (Words * AbiWriter.WordBytes) + sizeof(uint);

    /// <summary>Where the word stands that says whether there is a secret; the secret is the next one.</summary>
    public const int SecretOffset = 1 + TransferTerms.LengthBytes + (11 * AbiWriter.WordBytes);

    public required TransferRole Role { get; init; }

    public required TransferTerms Terms { get; init; }

    public required TransferTiming Timing { get; init; }

    /// <summary>The secret, from the first moment at the initiator, and once it was shown at the responder.</summary>
    public TransferSecret? Secret { get; init; }

    /// <summary>Whether the side's own lock may have been submitted. It never is twice: the second of two could lock again what was claimed.</summary>
    public bool IsLockSubmitted { get; init; }

    /// <summary>Whether the secret was seen on a ledger: from then on there is nothing to hide.</summary>
    public bool IsSecretOut { get; init; }

    /// <summary>Blocks before which nothing of this transfer is on the ledgers.</summary>
    public ulong FirstFromBlock { get; init; }

    public ulong SecondFromBlock { get; init; }

    public TransferOutcome? Outcome { get; init; }

    public byte[] Encode()
    {
        var bytes = new byte[LengthBytes];
        bytes[0] = Version;
        Terms.Encode().CopyTo(bytes, 1);
        var writer = new AbiWriter().Add((ulong)Role);
        Add(writer, Timing.First);
        Add(writer, Timing.Second);
        Add(writer, Timing.Response);
        Add(writer, Timing.LockMax);
        writer.Add(Secret is not null).Add(Secret?.Reveal() ?? default).Add(IsLockSubmitted).Add(IsSecretOut)
            .Add(FirstFromBlock).Add(SecondFromBlock).Add((ulong)(Outcome ?? 0)).CopyTo(bytes.AsSpan(1 + TransferTerms.LengthBytes));
        WriteChecksum(bytes);
        return bytes;
    }

    public static void WriteChecksum(Span<byte> record) =>
        BinaryPrimitives.WriteUInt32LittleEndian(record[^sizeof(uint)..], Crc32C.Compute(record[..^sizeof(uint)]));

    public static bool IsWhole(ReadOnlySpan<byte> record) =>
        record.Length == LengthBytes && Crc32C.Compute(record[..^sizeof(uint)]) == BinaryPrimitives.ReadUInt32LittleEndian(record[^sizeof(uint)..]);

    /// <exception cref="SnapshotCorruptException">It is damaged.</exception>
    /// <exception cref="FormatTooNewException">A newer version wrote it.</exception>
    public static TransferRecord Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 0 && bytes[0] > Version)
        {
            throw new FormatTooNewException("A transfer was written by a newer version.");
        }

        if (!IsWhole(bytes) || !TransferTerms.TryDecode(bytes.Slice(1, TransferTerms.LengthBytes), out var terms))
        {
            throw new SnapshotCorruptException("The record of a transfer is damaged.");
        }

        try
        {
            var reader = new AbiReader(bytes[(1 + TransferTerms.LengthBytes)..^sizeof(uint)]);
            return Read(ref reader, terms);
        }
        catch (Exception wrong) when (wrong is AbiException or ArgumentException)
        {
            throw new SnapshotCorruptException($"The record of a transfer is damaged: {wrong.Message}");
        }
    }

    private static TransferRecord Read(ref AbiReader reader, TransferTerms terms)
    {
        var role = (TransferRole)reader.ReadUInt(8);
        var timing = new TransferTiming(ReadLedger(ref reader), ReadLedger(ref reader), ReadSpan(ref reader), ReadSpan(ref reader));
        var (hasSecret, bytes) = (reader.ReadBool(), reader.ReadWord());
        TransferSecret? secret = null;
        if (!Enum.IsDefined(role) || (hasSecret && !TransferSecret.TryOpen(bytes, terms.SecretHash, out secret)))
        {
            throw new ArgumentException("The secret is not behind the hash.");
        }

        return new TransferRecord
        {
            Role = role,
            Terms = terms,
            Timing = timing,
            Secret = secret,
            IsLockSubmitted = reader.ReadBool(),
            IsSecretOut = reader.ReadBool(),
            FirstFromBlock = reader.ReadUInt64(),
            SecondFromBlock = reader.ReadUInt64(),
            Outcome = reader.ReadUInt(8) is var outcome and > 0 ? (TransferOutcome)outcome : null,
        };
    }

    private static void Add(AbiWriter writer, LedgerTiming ledger)
    {
        Add(writer, ledger.Inclusion);
        Add(writer, ledger.Finality);
        Add(writer, ledger.Reorganization);
        Add(writer, ledger.ClockSkew);
    }

    private static void Add(AbiWriter writer, TimeSpan span) => writer.Add((ulong)span.TotalSeconds);

    private static LedgerTiming ReadLedger(ref AbiReader reader) => new()
    {
        Inclusion = ReadSpan(ref reader),
        Finality = ReadSpan(ref reader),
        Reorganization = ReadSpan(ref reader),
        ClockSkew = ReadSpan(ref reader),
    };

    private static TimeSpan ReadSpan(ref AbiReader reader) => TimeSpan.FromSeconds((long)reader.ReadUInt(32));
}
