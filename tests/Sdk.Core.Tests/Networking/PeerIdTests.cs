using Sdk.Core.Cryptography;
using Sdk.Core.Networking;

namespace Sdk.Core.Tests.Networking;

public class PeerIdTests
{
    [Fact]
    public void The_two_text_forms_of_the_specification_name_one_peer()
    {
        // libp2p specs, peer-ids.
        var hashed = PeerId.Parse("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N");
        Assert.Equal(hashed, PeerId.Parse("bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe"));
        Assert.Equal("bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe", hashed.ToCidString());
        Assert.Equal("12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA", PeerId.Parse("12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA").ToString());
        Assert.False(hashed.TryGetPublicKey(out _));
    }

    [Theory]
    [InlineData("QmRp2LvtSQtCkUWCpi92ph5MdQyRtfb9jHbkNgZzGExGuG", "k2k4r8kpauqq30hoj9oktej5btbgz1jeos16d3te36xd78trvak0jcor")]
    [InlineData("12D3KooWSzRuSFHgLsKr6jJboAPdP7xMga2YBgBspYuErxswcgvt", "k51qzi5uqu5dmjjgoe7s21dncepi970722cn30qlhm9qridas1c9ktkjb6ejux")]
    public void The_base36_form_of_published_names_is_read(string base58, string base36)
    {
        // The IPFS project's IPNS names: an RSA key, hashed, and an Ed25519 key, carried.
        Assert.Equal(PeerId.Parse(base58), PeerId.Parse(base36));
        Assert.Equal(PeerId.Parse(base36), PeerId.Parse(PeerId.Parse(base36).ToCidString()));
        Assert.Equal(base58, PeerId.Parse(base36).ToString());
        Assert.False(PeerId.TryParse(base36[..^1], out _));
    }

    [Fact]
    public void The_id_of_a_secp256k1_key_carries_the_key()
    {
        using var key = KeyPair.GenerateTestOnly();
        var id = PeerId.FromPublicKey(key.PublicKey);
        Assert.StartsWith("16Uiu2HA", id.ToString(), StringComparison.Ordinal);
        Assert.True(PeerId.Parse(id.ToCidString()).TryGetPublicKey(out var carried));
        Assert.Equal(key.PublicKey, carried);
        Assert.Equal(id, PeerId.Parse(id.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Qm")]
    [InlineData("1111111111111111111")]
    [InlineData("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx50")]
    [InlineData("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N5N")]
    [InlineData("bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqx")]
    [InlineData("bafybeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe")]
    public void Text_that_is_no_peer_id_is_refused(string text) => Assert.False(PeerId.TryParse(text, out _));

    [Theory]
    [InlineData("0801122100000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("122103aaaa")]
    [InlineData("08021221037777e994e452c21604f91de093ce415f5432f701dd8cd1a7a6fea0e630bfca9900")]
    [InlineData("0880021221037777e994e452c21604f91de093ce415f5432f701dd8cd1a7a6fea0e630bfca99")]
    [InlineData("080212a100037777e994e452c21604f91de093ce415f5432f701dd8cd1a7a6fea0e630bfca99")]
    public void A_key_in_another_encoding_than_the_one_is_refused(string hex) =>
        Assert.False(IdentityKey.TryDecode(Convert.FromHexString(hex[..(hex.Length & ~1)]), out _));

    [Fact]
    public void The_key_of_the_specification_decodes_and_encodes_to_the_same_bytes()
    {
        var encoded = Convert.FromHexString("08021221037777e994e452c21604f91de093ce415f5432f701dd8cd1a7a6fea0e630bfca99");
        Assert.True(IdentityKey.TryDecode(encoded, out var key));
        Assert.Equal(encoded, IdentityKey.From(key.Secp256k1!).Encoded.ToArray());
    }
}
