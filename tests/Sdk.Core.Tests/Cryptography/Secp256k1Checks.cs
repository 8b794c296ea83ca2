using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Tests.Cryptography;

/// <summary>What every implementation of the curve must do, to be run on each.</summary>
internal sealed class Secp256k1Checks(Secp256k1 curve)
{
    public const string BitcoinFile = "ecdsa_secp256k1_sha256_bitcoin_test.json";
    public const string P1363File = "ecdsa_secp256k1_sha256_p1363_test.json";

    private const string One = "0000000000000000000000000000000000000000000000000000000000000001";
    private const string OrderMinusOne = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140";
    private const string GeneratorX = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

    // The vectors of RFC 6979 on secp256k1 that Bitcoin's implementations share (bitcoinjs, trezor-crypto); SHA-256 of the message.
    private static readonly (string Key, string Message, string Signature)[] Published =
    [
        (One, "Satoshi Nakamoto",
            "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
            + "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5"),
        (One, "All those moments will be lost in time, like tears in rain. Time to die...",
            "8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b"
            + "547fe64427496db33bf66019dacbf0039c04199abb0122918601db38a72cfc21"),
        (OrderMinusOne, "Satoshi Nakamoto",
            "fd567d121db66e382991534ada77a6bd3106f0a1098c231e47993447cd6af2d0"
            + "6b39cd0eb1bc8603e159ef5c20a5c8ad685a45b06ce9bebed3f153d10d93bed5"),
        ("f8b8af8ce3c7cca5e300d33939540c10d45ce001b8f252bfbc57ba0342904181", "Alan Turing",
            "7063ae83e7f62bbb171798131b4a0564b956930092b33b07b395615d9ec7e15c"
            + "58dfcc1e00a35e1572f366ffe34ba0fc47db1e7189759b9fb233c5b05ab388ea"),
    ];

    public void PublishedSignatures()
    {
        foreach (var (key, message, expected) in Published)
        {
            var signature = new byte[64];
            curve.Sign(Hex.Bytes(key), SHA256.HashData(Encoding.UTF8.GetBytes(message)), signature);
            Assert.Equal(expected, Hex.Text(signature));
        }
    }

    // SEC 2, 2.4.1: the generator; and −G, which has the same x.
    public void PublishedPublicKeys()
    {
        var key = new byte[65];
        curve.DerivePublicKey(Hex.Bytes(One), key);
        Assert.Equal("04" + GeneratorX + "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8", Hex.Text(key));
        curve.DerivePublicKey(Hex.Bytes(OrderMinusOne), key);
        Assert.Equal("04" + GeneratorX, Hex.Text(key.AsSpan(0, 33)));
        Assert.Equal(1, key[64] & 1);
    }

    public void SignaturesAreLowAndRecoverable()
    {
        var recoveryIds = new HashSet<int>();
        byte[] publicKey = new byte[65], recovered = new byte[65], signature = new byte[64];
        for (var i = 0; i < 64; i++)
        {
            var key = SHA256.HashData(BitConverter.GetBytes(i));
            var digest = SHA256.HashData(key);
            curve.DerivePublicKey(key, publicKey);
            var recoveryId = curve.Sign(key, digest, signature);
            recoveryIds.Add(recoveryId);
            Assert.True(signature.AsSpan(32).SequenceCompareTo(Secp256k1.HalfOrder) <= 0);
            Assert.True(curve.Verify(publicKey, digest, signature));
            Assert.True(curve.TryRecover(digest, signature, recoveryId, recovered));
            Assert.Equal(publicKey, recovered);
            Assert.True(!curve.TryRecover(digest, signature, recoveryId ^ 1, recovered) || !publicKey.SequenceEqual(recovered));
            signature[i] ^= 1;
            Assert.False(curve.Verify(publicKey, digest, signature));
        }

        Assert.Equal([0, 1], recoveryIds.Order());
    }

    public void InvalidPointsAreRefused()
    {
        const string Prime = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f";
        const string Zeros = "0000000000000000000000000000000000000000000000000000000000000000";
        const string Five = "0000000000000000000000000000000000000000000000000000000000000005";
        var y = "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";
        var destination = new byte[65];
        Assert.True(curve.TryParsePublicKey(Hex.Bytes("02" + GeneratorX), destination));
        Assert.Equal("04" + GeneratorX + y, Hex.Text(destination));
        Assert.True(curve.TryParsePublicKey(Hex.Bytes("04" + GeneratorX + y), destination));
        foreach (var bad in new[]
        {
            "", "00", "02", "02" + GeneratorX + "00", "01" + GeneratorX, "04" + GeneratorX, "02" + GeneratorX + y,
            "04" + GeneratorX + y[..^1] + "9", "06" + GeneratorX + y, "07" + GeneratorX + y, "00" + GeneratorX + y,
            "02" + Prime, "04" + Zeros + Zeros, "02" + Five, "02" + Zeros,
        })
        {
            Assert.False(curve.TryParsePublicKey(Hex.Bytes(bad), destination), bad);
        }
    }

