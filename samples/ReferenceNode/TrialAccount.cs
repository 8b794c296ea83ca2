using System.Buffers.Text;
using System.Security.Cryptography;
using Sdk.Core.Cryptography;

namespace Sdk.ReferenceNode;

/// <summary>
/// A test-only account for a node that was given none: a keystore like any other, under a random password that lies beside it (both
/// mode 600). It protects nothing from whoever reads the folder, and is worth nothing.
/// </summary>
internal static class TrialAccount
{
    private const string KeystoreName = "account.json";
    private const string PasswordName = "account.password";

    /// <summary>
    /// 2¹⁴ costs 16 MiB and a moment. The usual 2¹⁸ slows guessing of what people choose, for 256 MiB; a random password of 192 bits
    /// needs no slowing.
    /// </summary>
    private static readonly KeystoreOptions Cost = new() { ScryptN = 1 << 14 };

    /// <summary>Opens the trial account in <paramref name="folder"/>, or makes it.</summary>
    public static async Task<KeyPair> OpenOrCreateAsync(string folder, CancellationToken cancellationToken)
    {
        var (keystore, passwordFile) = (Path.Combine(folder, KeystoreName), Path.Combine(folder, PasswordName));
        if (File.Exists(keystore))
        {
            return await Keystore.ReadAsync(keystore, await File.ReadAllTextAsync(passwordFile, cancellationToken), cancellationToken: cancellationToken);
        }

        var password = NewPassword();
        WritePrivately(passwordFile, password);
        return await CreateAsync(keystore, password, cancellationToken);
    }

    /// <summary>Makes an account in a new keystore under a password that the caller keeps.</summary>
    public static async Task<KeyPair> CreateAsync(string keystore, string password, CancellationToken cancellationToken)
    {
        var key = KeyPair.GenerateTestOnly();
        await Keystore.WriteAsync(keystore, key, password, Cost, cancellationToken: cancellationToken);
        return key;
    }

    public static string NewPassword() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(24));

    private static void WritePrivately(string path, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var writer = new StreamWriter(path, options);
        writer.Write(text);
    }
}
