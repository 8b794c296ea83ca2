namespace Sdk.Core.Overlay.Routing;

/// <summary>The questions that wait, in the order of their deadlines. What was answered is let go of at once, not when it would have been late.</summary>
internal sealed class OverlayDeadlines
{
    private OverlayQuestion? _first;
    private OverlayQuestion? _last;

    /// <summary>The question waits too; none that waits has a later deadline.</summary>
    public void Add(OverlayQuestion question)
    {
        question.Earlier = _last;
        if (_last is null)
        {
            _first = question;
        }
        else
        {
            _last.Later = question;
        }

        _last = question;
    }

    /// <summary>The question waits no more.</summary>
    public void Remove(OverlayQuestion question)
    {
        var (earlier, later) = (question.Earlier, question.Later);
        _ = earlier is null ? _first = later : earlier.Later = later;
        _ = later is null ? _last = earlier : later.Earlier = earlier;
        (question.Earlier, question.Later) = (null, null);
    }

    /// <summary>The one that waits for longest, if its deadline has come; it still waits.</summary>
    public OverlayQuestion? Late(TimeSpan now) => _first is { } first && first.Deadline <= now ? first : null;
}
