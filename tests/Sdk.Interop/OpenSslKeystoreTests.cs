using System.Text.Json;
using Sdk.Core.Cryptography;

namespace Sdk.Interop;

/// <summary>A keystore is not ours alone: whoever has scrypt and AES can open it by the format's description.</summary>
public sealed class OpenSslKeystoreTests : IDisposable
{
    private readonly OpenSsl _openssl = new();

    public void Dispose() => _openssl.Dispose();

    [ForeignFact("openssl")]
    public async Task Openssl_finds_the_private_key_in_a_keystore_given_the_password()
    {
        using var key = KeyPair.Generate();
        var path = _openssl.PathOf("keystore.json");
        await Keystore.WriteAsync(path, key, "correct horse", new KeystoreOptions { ScryptN = 4096 });
        using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(path));
        var crypto = json.RootElement.GetProperty("crypto");
        var parameters = crypto.GetProperty("kdfparams");

        var derived = OpenSsl.Run(
            "kdf", "-keylen", $"{parameters.GetProperty("dklen")}", "-kdfopt", "pass:correct horse",
            "-kdfopt", $"hexsalt:{parameters.GetProperty("salt").GetString()}", "-kdfopt", $"n:{parameters.GetProperty("n")}",
            "-kdfopt", $"r:{parameters.GetProperty("r")}", "-kdfopt", $"p:{parameters.GetProperty("p")}", "SCRYPT");
        Assert.True(derived.Ok, derived.Output);
        var aesKey = derived.Output.Replace(":", "", StringComparison.Ordinal)[..32];
        var decrypted = OpenSsl.Run(
            "enc", "-d", "-aes-128-ctr", "-K", aesKey, "-iv", crypto.GetProperty("cipherparams").GetProperty("iv").GetString()!,
            "-in", _openssl.Write("ciphertext", Convert.FromHexString(crypto.GetProperty("ciphertext").GetString()!)), "-out", _openssl.PathOf("plain"));
        Assert.True(decrypted.Ok, decrypted.Output);

        var expected = new byte[KeyPair.PrivateKeyLengthBytes];
        key.ExportPrivateKey(expected);
        Assert.Equal(expected, await File.ReadAllBytesAsync(_openssl.PathOf("plain")));
    }
}
