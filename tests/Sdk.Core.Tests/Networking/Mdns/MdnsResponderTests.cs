using System.Text;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Mdns;

namespace Sdk.Core.Tests.Networking.Mdns;

public class MdnsResponderTests
{
    private const string Peer = "/p2p/16Uiu2HAm2w5h5RoJxfo2xUVqhVtiWoLwYdendVVwG4yxTGXahHVN";

    private static readonly DnsName Instance = DnsName.Of("me", "_p2p", "_udp", "local");
    private static readonly DnsName Other = DnsName.Of("other", "_p2p", "_udp", "local");
    private static readonly Multiaddr[] Here = [Multiaddr.Parse("/ip4/10.0.0.1/tcp/1" + Peer), Multiaddr.Parse("/ip4/10.0.0.1/tcp/2" + Peer)];
    private static readonly DnsQuestion WhoIsThere = new(MdnsResponder.Service, DnsType.Ptr, DnsMessage.InternetClass);

    private readonly MdnsResponder _responder = new(Instance, TimeSpan.FromSeconds(60), new Random(1));

    [Fact]
    public void It_asks_at_once_then_ever_more_seldom_and_answers_its_own_questions()
    {
        _responder.Start(TimeSpan.Zero);
        var asked = new List<double>();
        var answered = 0;
        while (_responder.Due is { } due && due < TimeSpan.FromMinutes(5))
        {
            foreach (var message in _responder.Take(due, Here, []))
            {
                answered += message.IsResponse ? 1 : 0;
                if (!message.IsResponse)
                {
                    Assert.Equal([WhoIsThere], message.Questions);
                    asked.Add(due.TotalSeconds);
                }
            }
        }

        Assert.InRange(asked[0], 0.02, 0.12);
        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60, 60], asked.Zip(asked.Skip(1), (a, b) => Math.Round(b - a, 3)));
        Assert.Equal(asked.Count, answered);
    }

    [Fact]
    public void Who_asks_is_told_the_name_and_in_addition_the_addresses()
    {
        var answer = Ask(DnsMessage.Query([WhoIsThere], []), out var delay);
        Assert.InRange(delay.TotalMilliseconds, 20, 120);
        var pointer = Assert.Single(answer!.Answers);
        Assert.Equal((MdnsResponder.Service, Instance, 120u), (pointer.Name, pointer.Target, pointer.TtlSeconds));
        var text = Assert.Single(answer.Additionals);
        Assert.Equal((Instance, DnsType.Txt, 120u), (text.Name, text.Type, text.TtlSeconds));
        Assert.Equal(Here.Select(address => "dnsaddr=" + address), DnsText.Read(text.Data).Select(of => Encoding.ASCII.GetString(of.Span)));
        Assert.True(answer.IsResponse);
    }

    [Fact]
    public void However_often_it_is_asked_it_answers_once_a_second()
    {
        var answers = new List<TimeSpan>();
        for (var now = TimeSpan.Zero; now < TimeSpan.FromSeconds(10); now += TimeSpan.FromMilliseconds(1))
        {
            _responder.Receive(now, DnsMessage.Query([WhoIsThere], []));
            answers.AddRange(_responder.Take(now, Here, []).Select(_ => now));
        }

        Assert.InRange(answers.Count, 9, 10);
        Assert.All(answers.Zip(answers.Skip(1)), pair => Assert.True(pair.Second - pair.First >= TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void Who_knows_it_long_enough_gets_no_answer()
    {
        DnsMessage Knowing(DnsName instance, uint ttl) =>
            DnsMessage.Query([WhoIsThere], [new DnsRecord(MdnsResponder.Service, DnsType.Ptr, 1, ttl, instance.Wire.ToArray())]);
        Assert.Null(Ask(Knowing(Instance, 60), out _));
        Assert.NotNull(Ask(Knowing(Other, 60), out _));
        Assert.NotNull(Ask(Knowing(Instance, 59), out _));
    }

    [Fact]
    public void What_is_known_for_long_enough_is_said_with_the_question()
    {
        _responder.Start(TimeSpan.Zero);
        var many = Enumerable.Range(0, 100).Select(i => (DnsName.Of($"n{i}", "_p2p", "_udp", "local"), 61u));
        var query = _responder.Take(TimeSpan.FromSeconds(1), Here, [(Other, 60), (Instance, 100), .. many])[0];
        Assert.Equal(MdnsResponder.MaxKnownAnswers, query.Answers.Count);
        Assert.Equal((Instance, 100u), (query.Answers[0].Target, query.Answers[0].TtlSeconds));
    }

    [Theory]
    [InlineData("_P2P._udp.LOCAL", DnsType.Ptr, 0x8001, true)]
    [InlineData("_p2p._udp.local", DnsType.Any, 255, true)]
    [InlineData("_p2p._udp.local", DnsType.Txt, 1, false)]
    [InlineData("_p2p._udp.local", DnsType.Ptr, 3, false)]
    [InlineData("_ipp._tcp.local", DnsType.Ptr, 1, false)]
    [InlineData("_p2p-abc._udp.local", DnsType.Ptr, 1, false)]
    [InlineData("me._p2p._udp.local", DnsType.Txt, 1, true)]
    [InlineData("other._p2p._udp.local", DnsType.Txt, 1, false)]
    public void Only_questions_for_it_are_answered(string name, object type, int @class, bool isAnswered)
    {
        var question = new DnsQuestion(DnsName.Of(name.Split('.')), (DnsType)type, (ushort)@class);
        Assert.Equal(isAnswered, Ask(DnsMessage.Query([question], []), out _) is not null);
    }

    [Fact]
    public void Browsers_are_told_of_the_service()
    {
        var answer = Ask(DnsMessage.Query([new DnsQuestion(MdnsResponder.Services, DnsType.Ptr, 1)], []), out _);
        Assert.Equal((MdnsResponder.Services, MdnsResponder.Service), (answer!.Answers[0].Name, answer.Answers[0].Target));
        Assert.Single(answer.Answers);
        Assert.Empty(answer.Additionals);
    }

    [Fact]
    public void Who_cannot_be_reached_is_silent()
    {
        _responder.Receive(TimeSpan.Zero, DnsMessage.Query([WhoIsThere], []));
        Assert.Empty(_responder.Take(TimeSpan.FromSeconds(1), [], []));
        Assert.Null(_responder.Due);
    }

    [Fact]
    public void An_answer_fits_into_one_frame()
    {
        var many = Enumerable.Range(1, 100).Select(port => Multiaddr.Parse($"/ip6/fd12:3456:789a:bcde:f012:3456:789a:bcde/tcp/{40000 + port}" + Peer)).ToArray();
        _responder.Receive(TimeSpan.Zero, DnsMessage.Query([WhoIsThere], []));
        var answer = Assert.Single(_responder.Take(TimeSpan.FromSeconds(1), many, []));
        Assert.InRange(answer.Encode().Length, 1000, 1400);
        Assert.Equal(9, DnsText.Read(answer.Additionals[0].Data).Count());
    }

    [Fact]
    public void At_the_end_it_takes_back_what_it_said()
    {
        var record = Assert.Single(_responder.Goodbye().Answers);
        Assert.Equal((MdnsResponder.Service, Instance, 0u), (record.Name, record.Target, record.TtlSeconds));
    }

    /// <summary>Asks a new one, and returns what it answers and how long after.</summary>
    private static DnsMessage? Ask(DnsMessage query, out TimeSpan delay)
    {
        var responder = new MdnsResponder(Instance, TimeSpan.FromSeconds(60), new Random(2));
        responder.Receive(TimeSpan.Zero, query);
        delay = responder.Due ?? TimeSpan.Zero;
        return responder.Due is { } due ? Assert.Single(responder.Take(due, Here, [])) : null;
    }
}
