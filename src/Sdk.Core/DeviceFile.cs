using System.Security.Cryptography;
using Sdk.Core.Cryptography;
using Sdk.Core.Persistence;

namespace Sdk.Core;

/// <summary>
/// The device's secrets at rest: sealed to a key that is derived from the account's, so that whoever opens the account's
/// keystore opens the device, and the file alone tells nothing.
/// </summary>
internal static class DeviceFile
{
    private const string FileName = "device";
    private const int MaxBytes = 4096;

    private static ReadOnlySpan<byte> Purpose => "sdk/device-file/1"u8;

    public static AgreementKey DeriveAgreementKey(KeyPair account)
    {
        Span<byte> seed = stackalloc byte[32];
        try
        {
            account.DeriveSecret("sdk/account-agreement/1"u8, seed);
            return AgreementKey.FromSeed(seed);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(seed);
        }
    }

    public static DeviceIdentity OpenOrCreate(DataDirectory? directory, KeyPair account, AgreementKey agreement, NodeOptions options)
    {
        if (directory is null)
        {
            return Create(account, options);
        }

        return directory.ReadFile(FileName, MaxBytes) is { } sealedSecrets
            ? Open(sealedSecrets, agreement)
            : CreateAndKeep(directory, account, agreement, options);
    }

    private static DeviceIdentity Create(KeyPair account, NodeOptions options)
    {
        var now = options.TimeProvider.GetUtcNow();

        // Serials name devices for revocation and must differ; time does, as long as one account makes devices one at a time.
        return DeviceIdentity.Create(account, options.Scopes, (ulong)now.ToUnixTimeMilliseconds(), options.NetworkId, now + options.CredentialLifetime);
    }

    private static DeviceIdentity Open(byte[] sealedSecrets, AgreementKey agreement)
    {
        var secrets = Hpke.Open(agreement, Purpose, default, sealedSecrets);
        try
        {
            return DeviceIdentity.Import(secrets);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secrets);
        }
    }

    private static DeviceIdentity CreateAndKeep(DataDirectory directory, KeyPair account, AgreementKey agreement, NodeOptions options)
    {
        var device = Create(account, options);
        var secrets = device.Export();
        try
        {
            directory.WriteFile(FileName, Hpke.Seal(agreement.PublicKey.Span, Purpose, default, secrets));
            return device;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secrets);
        }
    }
}
