namespace Sdk.Core.Cryptography;

/// <summary>
/// What authenticates the sender beyond the seal itself, by RFC 9180's modes: nothing, a pre-shared key, a key of the sender, or both.
/// </summary>
internal sealed record HpkeAuthentication
{
    public static HpkeAuthentication None { get; } = new();

    /// <summary>A pre-shared key of at least 32 bytes; empty for none.</summary>
    public ReadOnlyMemory<byte> PreSharedKey { get; init; }

    public ReadOnlyMemory<byte> PreSharedKeyId { get; init; }

    /// <summary>The sender's private key, on the sender's side.</summary>
    public AgreementKey? SenderKey { get; init; }

    /// <summary>The sender's public key, on the recipient's side; empty for none.</summary>
    public ReadOnlyMemory<byte> SenderPublicKey { get; init; }
}
