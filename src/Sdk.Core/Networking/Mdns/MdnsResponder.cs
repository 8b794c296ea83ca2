using System.Text;

namespace Sdk.Core.Networking.Mdns;

/// <summary>
/// Asks who is there, and answers who asks, over one link (RFC 6762 with libp2p's <c>specs/discovery/mdns.md</c>), without input, output or
/// clock: it is told what came and when, and says when it is due and what to send then. It answers at most once a second, however often
/// it is asked, and asks ever more seldom, so nobody makes it send more than that. Not thread-safe.
/// </summary>
/// <remarks>
/// Left out of the RFC: probing, since the instance's name is random; answers to askers alone (a question from another port, or marked as
/// wanting one), since they would go wherever a sender's address was forged to; known answers that follow in a second message, whose
/// neglect costs one answer more.
/// </remarks>
internal sealed class MdnsResponder
{
    /// <summary>What every libp2p node points its name from.</summary>
    public static readonly DnsName Service = DnsName.Of("_p2p", "_udp", "local");

    /// <summary>Where service browsers ask which services there are (RFC 6763, section 9).</summary>
    public static readonly DnsName Services = DnsName.Of("_services", "_dns-sd", "_udp", "local");

    /// <summary>What begins a string that holds an address.</summary>
    public const string AddressKey = "dnsaddr=";

    /// <summary>How long others may believe an answer: as in other implementations of libp2p.</summary>
    public const uint TtlSeconds = 120;

    /// <summary>A message fits into one frame of a local network, whatever headers surround it.</summary>
    public const int MaxAnswerBytes = 1200;

    /// <summary>With names of 63 bytes they fit into one frame too.</summary>
    public const int MaxKnownAnswers = 15;

    private static readonly TimeSpan FirstInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AnswerInterval = TimeSpan.FromSeconds(1);

    private readonly DnsName _instance;
    private readonly TimeSpan _longestInterval;
    private readonly Random _random;
    private TimeSpan? _askAt;
    private TimeSpan? _answerAt;
    private TimeSpan? _answered;
    private TimeSpan _interval = FirstInterval;
    private bool _isServiceWanted;
    private bool _isPeerWanted;

    /// <param name="instance">The node's name among those of the service: random, not its peer id, which is too long for a label.</param>
    /// <param name="longestInterval">Between questions, once the first are asked.</param>
    /// <param name="random">Spreads messages in time.</param>
    public MdnsResponder(DnsName instance, TimeSpan longestInterval, Random random) =>
        (_instance, _longestInterval, _random) = (instance, longestInterval, random);

    /// <summary>When <see cref="Take"/> has something to send; null: not before a message or <see cref="Start"/>.</summary>
    public TimeSpan? Due => _askAt is { } ask && _answerAt is { } answer ? (ask < answer ? ask : answer) : _askAt ?? _answerAt;

    /// <summary>Begins to ask, often at first: at once, after 1 s, 3 s, 7 s, … The node answers its own questions too, which is how it announces itself.</summary>
    public void Start(TimeSpan now)
    {
        _askAt = now + ShortPause();
        _interval = FirstInterval;
    }

    /// <summary>Takes a question in.</summary>
    public void Receive(TimeSpan now, DnsMessage query)
    {
        var isServiceWanted = query.Questions.Any(question => Asks(question, Services, DnsType.Ptr));
        var isPeerWanted = query.Questions.Any(question => Asks(question, _instance, DnsType.Txt))
            || (query.Questions.Any(question => Asks(question, Service, DnsType.Ptr)) && !IsKnown(query));
        if (isServiceWanted || isPeerWanted)
        {
            _isServiceWanted |= isServiceWanted;
            _isPeerWanted |= isPeerWanted;
            AnswerAfter(now, ShortPause());
        }
    }

