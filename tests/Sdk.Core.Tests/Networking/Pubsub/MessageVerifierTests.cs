using Google.Protobuf;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Pubsub;

namespace Sdk.Core.Tests.Networking.Pubsub;

/// <summary>Signatures of messages as other implementations make them: over their own encoding, with keys of every type.</summary>
public sealed class MessageVerifierTests
{
    public static TheoryData<string> Types => IdentityKeyTests.Types;

    [Theory]
    [MemberData(nameof(Types))]
    public void A_message_signed_with_a_key_of_each_type_names_its_author(string type)
    {
        using var identity = ForeignIdentity.Create(type);
        Assert.True(IdentityKey.TryDecode(identity.Encoded, out var key));
        var author = PeerId.FromIdentity(key);
        var signed = Sign(identity, author);
        var isHashed = author.Bytes.Span[0] != 0;
        var verifier = new MessageVerifier();

        // Where the peer id is a hash the key must come along; where it is the key itself it may.
        Assert.Equal(!isHashed, verifier.Verify(Received(signed)));
        signed.Key = ByteString.CopyFrom(identity.Encoded);
        for (var i = 0; i < 2; i++)
        {
            var message = Received(signed);
            Assert.True(verifier.Verify(message));
            Assert.Equal(author, message.From);
        }

        using var other = ForeignIdentity.Create(type);
        var wrongKey = signed.Clone();
        wrongKey.Key = ByteString.CopyFrom(other.Encoded);
        Assert.False(verifier.Verify(Received(wrongKey)));
        var wrongAuthor = Sign(other, author);
        wrongAuthor.Key = ByteString.CopyFrom(identity.Encoded);
        Assert.False(verifier.Verify(Received(wrongAuthor)));
    }

    [Theory]
    [InlineData("data")]
    [InlineData("seqno")]
    [InlineData("topic")]
    [InlineData("signature")]
    public void No_field_can_be_changed_on_the_way(string field)
    {
        using var identity = ForeignIdentity.Create("ed25519");
        Assert.True(IdentityKey.TryDecode(identity.Encoded, out var key));
        var message = Sign(identity, PeerId.FromIdentity(key));
        Assert.True(new MessageVerifier().Verify(Received(message)));
        switch (field)
        {
            case "data":
                message.ClearData();
                break;
            case "seqno":
                message.Seqno = ByteString.CopyFrom(new byte[8]);
                break;
            case "topic":
                message.Topic = "other";
                break;
            default:
                message.Signature = ByteString.CopyFrom([.. message.Signature.Span[..^1], (byte)(message.Signature[^1] ^ 1)]);
                break;
        }

        Assert.False(new MessageVerifier().Verify(Received(message)));
    }

    [Fact]
    public void An_empty_message_is_signed_with_its_empty_field_and_what_nobody_signed_does_not_travel_on()
    {
        using var identity = ForeignIdentity.Create("secp256k1");
        Assert.True(IdentityKey.TryDecode(identity.Encoded, out var key));
        var message = Sign(identity, PeerId.FromIdentity(key), data: "");
        var stuffed = message.ToByteArray().Concat(new byte[] { 0x7A, 3, 1, 2, 3 }).ToArray();
        var received = PubsubMessage.Receive(MessageFields.Read(stuffed), message.Topic, RouterBench.Author().Peer, null);
        Assert.True(new MessageVerifier().Verify(received));
        Assert.Equal(message.ToByteArray(), received.Encoded.ToArray());
    }

    private static Message Sign(ForeignIdentity identity, PeerId author, string data = "hello")
    {
        var message = new Message
        {
            From = ByteString.CopyFrom(author.Bytes.Span),
            Data = ByteString.CopyFromUtf8(data),
            Seqno = ByteString.CopyFrom(1, 2, 3, 4, 5, 6, 7, 8),
            Topic = "news",
        };
        message.Signature = ByteString.CopyFrom(identity.Sign([.. "libp2p-pubsub:"u8, .. message.ToByteArray()]));
        return message;
    }

    private static PubsubMessage Received(Message message) =>
        PubsubMessage.Receive(MessageFields.Read(message.ToByteArray()), message.Topic, RouterBench.Author().Peer, null);
}
