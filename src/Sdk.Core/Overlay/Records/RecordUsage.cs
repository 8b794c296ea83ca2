namespace Sdk.Core.Overlay.Records;

/// <summary>How much of the store each of several parties takes up.</summary>
internal sealed class RecordUsage<TParty>(int countMax, int lengthBytesMax)
    where TParty : notnull
{
    private readonly Dictionary<TParty, (int Count, int LengthBytes)> _used = [];

    /// <summary>Parties that take up anything.</summary>
    public int Count => _used.Count;

    /// <summary>Whether a party may have one record more instead of another (or none) of this length.</summary>
    public bool HasRoom(TParty party, int lengthBytes, int? insteadOfBytes)
    {
        var (count, length) = _used.GetValueOrDefault(party);
        return count + (insteadOfBytes is null ? 1 : 0) <= countMax && length + lengthBytes - (insteadOfBytes ?? 0) <= lengthBytesMax;
    }

    public void Add(TParty party, int lengthBytes)
    {
        var (count, length) = _used.GetValueOrDefault(party);
        _used[party] = (count + 1, length + lengthBytes);
    }

    public void Remove(TParty party, int lengthBytes)
    {
        var (count, length) = _used[party];
        if (count == 1)
        {
            _used.Remove(party);
        }
        else
        {
            _used[party] = (count - 1, length - lengthBytes);
        }
    }
}
