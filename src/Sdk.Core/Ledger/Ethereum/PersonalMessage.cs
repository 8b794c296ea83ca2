using System.Globalization;
using System.Text;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Ethereum;

/// <summary>
/// A text that a person signs with a wallet (EIP-191, version 0x45: <c>personal_sign</c>). The prefix keeps such a signature from ever
/// being one of a transaction or of typed data.
/// </summary>
public static class PersonalMessage
{
    private const string Prefix = "\u0019Ethereum Signed Message:\n";

    /// <summary>What is signed: Keccak-256 of the prefix, the message's length in bytes in decimal digits, and the message.</summary>
    public static Hash256 Digest(ReadOnlySpan<byte> message) =>
        Keccak256.Hash([.. Encoding.ASCII.GetBytes(Prefix + message.Length.ToString(CultureInfo.InvariantCulture)), .. message]);

    /// <summary>What is signed, for a text in UTF-8.</summary>
    public static Hash256 Digest(string message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return Digest(Encoding.UTF8.GetBytes(message));
    }
}