    public void ImpossibleRecoveries()
    {
        // No point has x = 5; and where s R = e G the key would be the point at infinity: R = G, s = e.
        var destination = new byte[65];
        var noPoint = Hex.Bytes("0000000000000000000000000000000000000000000000000000000000000005" + One);
        Assert.False(curve.TryRecover(new byte[32], noPoint, 0, destination));
        Assert.False(curve.TryRecover(Hex.Bytes(One), Hex.Bytes(GeneratorX + One), 0, destination));
        Assert.True(curve.TryRecover(Hex.Bytes(One), Hex.Bytes(GeneratorX + One), 1, destination));
    }

    public void TweakedKeysMatch()
    {
        byte[] publicKey = new byte[65], tweaked = new byte[65], expected = new byte[65], sum = new byte[32];
        foreach (var (key, tweak) in Scalars().Zip(Scalars().Reverse()).Concat([(Hex.Bytes(One), Hex.Bytes(One)), (Hex.Bytes(OrderMinusOne), Hex.Bytes(OrderMinusOne))]))
        {
            var left = new System.Numerics.BigInteger(key, true, true);
            var order = new System.Numerics.BigInteger(Secp256k1.Order, true, true);
            Secp256k1.AddScalars(key, tweak, sum);
            Assert.Equal((left + new System.Numerics.BigInteger(tweak, true, true)) % order, new System.Numerics.BigInteger(sum, true, true));
            curve.DerivePublicKey(key, publicKey);
            curve.DerivePublicKey(sum, expected);
            Assert.True(curve.TryTweak(publicKey, tweak, tweaked));
            Assert.Equal(expected, tweaked);
        }

        // (n − 1) + 1 is no key.
        curve.DerivePublicKey(Hex.Bytes(OrderMinusOne), publicKey);
        Assert.False(curve.TryTweak(publicKey, Hex.Bytes(One), tweaked));
        Secp256k1.AddScalars(Hex.Bytes(OrderMinusOne), Hex.Bytes(One), sum);
        Assert.Equal(new byte[32], sum);
    }

    private static IEnumerable<byte[]> Scalars() => Enumerable.Range(0, 32).Select(i => SHA256.HashData(BitConverter.GetBytes(i)));

    public void AgreesWith(Secp256k1 other)
    {
        byte[] mine = new byte[64], theirs = new byte[64], myKey = new byte[65], theirKey = new byte[65];
        var edge = Hex.Bytes(OrderMinusOne);
        var digests = new List<byte[]> { new byte[32], edge, Secp256k1.Order.ToArray(), Enumerable.Repeat((byte)0xFF, 32).ToArray() };
        var keys = new List<byte[]> { Hex.Bytes(One), edge };
        for (var i = 0; i < 32; i++)
        {
            digests.Add(SHA256.HashData(BitConverter.GetBytes(i)));
            keys.Add(SHA256.HashData(BitConverter.GetBytes(-1 - i)));
        }

        foreach (var key in keys)
        {
            curve.DerivePublicKey(key, myKey);
            other.DerivePublicKey(key, theirKey);
            Assert.Equal(theirKey, myKey);
            foreach (var digest in digests)
            {
                Assert.Equal(other.Sign(key, digest, theirs), curve.Sign(key, digest, mine));
                Assert.Equal(theirs, mine);
            }
        }
    }

    public void WycheproofBitcoin() => Judge(BitcoinFile, (publicKey, digest, bytes) =>
        Signature.TryParseDer(bytes, out var signature) && curve.Verify(publicKey, digest, signature.ToArray().AsSpan(0, 64)));

    // This file judges plain ECDSA, in which a high s is valid: it is turned into the low one before the curve sees it.
    public void WycheproofP1363() => Judge(P1363File, (publicKey, digest, bytes) =>
    {
        if (bytes.Length != 64 || !Secp256k1.IsScalar(bytes.AsSpan(0, 32)) || !Secp256k1.IsScalar(bytes.AsSpan(32)))
        {
            return false;
        }

        if (bytes.AsSpan(32).SequenceCompareTo(Secp256k1.HalfOrder) > 0)
        {
            var low = new System.Numerics.BigInteger(Secp256k1.Order, true, true) - new System.Numerics.BigInteger(bytes.AsSpan(32), true, true);
            bytes = [.. bytes[..32], .. new byte[32 - low.GetByteCount(true)], .. low.ToByteArray(true, true)];
        }

        return curve.Verify(publicKey, digest, bytes);
    });

    private void Judge(string fileName, Func<byte[], byte[], byte[], bool> isValid)
    {
        using var file = JsonDocument.Parse(File.ReadAllText(VectorFactAttribute.PathOf(fileName)));
        var publicKey = new byte[65];
        var judged = 0;
        foreach (var group in file.RootElement.GetProperty("testGroups").EnumerateArray())
        {
            var encoded = Hex.Bytes(group.GetProperty("publicKey").GetProperty("uncompressed").GetString()!);
            Assert.True(curve.TryParsePublicKey(encoded, publicKey));
            foreach (var test in group.GetProperty("tests").EnumerateArray())
            {
                var digest = SHA256.HashData(Hex.Bytes(test.GetProperty("msg").GetString()!));
                var expected = test.GetProperty("result").GetString() == "valid";
                Assert.True(
                    expected == isValid(publicKey, digest, Hex.Bytes(test.GetProperty("sig").GetString()!)),
                    $"{fileName} {test.GetProperty("tcId")}: {test.GetProperty("comment")}");
                judged++;
            }
        }

        Assert.Equal(file.RootElement.GetProperty("numberOfTests").GetInt32(), judged);
    }
}
