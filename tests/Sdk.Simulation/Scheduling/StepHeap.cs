namespace Sdk.Simulation.Scheduling;

/// <summary>What is to be done at a time; of one time in the order of the numbers.</summary>
internal readonly record struct Step(long TimeTicks, long Number, SendOrPostCallback Run, object? State)
{
    public bool IsBefore(in Step other) => TimeTicks != other.TimeTicks ? TimeTicks < other.TimeTicks : Number < other.Number;
}

/// <summary>
/// A heap with four children to a node. The framework's own compares through an interface, which a run of tens of millions of steps feels.
/// </summary>
internal sealed class StepHeap
{
    private const int Children = 4;

    private Step[] _steps = new Step[64];

    public int Count { get; private set; }

    /// <summary>The time of the next; there is one.</summary>
    public long NextTicks => _steps[0].TimeTicks;

    public void Push(in Step step)
    {
        if (Count == _steps.Length)
        {
            Array.Resize(ref _steps, 2 * Count);
        }

        int place = Count++;
        while (place > 0)
        {
            int parent = (place - 1) / Children;
            if (!step.IsBefore(_steps[parent]))
            {
                break;
            }

            _steps[place] = _steps[parent];
            place = parent;
        }

        _steps[place] = step;
    }

    public Step Pop()
    {
        Step first = _steps[0];
        Step last = _steps[--Count];
        _steps[Count] = default;
        int place = 0;
        while ((Children * place) + 1 is int child && child < Count)
        {
            int least = child;
            for (int other = child + 1; other < Math.Min(child + Children, Count); other++)
            {
                least = _steps[other].IsBefore(_steps[least]) ? other : least;
            }

            if (!_steps[least].IsBefore(last))
            {
                break;
            }

            _steps[place] = _steps[least];
            place = least;
        }

        if (Count > 0)
        {
            _steps[place] = last;
        }

        return first;
    }

    public void Clear()
    {
        Array.Clear(_steps, 0, Count);
        Count = 0;
    }
}
