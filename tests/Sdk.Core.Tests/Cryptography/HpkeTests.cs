using System.Text.Json;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Tests.Cryptography;

public class HpkeTests
{
    private static readonly byte[] Info = "Ode on a Grecian Urn"u8.ToArray();
    private static readonly byte[] Plaintext = "Beauty is truth, truth beauty"u8.ToArray();

    private static readonly string[] Modes = ["base", "psk", "auth", "auth-psk"];

    // RFC 9180, appendix A.3: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM; the first two messages of each mode.
    // Base mode, A.3.1.
    private static readonly Vector Base = new(
        SeedEphemeral: "4270e54ffd08d79d5928020af4686d8f6b7d35dbe470265f1f5aa22816ce860e",
        SeedRecipient: "668b37171f1072f3cf12ea8a236a45df23fc13b82af3609ad1e354f6ef817550",
        SeedSender: "",
        PreSharedKey: "",
        PreSharedKeyId: "",
        Encapsulated: "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900"
            + "be863c403ce65c9bfcb9382657222d18c4",
        ScalarRecipient: "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2",
        First: "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434",
        Second: "fa6f037b47fc21826b610172ca9637e82d6e5801eb31cbd3748271affd4ecb06646e0329cbdf3c3cd655b28e82");

    // Pre-shared key mode, A.3.2.
    private static readonly Vector PreSharedKey = new(
        SeedEphemeral: "2afa611d8b1a7b321c761b483b6a053579afa4f767450d3ad0f84a39fda587a6",
        SeedRecipient: "d42ef874c1913d9568c9405407c805baddaffd0898a00f1e84e154fa787b2429",
        SeedSender: "",
        PreSharedKey: "0247fd33b913760fa1fa51e1892d9f307fbe65eb171e8132c2af18555a738b82",
        PreSharedKeyId: "456e6e796e20447572696e206172616e204d6f726961",
        Encapsulated: "04305d35563527bce037773d79a13deabed0e8e7cde61eecee403496959e89e4d0ca701726696d1485137ccb5341b3c1"
            + "c7aaee90a4a02449725e744b1193b53b5f",
        ScalarRecipient: "438d8bcef33b89e0e9ae5eb0957c353c25a94584b0dd59c991372a75b43cb661",
        First: "90c4deb5b75318530194e4bb62f890b019b1397bbf9d0d6eb918890e1fb2be1ac2603193b60a49c2126b75d0eb",
        Second: "9e223384a3620f4a75b5a52f546b7262d8826dea18db5a365feb8b997180b22d72dc1287f7089a1073a7102c27");

    // Authenticated mode, A.3.3.
    private static readonly Vector Authenticated = new(
        SeedEphemeral: "798d82a8d9ea19dbc7f2c6dfa54e8a6706f7cdc119db0813dacf8440ab37c857",
        SeedRecipient: "7bc93bde8890d1fb55220e7f3b0c107ae7e6eda35ca4040bb6651284bf0747ee",
        SeedSender: "874baa0dcf93595a24a45a7f042e0d22d368747daaa7e19f80a802af19204ba8",
        PreSharedKey: "",
        PreSharedKeyId: "",
        Encapsulated: "042224f3ea800f7ec55c03f29fc9865f6ee27004f818fcbdc6dc68932c1e52e15b79e264a98f2c535ef06745f3d30862"
            + "4414153b22c7332bc1e691cb4af4d53454",
        ScalarRecipient: "d929ab4be2e59f6954d6bedd93e638f02d4046cef21115b00cdda2acb2a4440e",
        First: "82ffc8c44760db691a07c5627e5fc2c08e7a86979ee79b494a17cc3405446ac2bdb8f265db4a099ed3289ffe19",
        Second: "b0a705a54532c7b4f5907de51c13dffe1e08d55ee9ba59686114b05945494d96725b239468f1229e3966aa1250");

    // Both, A.3.4.
    private static readonly Vector AuthenticatedPreSharedKey = new(
        SeedEphemeral: "3c1fceb477ec954c8d58ef3249e4bb4c38241b5925b95f7486e4d9f1d0d35fbb",
        SeedRecipient: "abcc2da5b3fa81d8aabd91f7f800a8ccf60ec37b1b585a5d1d1ac77f258b6cca",
        SeedSender: "6262031f040a9db853edd6f91d2272596eabbc78a2ed2bd643f770ecd0f19b82",
        PreSharedKey: "0247fd33b913760fa1fa51e1892d9f307fbe65eb171e8132c2af18555a738b82",
        PreSharedKeyId: "456e6e796e20447572696e206172616e204d6f726961",
        Encapsulated: "046a1de3fc26a3d43f4e4ba97dbe24f7e99181136129c48fbe872d4743e2b131357ed4f29a7b317dc22509c7b00991ae"
            + "990bf65f8b236700c82ab7c11a84511401",
        ScalarRecipient: "bdf4e2e587afdf0930644a0c45053889ebcadeca662d7c755a353d5b4e2a8394",
        First: "b9f36d58d9eb101629a3e5a7b63d2ee4af42b3644209ab37e0a272d44365407db8e655c72e4fa46f4ff81b9246",
        Second: "51788c4e5d56276771032749d015d3eea651af0c7bb8e3da669effffed299ea1f641df621af65579c10fc09736");
    public static TheoryData<string> AllModes => [.. Modes];

