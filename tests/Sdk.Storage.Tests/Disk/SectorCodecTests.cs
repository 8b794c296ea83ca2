using System.Buffers.Binary;
using System.Security.Cryptography;
using Sdk.Storage.Disk;

namespace Sdk.Storage.Tests.Disk;

public sealed class SectorCodecTests : IDisposable
{
    private static readonly SliceOrigin Origin = new(new DiskId(7), 3, 0);

    private readonly DiskKeys _keys = DiskKeys.Derive(new byte[32], Origin.Disk);
    private readonly SectorCodec _codec;

    public SectorCodecTests() => _codec = new SectorCodec(_keys);

    public void Dispose()
    {
        _codec.Dispose();
        _keys.Dispose();
    }

    [Fact]
    public void What_was_sealed_opens_at_its_place_and_gaps_are_zeros()
    {
        byte[]?[] sectors = new byte[]?[64];
        ulong mask = 0b1011UL << 20;
        byte[] stored = SealRandom(sectors, mask, version: 5);
        byte[] plaintext = new byte[4 * 4096];
        Array.Fill(plaintext, (byte)0xEE);
        _codec.Open(Origin, 20, mask >> 20, [5, 5, 0, 5], stored, plaintext);
        Assert.Equal(sectors[20], plaintext[..4096]);
        Assert.Equal(sectors[21], plaintext[4096..8192]);
        Assert.All(plaintext[8192..12288], b => Assert.Equal(0, b));
        Assert.Equal(sectors[23], plaintext[12288..]);
    }

    [Fact]
    public void A_sector_does_not_open_elsewhere_or_as_another_version_or_generation()
    {
        byte[] stored = SealRandom(new byte[]?[64], 1, version: 5);
        byte[] plaintext = new byte[4096];
        Assert.Throws<SectorAuthenticationException>(() => _codec.Open(Origin, 1, 1, [5], stored, plaintext));
        Assert.Throws<SectorAuthenticationException>(() => _codec.Open(Origin, 0, 1, [6], stored, plaintext));
        Assert.Throws<SectorAuthenticationException>(() => _codec.Open(Origin with { Slice = 4 }, 0, 1, [5], stored, plaintext));
        Assert.Throws<SectorAuthenticationException>(() => _codec.Open(Origin with { KeyGeneration = 1 }, 0, 1, [5], stored, plaintext));
        Assert.Throws<SectorAuthenticationException>(() => _codec.Open(Origin with { Disk = new DiskId(8) }, 0, 1, [5], stored, plaintext));
        _codec.Open(Origin, 0, 1, [5], stored, plaintext);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(12)]
    [InlineData(28)]
    [InlineData(4123)]
    public void A_flipped_bit_is_refused_and_leaves_only_zeros(int place)
    {
        byte[] stored = SealRandom(new byte[]?[64], 0b11, version: 1);
        stored[4124 + place] ^= 1;
        byte[] plaintext = new byte[8192];
        Assert.Throws<SectorAuthenticationException>(() => _codec.Open(Origin, 0, 0b11, [1, 1], stored, plaintext));
        Assert.All(plaintext, b => Assert.Equal(0, b));
    }

    [Fact]
    public void The_format_is_AES_256_GCM_under_the_derived_key_with_the_documented_associated_data()
    {
        byte[]?[] sectors = new byte[]?[64];
        byte[] stored = SealRandom(sectors, 1UL << 63, version: 0x0102030405060708);
        byte[] key = new byte[32];
        _keys.DeriveSliceKey(Origin, key);
        byte[] associated = new byte[36];
        associated[15] = 7;
        BinaryPrimitives.WriteUInt64LittleEndian(associated.AsSpan(16), 3 * 64 + 63);
        BinaryPrimitives.WriteUInt64LittleEndian(associated.AsSpan(28), 0x0102030405060708);
        using var aes = new AesGcm(key, 16);
        byte[] plaintext = new byte[4096];
        aes.Decrypt(stored.AsSpan(0, 12), stored.AsSpan(28), stored.AsSpan(12, 16), plaintext, associated);
        Assert.Equal(sectors[63], plaintext);
    }

    [Fact]
    public void No_nonce_comes_twice()
    {
        var seen = new HashSet<string>();
        byte[]?[] sectors = new byte[]?[64];
        for (int batch = 0; batch < 50; batch++)
        {
            byte[] stored = SealRandom(sectors, ulong.MaxValue, version: 1);
            for (int sector = 0; sector < 64; sector++)
            {
                Assert.True(seen.Add(Convert.ToHexString(stored, sector * 4124, 12)));
            }
        }
    }

    [Fact]
    public void Sealing_and_opening_with_a_held_key_allocate_nothing()
    {
        byte[]?[] sectors = new byte[]?[64];
        byte[] stored = SealRandom(sectors, ulong.MaxValue, version: 1);
        byte[] plaintext = new byte[64 * 4096];
        ulong[] versions = Enumerable.Repeat(1UL, 64).ToArray();
        _codec.Open(Origin, 0, ulong.MaxValue, versions, stored, plaintext);
        long before = GC.GetAllocatedBytesForCurrentThread();
        _codec.Seal(Origin, 1, ulong.MaxValue, sectors, stored);
        _codec.Open(Origin, 0, ulong.MaxValue, versions, stored, plaintext);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Held_keys_stay_within_their_bound_and_the_one_used_least_lately_goes()
    {
        using var held = new HeldSliceKeys(_keys, heldMax: 3);
        for (uint slice = 0; slice < 3; slice++)
        {
            held.Return(held.Take(Origin with { Slice = slice }));
        }

        HeldSliceKeys.HeldKey first = held.Take(Origin with { Slice = 0 });
        held.Return(first);
        held.Return(held.Take(Origin with { Slice = 9 }));
        Assert.Equal(3, held.Count);
        Assert.Same(first, held.Take(Origin with { Slice = 0 }));
        HeldSliceKeys.HeldKey second = held.Take(Origin with { Slice = 0 });
        Assert.NotSame(first, second);
        held.Return(first);
        held.Return(second);
        Assert.Equal(3, held.Count);
    }

    [Fact]
    public void Many_threads_may_seal_and_open_the_same_slice()
    {
        Parallel.For(0, 200, seed =>
        {
            byte[]?[] sectors = new byte[]?[64];
            byte[] stored = SealRandom(sectors, 0b11, (ulong)seed, new Random(seed));
            byte[] plaintext = new byte[8192];
            _codec.Open(Origin, 0, 0b11, [(ulong)seed, (ulong)seed], stored, plaintext);
            Assert.Equal(sectors[1], plaintext[4096..]);
        });
    }

    private byte[] SealRandom(byte[]?[] sectors, ulong mask, ulong version, Random? random = null)
    {
        random ??= new Random(1);
        int count = 0;
        for (int sector = 0; sector < 64; sector++)
        {
            if ((mask >> sector & 1) != 0)
            {
                random.NextBytes(sectors[sector] = new byte[4096]);
                count++;
            }
        }

        byte[] stored = new byte[count * 4124];
        _codec.Seal(Origin, version, mask, sectors, stored);
        return stored;
    }
}
