using System.Text;
using System.Text.Json;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Tests.Cryptography;

public sealed class KeystoreTests : IDisposable
{
    // Web3 Secret Storage Definition, version 3: the two published files, password "testpassword".
    private const string PublishedKey = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";

    private const string PublishedPbkdf2 = """
        {"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"6087dab2f9fdbbfaddc31a909735c1e6"},
        "ciphertext":"5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46","kdf":"pbkdf2",
        "kdfparams":{"c":262144,"dklen":32,"prf":"hmac-sha256","salt":"ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},
        "mac":"517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}
        """;

    private const string PublishedScrypt = """
        {"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"83dbcc02d8ccb40e466191a123791e0e"},
        "ciphertext":"d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c","kdf":"scrypt",
        "kdfparams":{"dklen":32,"n":262144,"r":1,"p":8,"salt":"ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19"},
        "mac":"2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097"},"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}
        """;

    private static readonly KeystoreOptions Cheap = new() { ScryptN = 2 };

    private readonly string _folder = Directory.CreateTempSubdirectory("sdk-keystore-").FullName;
    private readonly KeyPair _key = KeyPair.Generate();

    private string FilePath => Path.Combine(_folder, "key.json");

    public void Dispose()
    {
        _key.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(PublishedPbkdf2)]
    [InlineData(PublishedScrypt)]
    public async Task The_published_files_open_with_their_password(string json)
    {
        await File.WriteAllTextAsync(FilePath, json);
        using var key = await Keystore.ReadAsync(FilePath, "testpassword");
        Assert.Equal(PublishedKey, Hex.Text(Export(key)));
    }

