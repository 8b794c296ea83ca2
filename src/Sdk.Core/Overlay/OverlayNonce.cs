using System.Security.Cryptography;
using Sdk.Core.Persistence;

namespace Sdk.Core.Overlay;

/// <summary>The nonce of the node's overlay address, kept across restarts: with another one it would be another node.</summary>
internal static class OverlayNonce
{
    private const string FileName = "overlay-nonce";

    /// <exception cref="ArgumentException">The nonce that is given has another length.</exception>
    /// <exception cref="InvalidDataException">The file holds something else.</exception>
    public static byte[] Open(DataDirectory? directory, ReadOnlyMemory<byte>? given)
    {
        if (given is { } nonce)
        {
            return nonce.Length == NodeRecord.NonceBytes
                ? nonce.ToArray()
                : throw new ArgumentException($"An overlay nonce has {NodeRecord.NonceBytes} bytes, not {nonce.Length}.");
        }

        if (directory?.ReadFile(FileName, NodeRecord.NonceBytes) is { } kept)
        {
            return kept.Length == NodeRecord.NonceBytes ? kept : throw new InvalidDataException($"The file '{FileName}' of the data directory is damaged.");
        }

        var fresh = RandomNumberGenerator.GetBytes(NodeRecord.NonceBytes);
        directory?.WriteFile(FileName, fresh);
        return fresh;
    }
}