    [Theory]
    [MemberData(nameof(AllModes))]
    public void Messages_are_those_of_RFC_9180_in_every_mode(string mode)
    {
        var vector = Of(mode);
        using var ephemeral = AgreementKey.FromSeed(Hex.Bytes(vector.SeedEphemeral));
        using var recipient = AgreementKey.FromSeed(Hex.Bytes(vector.SeedRecipient));
        using var sender = vector.SeedSender.Length == 0 ? null : AgreementKey.FromSeed(Hex.Bytes(vector.SeedSender));
        var shared = new HpkeAuthentication
        {
            PreSharedKey = Hex.Bytes(vector.PreSharedKey),
            PreSharedKeyId = Hex.Bytes(vector.PreSharedKeyId),
        };
        using var seals = HpkeContext.ForSender(
            HpkeContext.Aes128Gcm, ephemeral, recipient.PublicKey.Span, Info, shared with { SenderKey = sender });
        using var opens = HpkeContext.ForRecipient(
            HpkeContext.Aes128Gcm, recipient, Hex.Bytes(vector.Encapsulated), Info, shared with { SenderPublicKey = sender?.PublicKey ?? default });

        Assert.Equal(vector.Encapsulated, Hex.Text(ephemeral.PublicKey.Span));
        foreach (var (associatedData, expected) in new[] { ("Count-0"u8.ToArray(), vector.First), ("Count-1"u8.ToArray(), vector.Second) })
        {
            var message = new byte[Plaintext.Length + HpkeContext.TagLengthBytes];
            seals.Seal(associatedData, Plaintext, message);
            Assert.Equal(expected, Hex.Text(message));
            var opened = new byte[Plaintext.Length];
            opens.Open(associatedData, message, opened);
            Assert.Equal(Plaintext, opened);
        }
    }

    [Theory]
    [MemberData(nameof(AllModes))]
    public void Keys_made_of_seeds_are_those_of_RFC_9180(string mode)
    {
        using var key = AgreementKey.FromSeed(Hex.Bytes(Of(mode).SeedRecipient));
        var scalar = new byte[32];
        key.ExportScalar(scalar);
        Assert.Equal(Of(mode).ScalarRecipient, Hex.Text(scalar));
    }

    // RFC 9180, A.3.1.2: exporter context "TestContext", 32 bytes, base mode.
    [Fact]
    public void Exported_secrets_are_those_of_RFC_9180()
    {
        using var recipient = AgreementKey.FromSeed(Hex.Bytes(Base.SeedRecipient));
        using var context = HpkeContext.ForRecipient(
            HpkeContext.Aes128Gcm, recipient, Hex.Bytes(Base.Encapsulated), Info, HpkeAuthentication.None);
        var exported = new byte[32];
        context.Export("TestContext"u8, exported);
        Assert.Equal("d8f1ea7942adbba7412c6d431c62d01371ea476b823eb697e1f6e6cae1dab85a", Hex.Text(exported));
    }

    [VectorFact("rfc9180-p256.json")]
    public void Every_message_of_the_published_file_is_sealed_and_opened()
    {
        using var file = JsonDocument.Parse(File.ReadAllText(VectorFactAttribute.PathOf("rfc9180-p256.json")));
        var messages = 0;
        foreach (var vector in file.RootElement.EnumerateArray())
        {
            byte[] Field(string name) => vector.TryGetProperty(name, out var value) ? Hex.Bytes(value.GetString()!) : [];
            using var ephemeral = AgreementKey.FromScalar(Field("skEm"));
            using var recipient = AgreementKey.FromScalar(Field("skRm"));
            using var sender = Field("skSm") is { Length: > 0 } scalar ? AgreementKey.FromScalar(scalar) : null;
            using var context = HpkeContext.ForSender(HpkeContext.Aes128Gcm, ephemeral, Field("pkRm"), Field("info"), new HpkeAuthentication
            {
                PreSharedKey = Field("psk"),
                PreSharedKeyId = Field("psk_id"),
                SenderKey = sender,
            });
            var next = 0;
            foreach (var encryption in vector.GetProperty("encryptions").EnumerateArray())
            {
                // The file holds messages 0, 1, 2, 4, 255 and 256; the associated data says which.
                var associatedData = Hex.Bytes(encryption.GetProperty("aad").GetString()!);
                var number = int.Parse(System.Text.Encoding.ASCII.GetString(associatedData.AsSpan(6)), null);
                var message = new byte[Plaintext.Length + HpkeContext.TagLengthBytes];
                for (; next <= number; next++)
                {
                    context.Seal(associatedData, Plaintext, message);
                }

                Assert.Equal(encryption.GetProperty("ct").GetString(), Hex.Text(message));
                messages++;
            }
        }

        Assert.Equal(24, messages);
    }

