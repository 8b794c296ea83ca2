using System.Security.Cryptography;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Persistence;

namespace Sdk.Core.Payments.Transfers;

/// <summary>
/// Records of transfers in the data directory, a file each. A record is under a kilobyte and changes some four times, so replacing it whole is
/// all that durability takes; a log would have to be compacted, and be shared by transfers that have nothing to do with each other.
/// </summary>
/// <remarks>
/// Whoever knows the secret before its time can take the price without paying, so it does not lie on the disk in clear: it is masked with 32
/// bytes that the signer's key gives for this one secret, and checked against its hash when it is unmasked.
/// </remarks>
internal sealed class TransferFiles(DataDirectory directory)
{
    private const string Prefix = "transfer-";

    public void Write(TransferRole role, Hash256 secretHash, ReadOnlySpan<byte> record, KeyPair keeper)
    {
        var stored = record.ToArray();
        Mask(stored, secretHash, keeper);
        directory.WriteFile(NameOf(role, secretHash), stored);
    }

    /// <exception cref="SnapshotCorruptException">The record is damaged, or another key keeps it: what it says must not be guessed.</exception>
    public TransferRecord? Read(TransferRole role, Hash256 secretHash, KeyPair keeper)
    {
        if (directory.ReadFile(NameOf(role, secretHash), TransferRecord.LengthBytes) is not { } stored)
        {
            return null;
        }

        if (TransferRecord.IsWhole(stored))
        {
            Mask(stored, secretHash, keeper);
        }

        return TransferRecord.Decode(stored);
    }

    /// <summary>All records, without their secrets.</summary>
    /// <exception cref="SnapshotCorruptException">One is damaged.</exception>
    public IReadOnlyList<TransferRecord> All() => [.. directory.FilesWithPrefix(Prefix).Select(ReadWithoutSecret)];

    public void Delete(TransferRole role, Hash256 secretHash)
    {
        File.Delete(directory.PathOf(NameOf(role, secretHash)));
        HostDirectory.Sync(directory.FullPath);
    }

    private static string NameOf(TransferRole role, Hash256 secretHash) => $"{Prefix}{(role == TransferRole.Initiator ? 'i' : 'r')}-{secretHash}";

    // The same both ways. There is something to mask only where there is a secret.
    private static void Mask(byte[] record, Hash256 secretHash, KeyPair keeper)
    {
        if (FlagOf(record).ContainsAnyExcept((byte)0))
        {
            var secret = SecretOf(record);
            Span<byte> mask = stackalloc byte[AbiWriter.WordBytes];
            keeper.DeriveSecret([.. "sdk/transfer-secret/1"u8, .. secretHash.Bytes], mask);
            for (var index = 0; index < mask.Length; index++)
            {
                secret[index] ^= mask[index];
            }

            CryptographicOperations.ZeroMemory(mask);
            TransferRecord.WriteChecksum(record);
        }
    }

    private static Span<byte> FlagOf(byte[] record) => record.AsSpan(TransferRecord.SecretOffset, AbiWriter.WordBytes);

    private static Span<byte> SecretOf(byte[] record) => record.AsSpan(TransferRecord.SecretOffset + AbiWriter.WordBytes, AbiWriter.WordBytes);

    private TransferRecord ReadWithoutSecret(string name)
    {
        var stored = directory.ReadFile(name, TransferRecord.LengthBytes) ?? [];
        if (TransferRecord.IsWhole(stored))
        {
            FlagOf(stored).Clear();
            SecretOf(stored).Clear();
            TransferRecord.WriteChecksum(stored);
        }

        return TransferRecord.Decode(stored);
    }
}
