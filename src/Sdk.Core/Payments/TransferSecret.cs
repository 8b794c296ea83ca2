using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Payments;

/// <summary>
/// The secret of a transfer: exactly 32 bytes, so that it fits a word on every ledger, and no lock can be made that only one of them opens.
/// It prints as its hash.
/// </summary>
internal sealed class TransferSecret
{
    private readonly Hash256 _bytes;

    private TransferSecret(Hash256 bytes) => (_bytes, Hash) = (bytes, Hash256.Sha256(bytes.Bytes));

    /// <summary>SHA-256 of the secret.</summary>
    public Hash256 Hash { get; }

    /// <summary>The secret itself, for the call that shows it and for the record.</summary>
    public Hash256 Reveal() => _bytes;

    public static TransferSecret Draw()
    {
        Span<byte> bytes = stackalloc byte[Hash256.LengthBytes];
        RandomNumberGenerator.Fill(bytes);
        var secret = new TransferSecret(Hash256.FromBytes(bytes));
        CryptographicOperations.ZeroMemory(bytes);
        return secret;
    }

    /// <summary>Takes bytes that somebody showed; false where they are not behind the hash.</summary>
    public static bool TryOpen(Hash256 shown, Hash256 hash, [NotNullWhen(true)] out TransferSecret? secret)
    {
        secret = Hash256.Sha256(shown.Bytes) == hash ? new TransferSecret(shown) : null;
        return secret is not null;
    }

    public override string ToString() => $"secret behind {Hash}";
}