    [Fact]
    public void What_is_sealed_to_a_key_only_that_key_opens()
    {
        using var recipient = AgreementKey.Generate();
        using var other = AgreementKey.Generate();
        var message = Hpke.Seal(recipient.PublicKey.Span, "info"u8, "data"u8, Plaintext);
        Assert.Equal(Plaintext.Length + Hpke.OverheadBytes, message.Length);
        Assert.Equal(Plaintext, Hpke.Open(recipient, "info"u8, "data"u8, message));
        Assert.Throws<CryptographyException>(() => Hpke.Open(other, "info"u8, "data"u8, message));
        Assert.Throws<CryptographyException>(() => Hpke.Open(recipient, "Info"u8, "data"u8, message));
        Assert.Throws<CryptographyException>(() => Hpke.Open(recipient, "info"u8, "Data"u8, message));
        for (var i = 0; i < message.Length; i++)
        {
            message[i] ^= 1;
            Assert.Throws<CryptographyException>(() => Hpke.Open(recipient, "info"u8, "data"u8, message));
            message[i] ^= 1;
        }
    }

    [Fact]
    public void Messages_shorter_than_the_overhead_are_refused()
    {
        using var recipient = AgreementKey.Generate();
        var empty = Hpke.Seal(recipient.PublicKey.Span, [], [], []);
        Assert.Empty(Hpke.Open(recipient, [], [], empty));
        Assert.Throws<CryptographyException>(() => Hpke.Open(recipient, [], [], empty.AsSpan(1)));
        Assert.Throws<CryptographyException>(() => Hpke.Open(recipient, [], [], []));
    }

    [Fact]
    public void A_recipient_key_off_the_curve_is_refused()
    {
        using var recipient = AgreementKey.Generate();
        var key = recipient.PublicKey.ToArray();
        key[64] ^= 1;
        Assert.Throws<InvalidKeyException>(() => Hpke.Seal(key, [], [], Plaintext));
        Assert.Throws<InvalidKeyException>(() => Hpke.Seal(key.AsSpan(0, 33), [], [], Plaintext));
    }

    [Fact]
    public void A_pre_shared_key_without_name_or_strength_is_refused()
    {
        using var key = AgreementKey.Generate();
        foreach (var by in new[]
        {
            new HpkeAuthentication { PreSharedKey = new byte[32] },
            new HpkeAuthentication { PreSharedKeyId = new byte[1] },
            new HpkeAuthentication { PreSharedKey = new byte[31], PreSharedKeyId = new byte[1] },
        })
        {
            Assert.Throws<ArgumentException>(() => HpkeContext.ForSender(HpkeContext.Aes256Gcm, key, key.PublicKey.Span, [], by));
        }
    }

    [Fact]
    public void A_disposed_key_opens_nothing_and_short_seeds_are_refused()
    {
        var recipient = AgreementKey.Generate();
        var message = Hpke.Seal(recipient.PublicKey.Span, [], [], Plaintext);
        recipient.Dispose();
        recipient.Dispose();
        Assert.Throws<ObjectDisposedException>(() => Hpke.Open(recipient, [], [], message));
        Assert.Throws<ObjectDisposedException>(() => recipient.ExportScalar(new byte[32]));
        Assert.Throws<ArgumentException>(() => AgreementKey.FromSeed(new byte[31]));
    }

    private static Vector Of(string mode) => mode switch
    {
        "base" => Base,
        "psk" => PreSharedKey,
        "auth" => Authenticated,
        _ => AuthenticatedPreSharedKey,
    };

    private sealed record Vector(
        string SeedEphemeral,
        string SeedRecipient,
        string SeedSender,
        string PreSharedKey,
        string PreSharedKeyId,
        string Encapsulated,
        string ScalarRecipient,
        string First,
        string Second);
}
