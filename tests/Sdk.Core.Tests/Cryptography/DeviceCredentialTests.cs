using Sdk.Core.Cryptography;

namespace Sdk.Core.Tests.Cryptography;

public sealed class DeviceCredentialTests : IDisposable
{
    private const ulong Network = 7;
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);
    private static readonly DateTimeOffset Tomorrow = Now.AddDays(1);

    private readonly KeyPair _account = KeyPair.Generate();
    private readonly DeviceIdentity _device;

    public DeviceCredentialTests() => _device = DeviceIdentity.Create(_account, KeyScopes.All, serial: 3, Network, Tomorrow);

    public void Dispose()
    {
        _device.Dispose();
        _account.Dispose();
    }

    [Fact]
    public void A_credential_survives_its_encoding_and_verifies()
    {
        var encoded = _device.Credential.Encode();
        var decoded = DeviceCredential.Decode(encoded);
        Assert.Equal(DeviceCredential.LengthBytes, encoded.Length);
        Assert.Equal(encoded, decoded.Encode());
        Assert.True(decoded.Verify(Network, Now));
        Assert.Equal(_account.Address, decoded.Account);
        Assert.Equal(DeviceId.FromNodeKey(_device.NodeKey.PublicKey), decoded.Device);
        Assert.Equal(KeyScopes.All, decoded.Scopes);
        Assert.Equal(3UL, decoded.Serial);
        Assert.Equal(Tomorrow, decoded.Expires);
    }

    [Fact]
    public void A_credential_is_good_for_its_network_and_time_only()
    {
        Assert.False(_device.Credential.Verify(Network + 1, Now));
        Assert.True(_device.Credential.Verify(Network, Tomorrow.AddTicks(-1)));
        Assert.False(_device.Credential.Verify(Network, Tomorrow));
    }

    [Fact]
    public void No_altered_bit_of_a_credential_goes_unnoticed()
    {
        var encoded = _device.Credential.Encode();
        for (var bit = 0; bit < 8 * encoded.Length; bit++)
        {
            // One bit of each byte, walking through the eight places: recovery is slow without the native library.
            if (bit % 8 != (bit / 8) % 8)
            {
                continue;
            }

            var altered = (byte[])encoded.Clone();
            altered[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(IsGood(altered), $"bit {bit}");
        }
    }

    [Fact]
    public void Every_other_length_is_refused()
    {
        var encoded = _device.Credential.Encode();
        Assert.Throws<CryptographyException>(() => DeviceCredential.Decode([]));
        Assert.Throws<CryptographyException>(() => DeviceCredential.Decode(encoded.AsSpan(0, encoded.Length - 1)));
        Assert.Throws<CryptographyException>(() => DeviceCredential.Decode([.. encoded, 0]));
    }

    // Typed data is built here a second time, from the published type string, so that the wire format cannot drift.
    [Fact]
    public void The_signed_digest_is_that_of_the_documented_typed_data()
    {
        var credential = _device.Credential;
        var structHash = new TypedStruct(
            "DeviceCredential(address account,bytes nodeKey,bytes signingKey,bytes agreementKey,uint32 scopes,uint64 serial,uint64 networkId,uint64 expires)")
            .Add(credential.Account).Add(credential.NodeKey.Bytes.Span).Add(credential.SigningKey.Bytes.Span)
            .Add(credential.AgreementKey.Span).Add(31).Add(3).Add(Network).Add(1_800_086_400).Hash();
        var digest = TypedStruct.Digest(TypedStruct.Domain("Sdk", "1", Network), structHash);
        Assert.Equal(_account.PublicKey, PublicKey.Recover(digest.Bytes, credential.Signature));
    }

    [Fact]
    public void A_device_survives_its_export()
    {
        var exported = _device.Export();
        Assert.Equal(DeviceIdentity.ExportLengthBytes, exported.Length);
        using var copy = DeviceIdentity.Import(exported);
        Assert.Equal(_device.Device, copy.Device);
        Assert.Equal(exported, copy.Export());
        var message = Hpke.Seal(_device.Credential.AgreementKey.Span, "info"u8, [], "secret"u8);
        Assert.Equal("secret"u8, Hpke.Open(copy.AgreementKey, "info"u8, [], message));
    }

    [Fact]
    public void An_export_whose_keys_and_credential_do_not_belong_together_is_refused()
    {
        using var other = DeviceIdentity.Create(_account, KeyScopes.All, 4, Network, Tomorrow);
        var mixed = _device.Export();
        other.Credential.Encode().CopyTo(mixed.AsSpan(^DeviceCredential.LengthBytes));
        Assert.Throws<CryptographyException>(() => DeviceIdentity.Import(mixed));
        var zeroKey = _device.Export();
        zeroKey.AsSpan(1, 32).Clear();
        Assert.Throws<CryptographyException>(() => DeviceIdentity.Import(zeroKey));
        Assert.Throws<CryptographyException>(() => DeviceIdentity.Import(zeroKey.AsSpan(1)));
    }

    [Fact]
    public void Text_of_a_device_shows_no_key()
    {
        var scalars = _device.Export()[1..97];
        for (var i = 0; i < 3; i++)
        {
            Assert.DoesNotContain(Hex.Text(scalars.AsSpan(32 * i, 32)), _device.ToString(), StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public void A_device_without_its_account_key_needs_a_valid_agreement_key() => Assert.Throws<InvalidKeyException>(() =>
        DeviceCredential.Issue(
            _account, _device.NodeKey.PublicKey, _device.SigningKey.PublicKey, new byte[65], KeyScopes.Connect, 1, Network, Tomorrow));

    [Fact]
    public void A_delegation_survives_its_encoding_and_verifies()
    {
        using var session = SigningKey.Generate();
        var delegation = SessionDelegation.Create(_device, session, 12, KeyScopes.OpenDisk | KeyScopes.WriteDisk, Now.AddHours(1));
        var encoded = delegation.Encode();
        var decoded = SessionDelegation.Decode(encoded);
        Assert.Equal(SessionDelegation.LengthBytes, encoded.Length);
        Assert.Equal(encoded, decoded.Encode());
        Assert.True(decoded.Verify(_device.Credential, Now));
        Assert.Equal(12UL, decoded.Counter);
        Assert.Equal(session.PublicKey, decoded.SessionKey);
        Assert.Equal(_device.Device, decoded.Device);
        Assert.False(decoded.Verify(_device.Credential, Now.AddHours(1)));
    }

    [Fact]
    public void No_altered_bit_of_a_delegation_goes_unnoticed()
    {
        using var session = SigningKey.Generate();
        var encoded = SessionDelegation.Create(_device, session, 1, KeyScopes.OpenDisk, Now.AddHours(1)).Encode();
        for (var bit = 0; bit < 8 * encoded.Length; bit++)
        {
            var altered = (byte[])encoded.Clone();
            altered[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(IsGoodDelegation(altered), $"bit {bit}");
        }
    }

    [Fact]
    public void A_session_gets_no_more_than_its_device_has()
    {
        using var session = SigningKey.Generate();
        using var reader = DeviceIdentity.Create(_account, KeyScopes.Connect | KeyScopes.OpenDisk, 5, Network, Tomorrow);
        Assert.Throws<ArgumentException>(() => SessionDelegation.Create(reader, session, 1, KeyScopes.WriteDisk, Tomorrow));
        Assert.Throws<ArgumentException>(() => SessionDelegation.Create(reader, session, 1, KeyScopes.OpenDisk, Tomorrow.AddSeconds(1)));
        Assert.NotNull(SessionDelegation.Create(reader, session, 1, KeyScopes.OpenDisk, Tomorrow));
    }

    // A thief of the signing key can delegate what he likes; verification narrows it to what the account granted.
    [Fact]
    public void A_delegation_beyond_the_credential_shown_with_it_does_not_verify()
    {
        using var session = SigningKey.Generate();
        var wide = SessionDelegation.Create(_device, session, 1, KeyScopes.WriteDisk, Tomorrow);
        DeviceCredential Narrow(KeyScopes scopes, ulong serial, ulong network, DateTimeOffset expires) => DeviceCredential.Issue(
            _account, _device.NodeKey.PublicKey, _device.SigningKey.PublicKey, _device.AgreementKey.PublicKey, scopes, serial, network, expires);

        Assert.True(wide.Verify(Narrow(KeyScopes.All, 3, Network, Tomorrow), Now));
        Assert.False(wide.Verify(Narrow(KeyScopes.OpenDisk, 3, Network, Tomorrow), Now));
        Assert.False(wide.Verify(Narrow(KeyScopes.All, 4, Network, Tomorrow), Now));
        Assert.False(wide.Verify(Narrow(KeyScopes.All, 3, Network + 1, Tomorrow), Now));
        Assert.False(wide.Verify(Narrow(KeyScopes.All, 3, Network, Tomorrow.AddSeconds(-1)), Now));
        using var stranger = DeviceIdentity.Create(_account, KeyScopes.All, 3, Network, Tomorrow);
        Assert.False(wide.Verify(stranger.Credential, Now));
    }

    private static bool IsGood(byte[] encoded)
    {
        try
        {
            return DeviceCredential.Decode(encoded).Verify(Network, Now);
        }
        catch (CryptographyException)
        {
            return false;
        }
    }

    private bool IsGoodDelegation(byte[] encoded)
    {
        try
        {
            return SessionDelegation.Decode(encoded).Verify(_device.Credential, Now);
        }
        catch (CryptographyException)
        {
            return false;
        }
    }
}
