using System.Text;
using Sdk.Core.Networking.Mdns;

namespace Sdk.Core.Tests.Networking.Mdns;

public class DnsMessageTests
{
    private static readonly DnsName Instance = DnsName.Of("abc", "_p2p", "_udp", "local");

    [Fact]
    public void What_is_written_is_read_again_and_names_that_come_again_are_pointers()
    {
        var message = DnsMessage.Response(
            [new DnsRecord(MdnsResponder.Service, DnsType.Ptr, DnsMessage.InternetClass, 120, Instance.Wire.ToArray())],
            [new DnsRecord(Instance, DnsType.Txt, DnsMessage.InternetClass | DnsMessage.ClassMark, 120, DnsText.Write(["dnsaddr=x"u8.ToArray(), []]))]);
        var bytes = message.Encode();
        Assert.Equal(12 + 17 + 10 + 6 + 2 + 10 + 11, bytes.Length);

        Assert.True(DnsMessage.TryRead(bytes, out var read));
        Assert.True(read is { IsResponse: true, IsStandard: true, IsTruncated: false, Questions: [] });
        var pointer = Assert.Single(read.Answers);
        Assert.Equal((MdnsResponder.Service, Instance, 120u), (pointer.Name, pointer.Target, pointer.TtlSeconds));
        var text = Assert.Single(read.Additionals);
        Assert.Equal(Instance, text.Name);
        Assert.Equal(["dnsaddr=x", ""], DnsText.Read(text.Data).Select(of => Encoding.ASCII.GetString(of.Span)));
    }

    [Fact]
    public void A_question_of_another_implementation_is_read()
    {
        // As js-libp2p sends it.
        var bytes = Convert.FromHexString("00000000000100000000000004" + "5f703270" + "04" + "5f756470" + "05" + "6c6f63616c" + "00000c0001");
        Assert.True(DnsMessage.TryRead(bytes, out var message));
        Assert.False(message.IsResponse);
        Assert.Equal(new DnsQuestion(MdnsResponder.Service, DnsType.Ptr, 1), Assert.Single(message.Questions));
    }

    [Fact]
    public void A_message_that_is_cut_short_anywhere_is_refused()
    {
        var bytes = DnsMessage.Response([new DnsRecord(MdnsResponder.Service, DnsType.Ptr, 1, 120, Instance.Wire.ToArray())], []).Encode();
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.False(DnsMessage.TryRead(bytes.AsMemory(0, length), out _), $"{length} bytes");
        }

        // What follows the last record is nobody's business.
        Assert.True(DnsMessage.TryRead(bytes.Concat(new byte[] { 1, 2, 3 }).ToArray(), out _));
    }

    [Theory]
    [InlineData("c00c")] // to itself
    [InlineData("0161c00c")] // to its own beginning
    [InlineData("c00e0161c00c")] // to what follows
    [InlineData("c0ff")] // beyond the end
    [InlineData("c0")] // half a pointer
    [InlineData("4061")] // a mark that nobody uses
    [InlineData("8061")]
    [InlineData("0561626300")] // a label beyond the end
    public void A_name_whose_pointers_lead_nowhere_is_refused(string name)
    {
        var header = Convert.FromHexString("000000000001000000000000");
        Assert.False(DnsMessage.TryRead(header.Concat(Convert.FromHexString(name)).Concat(new byte[] { 0, 12, 0, 1 }).ToArray(), out _));
    }

    [Fact]
    public void Pointers_to_pointers_end()
    {
        // 5000 pointers, each to the one before it: a name may follow as many as it may have labels, and no more.
        var bytes = new List<byte> { 0 };
        for (var i = 0; i < 5000; i++)
        {
            var target = i == 0 ? 0 : 1 + (2 * (i - 1));
            bytes.AddRange([(byte)(0xC0 | (target >> 8)), (byte)target]);
        }

        var offset = 1 + (2 * 100);
        Assert.True(DnsName.TryRead(bytes.ToArray(), ref offset, out var name));
        Assert.True(name.IsRoot);
        Assert.Equal(1 + (2 * 101), offset);
        offset = 1 + (2 * 200);
        Assert.False(DnsName.TryRead(bytes.ToArray(), ref offset, out _));
    }

    [Fact]
    public void A_name_has_at_most_255_bytes_and_a_label_63()
    {
        static bool Read(params int[] labels)
        {
            var offset = 0;
            byte[] bytes = [.. labels.SelectMany(length => (byte[])[(byte)length, .. new byte[length]]), 0];
            return DnsName.TryRead(bytes, ref offset, out _) && offset == bytes.Length;
        }

        Assert.True(Read(63, 63, 63, 61));
        Assert.False(Read(63, 63, 63, 62));
        Assert.False(Read(64));
        Assert.Throws<ArgumentException>(() => DnsName.Of(new string('a', 64)));
        Assert.Throws<ArgumentException>(() => DnsName.Of(""));
        Assert.Throws<ArgumentException>(() => DnsName.Of(new string('a', 63), new string('a', 63), new string('a', 63), new string('a', 62)));
    }

    [Fact]
    public void Too_many_entries_or_bytes_are_refused_unread()
    {
        byte[] Of(int questions) =>
            [0, 0, 0, 0, (byte)(questions >> 8), (byte)questions, 0, 0, 0, 0, 0, 0, .. Enumerable.Repeat<byte[]>([0, 0, 12, 0, 1], questions).SelectMany(of => of)];
        Assert.True(DnsMessage.TryRead(Of(DnsMessage.MaxEntries), out _));
        Assert.False(DnsMessage.TryRead(Of(DnsMessage.MaxEntries + 1), out _));
        Assert.True(DnsMessage.TryRead(new byte[DnsMessage.MaxBytes], out _));
        Assert.False(DnsMessage.TryRead(new byte[DnsMessage.MaxBytes + 1], out _));
        Assert.Throws<InvalidOperationException>(() => DnsMessage.Response([new DnsRecord(Instance, DnsType.Txt, 1, 1, new byte[DnsMessage.MaxBytes])], []).Encode());
    }

    [Fact]
    public void Names_are_equal_whatever_their_case_and_harmless_on_a_terminal()
    {
        var name = DnsName.Of("A.b\u001b[2J", "Local");
        Assert.Equal(name, DnsName.Of("a.B\u001b[2j", "lOCAL"));
        Assert.Equal(name.GetHashCode(), DnsName.Of("a.B\u001b[2j", "lOCAL").GetHashCode());
        Assert.NotEqual(DnsName.Of("a", "b"), DnsName.Of("a.b"));
        Assert.Equal("A\\046b\\027[2J.Local.", name.ToString());
        Assert.Equal(DnsName.Of("Local"), name.Parent);
        Assert.Equal(".", name.Parent!.Parent!.ToString());
        Assert.Null(name.Parent.Parent.Parent);
    }

    [Fact]
    public void Strings_that_go_beyond_the_end_are_left_out()
    {
        Assert.Equal([[1, 2]], DnsText.Read(new byte[] { 2, 1, 2, 3, 9, 9 }).Select(of => of.ToArray()));
        Assert.Empty(DnsText.Read(ReadOnlyMemory<byte>.Empty));
        Assert.Throws<ArgumentException>(() => DnsText.Write([new byte[256]]));
    }
}
