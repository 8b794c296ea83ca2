using Sdk.Core.Cryptography;

namespace Sdk.ReferenceNode.Demo;

/// <summary>The owner of the demo's disk: a throw-away key in a keystore, as a user would have it, under a password held here only.</summary>
internal sealed class DemoAccount : IDisposable
{
    public const string DiskName = "demo";

    private DemoAccount(KeyPair key, string keystorePath, string password)
    {
        Key = key;
        KeystorePath = keystorePath;
        Password = password;
    }

    public KeyPair Key { get; }

    public string KeystorePath { get; }

    public string Password { get; }

    public static async Task<DemoAccount> CreateAsync(string directory, CancellationToken cancellationToken)
    {
        var (path, password) = (Path.Combine(directory, "account.json"), TrialAccount.NewPassword());
        return new DemoAccount(await TrialAccount.CreateAsync(path, password, cancellationToken), path, password);
    }

    public void Dispose() => Key.Dispose();
}