    [Theory]
    [InlineData("testpassworD")]
    [InlineData("testpassword ")]
    [InlineData("")]
    public async Task Another_password_is_told_apart_from_damage(string password)
    {
        await Keystore.WriteAsync(FilePath, _key, "testpassword", Cheap);
        var failure = await Assert.ThrowsAsync<KeystoreException>(() => Keystore.ReadAsync(FilePath, password));
        Assert.Equal(KeystoreFailure.WrongPassword, failure.Reason);
        Assert.DoesNotContain(Hex.Text(Export(_key)), failure.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task What_was_written_is_read_and_names_its_account()
    {
        await Keystore.WriteAsync(FilePath, _key, "pässword", Cheap);
        using var key = await Keystore.ReadAsync(FilePath, "pässword");
        Assert.Equal(Export(_key), Export(key));
        Assert.False(key.IsTestOnly);
        using var document = JsonDocument.Parse(await File.ReadAllTextAsync(FilePath));
        Assert.Equal(_key.Address, AccountAddress.Parse(document.RootElement.GetProperty("address").GetString()!));
        Assert.Equal(3, document.RootElement.GetProperty("version").GetInt32());
        Assert.Equal('4', document.RootElement.GetProperty("id").GetString()![14]);
        Assert.DoesNotContain(Hex.Text(Export(_key)), document.RootElement.GetRawText(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task The_cost_asked_for_is_written_and_by_default_that_of_wallets()
    {
        Assert.Equal(new ScryptCost(262144, 8, 1), new KeystoreOptions().Cost);
        await Keystore.WriteAsync(FilePath, _key, "password", new KeystoreOptions { ScryptN = 16, ScryptR = 2, ScryptP = 3 });
        var document = KeystoreDocument.Parse(await File.ReadAllBytesAsync(FilePath));
        Assert.Equal(new ScryptCost(16, 2, 3), document.Derivation.Scrypt);
    }

    [Fact]
    public async Task A_test_key_stays_one()
    {
        using var testKey = KeyPair.GenerateTestOnly();
        await Keystore.WriteAsync(FilePath, testKey, "", Cheap);
        using var key = await Keystore.ReadAsync(FilePath, "");
        Assert.True(key.IsTestOnly);
    }

    [Fact]
    public async Task A_file_is_only_replaced_when_asked()
    {
        await Keystore.WriteAsync(FilePath, _key, "password", Cheap);
        var before = await File.ReadAllBytesAsync(FilePath);
        var failure = await Assert.ThrowsAsync<KeystoreException>(() => Keystore.WriteAsync(FilePath, _key, "password", Cheap));
        Assert.Equal(KeystoreFailure.AlreadyExists, failure.Reason);
        Assert.Equal(before, await File.ReadAllBytesAsync(FilePath));
        using var other = KeyPair.Generate();
        await Keystore.WriteAsync(FilePath, other, "password", new KeystoreOptions { ScryptN = 2, Overwrite = true });
        using var read = await Keystore.ReadAsync(FilePath, "password");
        Assert.Equal(other.PublicKey, read.PublicKey);
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task Of_two_writers_at_once_one_is_refused()
    {
        // The second file appears during the first writer's derivation, after it looked.
        var progress = new OnFirstReport(() => File.WriteAllText(FilePath, "somebody else's"));
        var failure = await Assert.ThrowsAsync<KeystoreException>(() => Keystore.WriteAsync(FilePath, _key, "password", Cheap, progress));
        Assert.Equal(KeystoreFailure.AlreadyExists, failure.Reason);
        Assert.Equal("somebody else's", await File.ReadAllTextAsync(FilePath));
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task Only_the_owner_may_read_the_file()
    {
        await Keystore.WriteAsync(FilePath, _key, "password", Cheap);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
        }
    }

    [Fact]
    public async Task Cancellation_leaves_no_file()
    {
        using var cancellation = new CancellationTokenSource();
        var progress = new OnFirstReport(cancellation.Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Keystore.WriteAsync(FilePath, _key, "password", new KeystoreOptions { ScryptN = 1024 }, progress, cancellation.Token));
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task Costs_out_of_bounds_are_not_written()
    {
        var failure = await Assert.ThrowsAsync<KeystoreException>(() =>
            Keystore.WriteAsync(FilePath, _key, "password", new KeystoreOptions { ScryptN = 1 << 20 }));
        Assert.Equal(KeystoreFailure.OutOfBounds, failure.Reason);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task A_long_file_is_refused_unread()
    {
        await File.WriteAllBytesAsync(FilePath, new byte[Keystore.FileLengthBytesMax + 1]);
        var failure = await Assert.ThrowsAsync<KeystoreException>(() => Keystore.ReadAsync(FilePath, "password"));
        Assert.Equal(KeystoreFailure.OutOfBounds, failure.Reason);
    }

    [Theory]
    [InlineData("\"version\":3", "\"version\":4", KeystoreFailure.Unsupported)]
    [InlineData("\"version\":3", "\"version\":\"3\"", KeystoreFailure.Corrupted)]
    [InlineData("\"version\":3", "\"version\":3,\"version\":3", KeystoreFailure.Corrupted)]
    [InlineData("\"version\":3", "\"varsion\":3", KeystoreFailure.Corrupted)]
    [InlineData("\"version\":3}", "\"version\":3}}", KeystoreFailure.Corrupted)]
    [InlineData("\"version\":3}", "\"version\":3,}", KeystoreFailure.Corrupted)]
    [InlineData("\"version\":3", "\"version\":3,\"address\":7", KeystoreFailure.Corrupted)]
    [InlineData("\"version\":3", "\"version\":3,\"address\":\"00\"", KeystoreFailure.Corrupted)]
    [InlineData("\"version\":3", "\"version\":3,\"x-sdk\":{\"testOnly\":1}", KeystoreFailure.Corrupted)]
    [InlineData("\"version\":3", "\"version\":3,\"x\":[[[[[[[[[]]]]]]]]]", KeystoreFailure.Corrupted)]
    [InlineData("\"crypto\"", "\"krypto\"", KeystoreFailure.Corrupted)]
    [InlineData("aes-128-ctr", "aes-128-cbc", KeystoreFailure.Unsupported)]
    [InlineData("\"scrypt\"", "\"argon2\"", KeystoreFailure.Unsupported)]
    [InlineData("\"scrypt\"", "null", KeystoreFailure.Unsupported)]
    [InlineData("\"n\":262144", "\"n\":1073741824", KeystoreFailure.OutOfBounds)]
    [InlineData("\"n\":262144", "\"n\":99999999999999", KeystoreFailure.OutOfBounds)]
    [InlineData("\"n\":262144", "\"n\":262143", KeystoreFailure.OutOfBounds)]
    [InlineData("\"n\":262144", "\"n\":\"262144\"", KeystoreFailure.Corrupted)]
    [InlineData("\"p\":8", "\"p\":8000000", KeystoreFailure.OutOfBounds)]
    [InlineData("\"r\":1", "\"r\":0", KeystoreFailure.OutOfBounds)]
    [InlineData("\"dklen\":32", "\"dklen\":16", KeystoreFailure.Unsupported)]
    [InlineData("83dbcc", "83dbc", KeystoreFailure.Corrupted)]
    [InlineData("83dbcc", "83dbcg", KeystoreFailure.Corrupted)]
    [InlineData("d172bf", "d172", KeystoreFailure.Corrupted)]
    [InlineData("2103ac", "2103acac", KeystoreFailure.Corrupted)]
    [InlineData("\"ab0c", "\"0x", KeystoreFailure.Corrupted)]
    public void Damage_is_named_before_any_work(string part, string damaged, KeystoreFailure reason)
    {
        Assert.Contains(part, PublishedScrypt, StringComparison.Ordinal);
        var json = Encoding.UTF8.GetBytes(PublishedScrypt.Replace(part, damaged, StringComparison.Ordinal));
        var failure = Assert.Throws<KeystoreException>(() => KeystoreDocument.Parse(json));
        Assert.Equal(reason, failure.Reason);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("3")]
    [InlineData("{}")]
    [InlineData("{\"version\":3,\"crypto\":null}")]
    [InlineData("{\"version\":3,\"crypto\":{\"cipher\":\"aes-128-ctr\",\"cipherparams\":3}}")]
    [InlineData("\0\0\0")]
    public void What_is_no_keystore_is_corrupted(string json) => Assert.Equal(
        KeystoreFailure.Corrupted,
        Assert.Throws<KeystoreException>(() => KeystoreDocument.Parse(Encoding.UTF8.GetBytes(json))).Reason);

    [Theory]
    [InlineData("\"c\":262144", "\"c\":10000001", KeystoreFailure.OutOfBounds)]
    [InlineData("\"c\":262144", "\"c\":0", KeystoreFailure.OutOfBounds)]
    [InlineData("hmac-sha256", "hmac-sha512", KeystoreFailure.Unsupported)]
    public void The_older_derivation_has_bounds_too(string part, string damaged, KeystoreFailure reason)
    {
        var json = Encoding.UTF8.GetBytes(PublishedPbkdf2.Replace(part, damaged, StringComparison.Ordinal));
        Assert.Equal(reason, Assert.Throws<KeystoreException>(() => KeystoreDocument.Parse(json)).Reason);
    }

    [Fact]
    public async Task An_address_that_is_not_the_keys_is_damage()
    {
        await Keystore.WriteAsync(FilePath, _key, "password", Cheap);
        using var other = KeyPair.Generate();
        var json = await File.ReadAllTextAsync(FilePath);
        var mine = Convert.ToHexStringLower(_key.Address.Bytes);
        await File.WriteAllTextAsync(FilePath, json.Replace(mine, Convert.ToHexStringLower(other.Address.Bytes), StringComparison.Ordinal));
        var failure = await Assert.ThrowsAsync<KeystoreException>(() => Keystore.ReadAsync(FilePath, "password"));
        Assert.Equal(KeystoreFailure.Corrupted, failure.Reason);
        Assert.DoesNotContain(Hex.Text(Export(_key)), failure.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    private static byte[] Export(KeyPair key)
    {
        var bytes = new byte[32];
        key.ExportPrivateKey(bytes);
        return bytes;
    }

    private sealed class OnFirstReport(Action act) : IProgress<double>
    {
        private bool _done;

        public void Report(double value)
        {
            if (!_done)
            {
                _done = true;
                act();
            }
        }
    }
}