    /// <summary>What is to be sent now.</summary>
    /// <param name="now">The time.</param>
    /// <param name="addresses">The node's own addresses that are told over this link, with its peer id.</param>
    /// <param name="known">Those that were heard of over this link, and for how many seconds they are still believed: they need not answer.</param>
    public IReadOnlyList<DnsMessage> Take(TimeSpan now, IReadOnlyList<Multiaddr> addresses, IEnumerable<(DnsName Instance, uint Seconds)> known)
    {
        var messages = new List<DnsMessage>();
        if (_askAt <= now)
        {
            messages.Add(DnsMessage.Query(
                [new DnsQuestion(Service, DnsType.Ptr, DnsMessage.InternetClass)],
                [.. known.Where(of => of.Seconds > TtlSeconds / 2).Take(MaxKnownAnswers).Select(of => PointerTo(of.Instance, of.Seconds))]));
            _askAt = now + _interval;
            _interval = _interval * 2 < _longestInterval ? _interval * 2 : _longestInterval;
            _isPeerWanted = true;
            AnswerAfter(now, ShortPause());
        }

        if (_answerAt <= now)
        {
            var isServiceWanted = _isServiceWanted;
            var isPeerWanted = _isPeerWanted;
            (_answerAt, _isServiceWanted, _isPeerWanted) = (null, false, false);

            // Who cannot be reached over this link has nothing to say there.
            if (addresses.Count > 0)
            {
                _answered = now;
                messages.Add(Answer(isPeerWanted, isServiceWanted, addresses));
            }
        }

        return messages;
    }

    /// <summary>Takes back what was said, at the end.</summary>
    public DnsMessage Goodbye() => DnsMessage.Response([PointerTo(_instance, 0)], []);

    private static DnsRecord PointerTo(DnsName instance, uint seconds) => new(Service, DnsType.Ptr, DnsMessage.InternetClass, seconds, instance.Wire.ToArray());

    private static bool Asks(DnsQuestion question, DnsName name, DnsType type) =>
        (question.Type == type || question.Type == DnsType.Any)
        && (question.Class & ~DnsMessage.ClassMark) is DnsMessage.InternetClass or DnsMessage.AnyClass
        && question.Name.Equals(name);

    /// <summary>The asker knows this node, and will for at least half as long as an answer would have it (RFC 6762, section 7.1).</summary>
    private bool IsKnown(DnsMessage query) => query.Answers.Any(
        record => record.Type == DnsType.Ptr && record.TtlSeconds >= TtlSeconds / 2 && record.Name.Equals(Service) && _instance.Equals(record.Target));

    private void AnswerAfter(TimeSpan now, TimeSpan pause)
    {
        var at = now + pause;
        at = _answered is { } before && before + AnswerInterval > at ? before + AnswerInterval : at;
        _answerAt = _answerAt < at ? _answerAt : at;
    }

    private DnsMessage Answer(bool isPeerWanted, bool isServiceWanted, IReadOnlyList<Multiaddr> addresses)
    {
        var answers = new List<DnsRecord>();
        var additionals = new List<DnsRecord>();
        if (isServiceWanted)
        {
            answers.Add(new DnsRecord(Services, DnsType.Ptr, DnsMessage.InternetClass, TtlSeconds, Service.Wire.ToArray()));
        }

        if (isPeerWanted)
        {
            answers.Add(PointerTo(_instance, TtlSeconds));
            additionals.Add(new DnsRecord(_instance, DnsType.Txt, DnsMessage.InternetClass | DnsMessage.ClassMark, TtlSeconds, DnsText.Write(StringsOf(addresses))));
        }

        return DnsMessage.Response(answers, additionals);
    }

    /// <summary>As many addresses as fit. A longer address than a string can hold is left out.</summary>
    private static IEnumerable<byte[]> StringsOf(IEnumerable<Multiaddr> addresses)
    {
        var room = MaxAnswerBytes;
        foreach (var address in addresses)
        {
            var text = Encoding.ASCII.GetBytes(AddressKey + address);
            if (text.Length <= DnsText.MaxStringBytes && text.Length < room)
            {
                room -= 1 + text.Length;
                yield return text;
            }
        }
    }

    /// <summary>So that not all answer at once (RFC 6762, section 6).</summary>
    private TimeSpan ShortPause() => TimeSpan.FromMilliseconds(_random.Next(20, 121));
}
