using System.Diagnostics.CodeAnalysis;
using Sdk.Core.Cryptography;
using Sdk.Core.Persistence;

namespace Sdk.Core.Discovery;

/// <summary>
/// Agreements, proposals under way and own offers in the data directory, a small file each, replaced as a whole. Without a directory nothing
/// is kept. A file that cannot be read stops the node's services by name: an agreement is not to be lost in silence.
/// </summary>
internal sealed class AgreementFiles(DataDirectory? directory)
{
    private const string SoldPrefix = "agreement-sold-";
    private const string BoughtPrefix = "agreement-bought-";
    private const string PendingPrefix = "agreement-pending-";
    private const string OfferPrefix = "service-offer-";

    private delegate bool TryDecode<T>(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out T? value)
        where T : class;

    public void WriteSold(Agreement agreement) => directory?.WriteFile(SoldPrefix + agreement.Hash, agreement.Encode());

    public void DeleteSold(Agreement agreement) => Delete(SoldPrefix + agreement.Hash);

    /// <summary>Keeps an agreement and lets go of the proposal that led to it.</summary>
    public void WriteBought(Agreement agreement)
    {
        directory?.WriteFile(BoughtPrefix + agreement.Hash, agreement.Encode());
        DeletePending(agreement.Terms.Nonce);
    }

    public void DeleteBought(Agreement agreement) => Delete(BoughtPrefix + agreement.Hash);

    public void WritePending(PendingAgreement pending) => directory?.WriteFile(PendingPrefix + pending.Terms.Nonce, pending.Encode());

    public void DeletePending(Hash256 nonce) => Delete(PendingPrefix + nonce);

    public void WriteOffer(ServiceOffer offer) => directory?.WriteFile(OfferPrefix + offer.Number, offer.Encoded.Span);

    public void DeleteOffer(uint number) => Delete(OfferPrefix + number);

    public IReadOnlyList<Agreement> ReadSold() => Read<Agreement>(SoldPrefix, Agreement.MaxBytes, Agreement.TryDecode);

    public IReadOnlyList<Agreement> ReadBought() => Read<Agreement>(BoughtPrefix, Agreement.MaxBytes, Agreement.TryDecode);

    public IReadOnlyList<PendingAgreement> ReadPending() => Read<PendingAgreement>(PendingPrefix, PendingAgreement.MaxBytes, PendingAgreement.TryDecode);

    public IReadOnlyList<ServiceOffer> ReadOffers() =>
        Read(OfferPrefix, ServiceOffer.MaxBytes, static (ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out ServiceOffer? offer) => ServiceOffer.TryDecode(bytes, out offer, out _));

    private List<T> Read<T>(string prefix, int maxBytes, TryDecode<T> tryDecode)
        where T : class
    {
        var values = new List<T>();
        foreach (var name in directory?.FilesWithPrefix(prefix) ?? [])
        {
            if (directory!.ReadFile(name, maxBytes) is { } bytes)
            {
                values.Add(tryDecode(bytes, out var value) ? value : throw new SnapshotCorruptException($"The file '{name}' of the data directory is damaged."));
            }
        }

        return values;
    }

    private void Delete(string name)
    {
        if (directory is not null)
        {
            File.Delete(directory.PathOf(name));
            HostDirectory.Sync(directory.FullPath);
        }
    }
}
