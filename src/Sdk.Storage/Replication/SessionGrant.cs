using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Storage.Disk;

namespace Sdk.Storage.Replication;

/// <summary>
/// Who may sign for a disk's owner in one session: the account's credential for a device, and the device's delegation
/// to the session key. Self-contained, so that a head carries its own proof wherever it goes.
/// </summary>
internal sealed class SessionGrant
{
    /// <summary>Bound of an encoded credential or delegation.</summary>
    private const int MaxPartBytes = 512;

    /// <summary>Bound of an encoded grant.</summary>
    public const int MaxEncodedBytes = 2 * (2 + MaxPartBytes);

    private readonly byte[] _encoded;
    private (AccountAddress Owner, ulong NetworkId)? _verifiedFor;

    public SessionGrant(DeviceCredential credential, SessionDelegation delegation)
    {
        Credential = credential;
        Delegation = delegation;
        Session = new SessionId(delegation.Counter, delegation.Device);
        _encoded = Encode(credential.Encode(), delegation.Encode());
    }

    public DeviceCredential Credential { get; }

    public SessionDelegation Delegation { get; }

    public SessionId Session { get; }

    public VerifyingKey SessionKey => Delegation.SessionKey;

    /// <summary>Reads a grant; equal grants come out of <paramref name="known"/> as the same object, decoded and verified once.</summary>
    public static SessionGrant? Read(ref FieldReader reader, GrantCache known)
    {
        var credential = reader.Bytes(reader.UInt16());
        var delegation = reader.Bytes(reader.UInt16());
        return reader.Failed || credential.Length > MaxPartBytes || delegation.Length > MaxPartBytes
            ? null
            : known.GetOrDecode(credential, delegation);
    }

    /// <summary>
    /// True when the owner's account signed for the device and the device for the session key, with the right to write,
    /// on this network. Expiry counts where a session opens (<paramref name="now"/>), not when an old head is read again.
    /// </summary>
    public bool Verify(AccountAddress owner, ulong networkId, DateTimeOffset? now)
    {
        const KeyScopes needed = KeyScopes.OpenDisk | KeyScopes.WriteDisk;
        if (now is { } time && (time >= Credential.Expires || time >= Delegation.Expires))
        {
            return false;
        }

        if (_verifiedFor == (owner, networkId))
        {
            return true;
        }

        var verified = Credential.Account == owner
            && (Credential.Scopes & Delegation.Scopes & needed) == needed
            && Credential.Verify(networkId, DateTimeOffset.UnixEpoch)
            && Delegation.Verify(Credential, DateTimeOffset.UnixEpoch);
        if (verified)
        {
            _verifiedFor = (owner, networkId);
        }

        return verified;
    }

    public void WriteTo(ref FieldWriter writer) => writer.Bytes(_encoded);

    private static byte[] Encode(ReadOnlySpan<byte> credential, ReadOnlySpan<byte> delegation)
    {
        Span<byte> buffer = stackalloc byte[MaxEncodedBytes];
        var writer = new FieldWriter(buffer);
        writer.UInt16(checked((ushort)credential.Length));
        writer.Bytes(credential);
        writer.UInt16(checked((ushort)delegation.Length));
        writer.Bytes(delegation);
        return writer.Written.ToArray();
    }
}

/// <summary>Grants that were decoded before: many heads carry the same one, and importing its keys costs more than the rest of a head.</summary>
internal sealed class GrantCache
{
    /// <summary>Sessions whose heads are commonly alive at once; beyond, the cache starts anew.</summary>
    private const int MaxGrants = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<Hash256, SessionGrant> _grants = [];

    public SessionGrant? GetOrDecode(ReadOnlySpan<byte> credential, ReadOnlySpan<byte> delegation)
    {
        var key = Hash256.Sha256(Hash256.Sha256(credential).Bytes, Hash256.Sha256(delegation).Bytes);
        lock (_lock)
        {
            if (_grants.TryGetValue(key, out var known))
            {
                return known;
            }
        }

        SessionGrant grant;
        try
        {
            grant = new SessionGrant(DeviceCredential.Decode(credential), SessionDelegation.Decode(delegation));
        }
        catch (CryptographyException)
        {
            return null; // Not well-formed: for the caller the same as a field that is missing.
        }

        lock (_lock)
        {
            if (_grants.Count >= MaxGrants)
            {
                _grants.Clear();
            }

            _grants[key] = grant;
        }

        return grant;
    }
}
