namespace Sdk.Core.Ledger.Embedded;

/// <summary>
/// What a call has changed so far, so that a revert can undo it: the order in which maps were written. What was there before lies with
/// each map.
/// </summary>
internal sealed class StateJournal
{
    private readonly Stack<IStateMap> _writes = new();

    /// <summary>A mark to go back to.</summary>
    public int Mark => _writes.Count;

    public void Wrote(IStateMap map) => _writes.Push(map);

    public void UndoTo(int mark)
    {
        while (_writes.Count > mark)
        {
            _writes.Pop().UndoLast();
        }
    }

    /// <summary>Keeps all that was written.</summary>
    public void Keep()
    {
        while (_writes.TryPop(out var map))
        {
            map.Keep();
        }
    }
}
