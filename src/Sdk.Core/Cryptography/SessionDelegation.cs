using System.Security.Cryptography;

namespace Sdk.Core.Cryptography;

/// <summary>
/// A device's word that a session key acts for it: within the device's scopes, on its network, no longer than its credential. The
/// session is named by a counter and the device. Signed by the device's signing key over SHA-256(<c>"sdk/session-delegation/1"</c>
/// ‖ fields). Immutable and safe for many threads.
/// </summary>
public sealed class SessionDelegation
{
    /// <summary>Length in bytes of the encoding.</summary>
    public const int LengthBytes = 1 + FieldsLengthBytes + VerifyingKey.SignatureLengthBytes;

    private const byte Version = 1;
    private const int FieldsLengthBytes =
        DeviceId.LengthBytes + sizeof(ulong) + VerifyingKey.LengthBytes + sizeof(uint) + (3 * sizeof(ulong));

    private readonly byte[] _encoded;

    private SessionDelegation(byte[] encoded)
    {
        _encoded = encoded;
        var reader = new CredentialReader(encoded.AsSpan(1));
        Device = DeviceId.FromBytes(reader.Take(DeviceId.LengthBytes));
        Counter = reader.UInt64();
        SessionKey = reader.VerifyingKey();
        Scopes = reader.Scopes();
        Serial = reader.UInt64();
        NetworkId = reader.UInt64();
        Expires = reader.Time();
    }

    /// <summary>The device that delegates.</summary>
    public DeviceId Device { get; }

    /// <summary>Counts the device's sessions; a higher one fences a lower one out.</summary>
    public ulong Counter { get; }

    /// <summary>The key that signs in the session.</summary>
    public VerifyingKey SessionKey { get; }

    /// <summary>What the session may do.</summary>
    public KeyScopes Scopes { get; }

    /// <summary>The serial of the device's credential: revoking it revokes the session.</summary>
    public ulong Serial { get; }

    /// <summary>The network the delegation is good for.</summary>
    public ulong NetworkId { get; }

    /// <summary>The first moment at which the delegation is no longer good; whole seconds.</summary>
    public DateTimeOffset Expires { get; }

    private ReadOnlySpan<byte> Fields => _encoded.AsSpan(1, FieldsLengthBytes);

    /// <summary>Delegates a session, in the name of a device.</summary>
    /// <param name="device">The device; its serial and network are the delegation's.</param>
    /// <param name="sessionKey">The key that will sign in the session.</param>
    /// <param name="counter">The session's number.</param>
    /// <param name="scopes">A part of the device's scopes.</param>
    /// <param name="expires">Cut to whole seconds; not after the credential's.</param>
    /// <exception cref="ArgumentException">The scopes or the time exceed the device's credential.</exception>
    /// <exception cref="ObjectDisposedException">The device is disposed.</exception>
    public static SessionDelegation Create(
        DeviceIdentity device, SigningKey sessionKey, ulong counter, KeyScopes scopes, DateTimeOffset expires)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(sessionKey);
        var credential = device.Credential;
        expires = UnixTime.Truncate(expires, nameof(expires));
        if ((scopes & ~credential.Scopes) != 0 || expires > credential.Expires)
        {
            throw new ArgumentException("A session cannot do more, nor live longer, than the device that delegates it.");
        }

        var encoded = new byte[LengthBytes];
        encoded[0] = Version;
        var writer = new CredentialWriter(encoded.AsSpan(1));
        writer.Put(credential.Device.ToArray());
        writer.UInt64(counter);
        writer.Put(sessionKey.PublicKey.Bytes.Span);
        writer.Scopes(scopes);
        writer.UInt64(credential.Serial);
        writer.UInt64(credential.NetworkId);
        writer.Time(expires);
        device.SigningKey.Sign(Digest(encoded.AsSpan(1, FieldsLengthBytes)), encoded.AsSpan(1 + FieldsLengthBytes));
        return new SessionDelegation(encoded);
    }

    /// <summary>Reads what <see cref="Encode"/> wrote. The device's signature is not checked: <see cref="Verify"/> does that.</summary>
    /// <exception cref="CryptographyException">The bytes are not the canonical encoding of a delegation.</exception>
    public static SessionDelegation Decode(ReadOnlySpan<byte> bytes) => bytes.Length == LengthBytes && bytes[0] == Version
        ? new SessionDelegation(bytes.ToArray())
        : throw new CryptographyException($"A session delegation of version {Version} has {LengthBytes} bytes.");

    /// <summary>
    /// The canonical encoding, <see cref="LengthBytes"/> bytes: version 1, the fields in order, integers little-endian, the signature.
    /// </summary>
    public byte[] Encode() => [.. _encoded];

    /// <summary>
    /// Whether the credential is good (<see cref="DeviceCredential.Verify"/>) on this delegation's network, its device signed the
    /// delegation, and scopes and times lie within the credential's. Which account and network the caller expects, and whether the
    /// serial was revoked, the caller checks.
    /// </summary>
    public bool Verify(DeviceCredential credential, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(credential);
        return now < Expires
            && Expires <= credential.Expires
            && Device == credential.Device
            && Serial == credential.Serial
            && (Scopes & ~credential.Scopes) == 0
            && credential.Verify(NetworkId, now)
            && credential.SigningKey.Verify(Digest(Fields), _encoded.AsSpan(1 + FieldsLengthBytes));
    }

    /// <summary>Session and device.</summary>
    public override string ToString() => $"Session {Counter} of device {Device}";

    private static byte[] Digest(ReadOnlySpan<byte> fields)
    {
        byte[] message = [.. "sdk/session-delegation/1"u8, .. fields];
        return SHA256.HashData(message);
    }
}
