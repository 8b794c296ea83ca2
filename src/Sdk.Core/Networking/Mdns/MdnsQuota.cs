using System.Net;

namespace Sdk.Core.Networking.Mdns;

/// <summary>
/// How much is done for strangers in each second: so many messages are read in all and from one sender, so many addresses in them decoded.
/// What is beyond is dropped unread; who is really there will say so again. Not thread-safe.
/// </summary>
internal sealed class MdnsQuota
{
    /// <summary>Reading one takes some ten microseconds. Fifty nodes that start at once send this many.</summary>
    public const int MaxMessages = 500;

    /// <summary>A machine may run many nodes.</summary>
    public const int MaxMessagesPerSource = 200;

    /// <summary>Decoding one takes up to a tenth of a millisecond.</summary>
    public const int MaxAddresses = 200;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly Dictionary<IPAddress, int> _messages = [];
    private TimeSpan _windowEnd;
    private int _messagesLeft;
    private int _addressesLeft;

    /// <summary>Whether a message from <paramref name="source"/> is read.</summary>
    public bool TryTakeMessage(TimeSpan now, IPAddress source)
    {
        if (now >= _windowEnd)
        {
            (_windowEnd, _messagesLeft, _addressesLeft) = (now + Window, MaxMessages, MaxAddresses);
            _messages.Clear();
        }

        var ofSource = _messages.GetValueOrDefault(source);
        if (_messagesLeft == 0 || ofSource == MaxMessagesPerSource)
        {
            return false;
        }

        _messagesLeft--;
        _messages[source] = ofSource + 1;
        return true;
    }

    /// <summary>Whether an address in the message taken last is decoded.</summary>
    public bool TryTakeAddress()
    {
        if (_addressesLeft == 0)
        {
            return false;
        }

        _addressesLeft--;
        return true;
    }
}
