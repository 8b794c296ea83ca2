namespace Sdk.Core.Cryptography;

/// <summary>
/// The private half of a device: its three keys and the credential by which the account vouches for them. One purpose per key:
/// the node key is the peer id, the signing key delegates sessions, the agreement key opens what was sealed to the device.
/// </summary>
public sealed class DeviceIdentity : IDisposable
{
    /// <summary>Length in bytes of what <see cref="Export"/> writes.</summary>
    public const int ExportLengthBytes = 1 + KeyPair.PrivateKeyLengthBytes + (2 * P256.ScalarLengthBytes) + DeviceCredential.LengthBytes;

    private const byte Version = 1;

    private DeviceIdentity(KeyPair nodeKey, SigningKey signingKey, AgreementKey agreementKey, DeviceCredential credential)
    {
        NodeKey = nodeKey;
        SigningKey = signingKey;
        AgreementKey = agreementKey;
        Credential = credential;
    }

    /// <summary>The device's identity on the network.</summary>
    public KeyPair NodeKey { get; }

    /// <summary>Delegates sessions.</summary>
    public SigningKey SigningKey { get; }

    /// <summary>Opens what others sealed to the device.</summary>
    public AgreementKey AgreementKey { get; }

    /// <summary>The account's word for the three keys.</summary>
    public DeviceCredential Credential { get; }

    /// <summary>The device's name.</summary>
    public DeviceId Device => Credential.Device;

    /// <summary>Makes a device with new keys, vouched for by the account. The account's key is not kept.</summary>
    /// <param name="account">The account's key pair.</param>
    /// <param name="scopes">What the device may do.</param>
    /// <param name="serial">The number by which the account revokes it; unique per account.</param>
    /// <param name="networkId">The network.</param>
    /// <param name="expires">Cut to whole seconds; not before 1970.</param>
    /// <exception cref="ArgumentException">A scope does not exist, or the time is before 1970.</exception>
    /// <exception cref="ObjectDisposedException">The account's key is disposed.</exception>
    public static DeviceIdentity Create(KeyPair account, KeyScopes scopes, ulong serial, ulong networkId, DateTimeOffset expires)
    {
        ArgumentNullException.ThrowIfNull(account);
        var nodeKey = account.IsTestOnly ? KeyPair.GenerateTestOnly() : KeyPair.Generate();
        var signingKey = SigningKey.Generate();
        var agreementKey = AgreementKey.Generate();
        try
        {
            var credential = DeviceCredential.Issue(
                account, nodeKey.PublicKey, signingKey.PublicKey, agreementKey.PublicKey, scopes, serial, networkId, expires);
            return new DeviceIdentity(nodeKey, signingKey, agreementKey, credential);
        }
        catch
        {
            nodeKey.Dispose();
            signingKey.Dispose();
            agreementKey.Dispose();
            throw;
        }
    }

    /// <summary>Reads what <see cref="Export"/> wrote and checks that the keys are the credential's.</summary>
    /// <exception cref="CryptographyException">The bytes are not such an export.</exception>
    public static DeviceIdentity Import(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != ExportLengthBytes || bytes[0] != Version)
        {
            throw new CryptographyException($"An exported device of version {Version} has {ExportLengthBytes} bytes.");
        }

        KeyPair? nodeKey = null;
        SigningKey? signingKey = null;
        AgreementKey? agreementKey = null;
        try
        {
            var reader = new CredentialReader(bytes[1..]);
            nodeKey = KeyPair.FromPrivateKey(reader.Take(KeyPair.PrivateKeyLengthBytes));
            signingKey = SigningKey.FromScalar(reader.Take(P256.ScalarLengthBytes));
            agreementKey = AgreementKey.FromScalar(reader.Take(P256.ScalarLengthBytes));
            var credential = DeviceCredential.Decode(reader.Take(DeviceCredential.LengthBytes));
            if (credential.NodeKey.Equals(nodeKey.PublicKey)
                && credential.SigningKey.Equals(signingKey.PublicKey)
                && credential.AgreementKey.Span.SequenceEqual(agreementKey.PublicKey.Span))
            {
                return new DeviceIdentity(nodeKey, signingKey, agreementKey, credential);
            }

            throw new CryptographyException("The keys of an exported device are not those of its credential.");
        }
        catch (SdkException exception)
        {
            nodeKey?.Dispose();
            signingKey?.Dispose();
            agreementKey?.Dispose();
            throw exception as CryptographyException ?? new CryptographyException("An exported device holds an invalid key.", exception);
        }
    }

    /// <summary>
    /// The three private keys and the credential, in the clear: the caller seals them before they are stored, and zeroes the array.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The keys are disposed.</exception>
    public byte[] Export()
    {
        // Pinned, so that zeroing it leaves no copy behind.
        var bytes = GC.AllocateArray<byte>(ExportLengthBytes, pinned: true);
        bytes[0] = Version;
        var rest = bytes.AsSpan(1);
        NodeKey.ExportPrivateKey(rest);
        rest = rest[KeyPair.PrivateKeyLengthBytes..];
        SigningKey.ExportScalar(rest);
        rest = rest[P256.ScalarLengthBytes..];
        AgreementKey.ExportScalar(rest);
        Credential.Encode().CopyTo(rest[P256.ScalarLengthBytes..]);
        return bytes;
    }

    /// <summary>Zeroes and frees the three keys.</summary>
    public void Dispose()
    {
        NodeKey.Dispose();
        SigningKey.Dispose();
        AgreementKey.Dispose();
    }

    /// <summary>The device's name and account; never a key.</summary>
    public override string ToString() => $"Device {Device} of account {Credential.Account}";
}
