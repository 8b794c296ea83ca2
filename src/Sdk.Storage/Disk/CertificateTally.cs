namespace Sdk.Storage.Disk;

/// <summary>Counts certificates by their number of holders, for receipts.</summary>
internal sealed class CertificateTally
{
    private readonly SortedDictionary<int, long> _writesByHolders = [];

    public void Add(int holders) => _writesByHolders[holders] = _writesByHolders.GetValueOrDefault(holders) + 1;

    /// <summary>The count so far, which begins anew.</summary>
    public FlushReceipt Take()
    {
        var receipt = new FlushReceipt(_writesByHolders);
        _writesByHolders.Clear();
        return receipt;
    }
}
