using System.Security.Cryptography;
using System.Text;
using Sdk.Core.Cryptography;
using Sdk.Storage.Disk;

namespace Sdk.Storage.Tests.Disk;

public sealed class DiskKeysTests
{
    private static readonly byte[] Secret = SHA256.HashData("an account secret"u8);
    private static readonly DiskId Disk = DiskId.Derive(new byte[20], "photos", new byte[16]);

    [Fact]
    public void The_same_secret_gives_the_same_keys_and_another_disk_generation_or_slice_gives_others()
    {
        var origin = new SliceOrigin(Disk, 1, 0);
        string key = SliceKey(Secret, origin);
        Assert.Equal(key, SliceKey(Secret, origin));
        Assert.NotEqual(key, SliceKey(Secret, origin with { Slice = 2 }));
        Assert.NotEqual(key, SliceKey(Secret, origin with { KeyGeneration = 1 }));
        Assert.NotEqual(key, SliceKey(Secret, origin with { Disk = new DiskId(1) }));
        Assert.NotEqual(key, SliceKey(new byte[32], origin));
    }

    [Fact]
    public void Keys_are_derived_as_documented()
    {
        byte[] id = new byte[16];
        Disk.CopyTo(id);
        byte[] master = HKDF.DeriveKey(HashAlgorithmName.SHA256, Secret, 32, salt: [], [.. "sdk/disk-master/1"u8, .. id]);
        byte[] expected = HKDF.Expand(HashAlgorithmName.SHA256, master, 32, [.. "sdk/slice-key/1"u8, .. id, 9, 0, 0, 0, 2, 0, 0, 0]);
        Assert.Equal(Convert.ToHexString(expected), SliceKey(Secret, new SliceOrigin(Disk, 9, 2)));
    }

    [Fact]
    public void A_commitment_refuses_the_keys_of_another_secret()
    {
        using DiskKeys right = DiskKeys.Derive(Secret, Disk);
        using DiskKeys wrong = DiskKeys.Derive(new byte[32], Disk);
        Hash256 commitment = right.Commitment;
        right.CheckCommitment(commitment);
        Assert.Throws<DiskKeyMismatchException>(() => wrong.CheckCommitment(commitment));
    }

    [Fact]
    public void Disposed_keys_derive_nothing()
    {
        DiskKeys keys = DiskKeys.Derive(Secret, Disk);
        keys.Dispose();
        Assert.Throws<ObjectDisposedException>(() => keys.DeriveSliceKey(new SliceOrigin(Disk, 0, 0), new byte[32]));
    }

    [Fact]
    public void A_disk_id_depends_on_owner_name_and_salt()
    {
        byte[] owner = new byte[20];
        byte[] salt = new byte[16];
        DiskId id = DiskId.Derive(owner, "a", salt);
        Assert.Equal(id, DiskId.Derive(owner, "a", salt));
        Assert.NotEqual(id, DiskId.Derive(owner, "b", salt));
        owner[0] = 1;
        Assert.NotEqual(id, DiskId.Derive(owner, "a", salt));
        owner[0] = 0;
        salt[15] = 1;
        Assert.NotEqual(id, DiskId.Derive(owner, "a", salt));
        Assert.Throws<ArgumentException>(() => DiskId.Derive(owner, new string('é', 128), salt));

        byte[] bytes = new byte[16];
        id.CopyTo(bytes);
        Assert.Equal(id, DiskId.FromBytes(bytes));
        Assert.Equal(Convert.ToHexStringLower(bytes), id.ToString());
        Assert.Equal(id, DiskId.FromBytes(SHA256.HashData([.. "sdk/disk-id/1"u8, .. new byte[36], .. Encoding.UTF8.GetBytes("a")]).AsSpan(0, 16)));
    }

    private static string SliceKey(byte[] secret, SliceOrigin origin)
    {
        using DiskKeys keys = DiskKeys.Derive(secret, Disk);
        byte[] key = new byte[32];
        keys.DeriveSliceKey(origin, key);
        return Convert.ToHexString(key);
    }
}
