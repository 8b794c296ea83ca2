using Sdk.Core.Addressing;

namespace Sdk.Core.Overlay.Lookups;

/// <summary>What a lookup knows of an address.</summary>
internal enum LookupState
{
    /// <summary>Somebody named it; nobody has asked it, and what was said of it may be forged.</summary>
    Heard,

    /// <summary>It was asked.</summary>
    Asked,

    /// <summary>It answered.</summary>
    Answered,

    /// <summary>It was asked and did not answer in time. It counts again if it still does, or if somebody names it with another record.</summary>
    Failed,

    /// <summary>Nothing that was said of it holds, or it was the farthest when there was no more room. If it is named again, it is another.</summary>
    Dropped,
}

/// <summary>An address in a lookup, and all that was said of it and not tried yet.</summary>
internal sealed class LookupCandidate<TContact>(OverlayAddress address, XorDistance distance)
    where TContact : notnull
{
    // Most are named once before they are asked.
    private Naming? _first;
    private Queue<Naming>? _others;

    public OverlayAddress Address { get; } = address;

    public XorDistance Distance { get; } = distance;

    public LookupState State { get; set; }

    /// <summary>What is, or was, asked; meaningful once <see cref="State"/> says so.</summary>
    public TContact Contact { get; private set; } = default!;

    /// <summary>How many answers led here: none for a contact that was known from the start.</summary>
    public int Depth { get; private set; }

    /// <summary>The path that asked it, or <see cref="LookupHop{TContact}.AllPaths"/>.</summary>
    public int Path { get; set; }

    /// <summary>How many times it was asked.</summary>
    public int Attempts { get; set; }

    /// <summary>Where it stands in the lookup's trace.</summary>
    public int Hop { get; set; }

    /// <summary>Forged contacts that it named.</summary>
    public int Forgeries { get; set; }

    /// <summary>True while it takes a place among the nearest.</summary>
    public bool Counts => State is LookupState.Heard or LookupState.Asked or LookupState.Answered;

    /// <summary>True while something that was said of it is untried.</summary>
    public bool HasNamings => _first is not null || _others is { Count: > 0 };

    public void Add(TContact contact, LookupCandidate<TContact>? namer)
    {
        var naming = new Naming(contact, namer);
        if (HasNamings)
        {
            (_others ??= []).Enqueue(naming);
        }
        else
        {
            _first = naming;
        }
    }

    public bool TryTakeNaming(out TContact contact, out LookupCandidate<TContact>? namer)
    {
        Naming naming = default;
        var taken = true;
        if (_first is { } first)
        {
            (naming, _first) = (first, null);
        }
        else
        {
            taken = _others?.TryDequeue(out naming) == true;
        }

        (contact, namer) = (naming.Contact, naming.Namer);
        return taken;
    }

    public void Prove(TContact contact, LookupCandidate<TContact>? namer) => (Contact, Depth) = (contact, namer is null ? 0 : namer.Depth + 1);

    private readonly record struct Naming(TContact Contact, LookupCandidate<TContact>? Namer);
}
