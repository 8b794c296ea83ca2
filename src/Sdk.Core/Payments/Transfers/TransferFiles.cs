using Sdk.Core.Cryptography;
using Sdk.Core.Persistence;

namespace Sdk.Core.Payments.Transfers;

/// <summary>
/// Records of transfers in the data directory, a file each. A record is under a kilobyte and changes some four times, so replacing it whole is
/// all that durability takes; a log would have to be compacted, and be shared by transfers that have nothing to do with each other.
/// </summary>
internal sealed class TransferFiles(DataDirectory directory)
{
    private const string Prefix = "transfer-";

    public void Write(TransferRole role, Hash256 secretHash, ReadOnlySpan<byte> record) => directory.WriteFile(NameOf(role, secretHash), record);

    /// <exception cref="SnapshotCorruptException">The record is damaged: what it says must not be guessed.</exception>
    public TransferRecord? Read(TransferRole role, Hash256 secretHash) =>
        directory.ReadFile(NameOf(role, secretHash), TransferRecord.LengthBytes) is { } bytes ? TransferRecord.Decode(bytes) : null;

    public IReadOnlyList<TransferRecord> All() =>
        [.. directory.FilesWithPrefix(Prefix).Select(name => TransferRecord.Decode(directory.ReadFile(name, TransferRecord.LengthBytes) ?? []))];

    public void Delete(TransferRole role, Hash256 secretHash)
    {
        File.Delete(directory.PathOf(NameOf(role, secretHash)));
        HostDirectory.Sync(directory.FullPath);
    }

    private static string NameOf(TransferRole role, Hash256 secretHash) => $"{Prefix}{(role == TransferRole.Initiator ? 'i' : 'r')}-{secretHash}";
}
