using System.Text.Json;

namespace Sdk.Core.Cryptography;

/// <summary>How the password becomes a key: exactly one of the two is there.</summary>
internal sealed record KeystoreDerivation(byte[] Salt, ScryptCost? Scrypt, int Pbkdf2Iterations);

/// <summary>
/// The JSON of a Web3 Secret Storage file of version 3, in bytes and numbers. Reading checks every length and every cost before any
/// work is done; properties that other wallets add are passed over, properties given twice are refused.
/// </summary>
internal sealed record KeystoreDocument(
    byte[] Ciphertext, byte[] InitializationVector, byte[] Mac, KeystoreDerivation Derivation, AccountAddress? Account, bool IsTestOnly)
{
    public const int CiphertextLengthBytes = 32;
    public const int InitializationVectorLengthBytes = 16;
    public const int MacLengthBytes = 32;
    public const int DerivedKeyLengthBytes = 32;

    /// <summary>Several times the usual 262144, a few seconds.</summary>
    public const int Pbkdf2IterationsMax = 10_000_000;

    private const int Version = 3;
    private const int SaltLengthBytesMax = 256;
    private const int DepthMax = 8;
    private const string Cipher = "aes-128-ctr";
    private const string PseudoRandomFunction = "hmac-sha256";

    /// <exception cref="KeystoreException">Corrupted, Unsupported or OutOfBounds.</exception>
    public static KeystoreDocument Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            var strict = new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = DepthMax };
            using var document = JsonDocument.Parse(json, strict);
            return Parse(document.RootElement);
        }
        catch (Exception exception)
            when (exception is JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            // What the reader of JSON throws on bad syntax, on a number or text of another kind, and on a property that is missing.
            throw new KeystoreException(KeystoreFailure.Corrupted, "The file is not a keystore of version 3.", exception);
        }
    }

    public byte[] ToJson(ReadOnlySpan<byte> randomId)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartObject();
            writer.WriteNumber("version", Version);
            writer.WriteString("id", VersionFourId(randomId));
            if (Account is { } account)
            {
                writer.WriteString("address", Convert.ToHexStringLower(account.Bytes));
            }

            WriteCrypto(writer);
            if (IsTestOnly)
            {
                writer.WriteStartObject("x-sdk");
                writer.WriteBoolean("testOnly", true);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static KeystoreDocument Parse(JsonElement root)
    {
        var version = root.GetProperty("version").GetInt32();
        if (version != Version)
        {
            throw new KeystoreException(KeystoreFailure.Unsupported, $"The keystore has version {version}, not {Version}.");
        }

        // Older wallets wrote the name with a capital.
        if (!root.TryGetProperty("crypto", out var crypto))
        {
            crypto = root.GetProperty("Crypto");
        }

        if (crypto.GetProperty("cipher").GetString() != Cipher)
        {
            throw new KeystoreException(KeystoreFailure.Unsupported, $"The keystore's cipher is not {Cipher}.");
        }

        var iv = crypto.GetProperty("cipherparams").GetProperty("iv");
        return new KeystoreDocument(
            Bytes(crypto.GetProperty("ciphertext"), CiphertextLengthBytes),
            Bytes(iv, InitializationVectorLengthBytes),
            Bytes(crypto.GetProperty("mac"), MacLengthBytes),
            ParseDerivation(crypto.GetProperty("kdf").GetString(), crypto.GetProperty("kdfparams")),
            root.TryGetProperty("address", out var address) ? AccountAddress.Parse(Text(address)) : null,
            root.TryGetProperty("x-sdk", out var own) && own.TryGetProperty("testOnly", out var testOnly) && testOnly.GetBoolean());
    }

    private static KeystoreDerivation ParseDerivation(string? function, JsonElement parameters)
    {
        var salt = Convert.FromHexString(Text(parameters.GetProperty("salt")));
        var derivation = function switch
        {
            "scrypt" => new KeystoreDerivation(
                salt, new ScryptCost(Number(parameters, "n"), Number(parameters, "r"), Number(parameters, "p")), 0),
            "pbkdf2" when parameters.GetProperty("prf").GetString() == PseudoRandomFunction =>
                new KeystoreDerivation(salt, null, Number(parameters, "c")),
            _ => throw new KeystoreException(
                KeystoreFailure.Unsupported, $"The keystore's key derivation is neither scrypt nor pbkdf2 with {PseudoRandomFunction}."),
        };
        if (Number(parameters, "dklen") != DerivedKeyLengthBytes)
        {
            throw new KeystoreException(KeystoreFailure.Unsupported, $"The keystore's derived key has not {DerivedKeyLengthBytes} bytes.");
        }

        var isWithinBounds = salt.Length <= SaltLengthBytesMax
            && (derivation.Scrypt?.IsWithinBounds ?? derivation.Pbkdf2Iterations is >= 1 and <= Pbkdf2IterationsMax);
        return isWithinBounds
            ? derivation
            : throw new KeystoreException(KeystoreFailure.OutOfBounds, "The keystore asks for more memory or work than is allowed.");
    }

    // A number too large for an int is beyond every bound, not damage.
    private static int Number(JsonElement parameters, string name) =>
        parameters.GetProperty(name).TryGetInt32(out var number) ? number : -1;

    private static string Text(JsonElement element) =>
        element.GetString() ?? throw new FormatException("A text is missing.");

    private static byte[] Bytes(JsonElement element, int lengthBytes)
    {
        var bytes = Convert.FromHexString(Text(element));
        return bytes.Length == lengthBytes ? bytes : throw new FormatException("A part has another length.");
    }

    private static Guid VersionFourId(ReadOnlySpan<byte> randomId)
    {
        Span<byte> id = stackalloc byte[16];
        randomId[..id.Length].CopyTo(id);
        id[6] = (byte)((id[6] & 0x0F) | 0x40);
        id[8] = (byte)((id[8] & 0x3F) | 0x80);
        return new Guid(id, bigEndian: true);
    }

    private void WriteCrypto(Utf8JsonWriter writer)
    {
        var cost = Derivation.Scrypt ?? throw new InvalidOperationException("Only scrypt is written.");
        writer.WriteStartObject("crypto");
        writer.WriteString("cipher", Cipher);
        writer.WriteStartObject("cipherparams");
        writer.WriteString("iv", Convert.ToHexStringLower(InitializationVector));
        writer.WriteEndObject();
        writer.WriteString("ciphertext", Convert.ToHexStringLower(Ciphertext));
        writer.WriteString("kdf", "scrypt");
        writer.WriteStartObject("kdfparams");
        writer.WriteNumber("dklen", DerivedKeyLengthBytes);
        writer.WriteNumber("n", cost.N);
        writer.WriteNumber("r", cost.R);
        writer.WriteNumber("p", cost.P);
        writer.WriteString("salt", Convert.ToHexStringLower(Derivation.Salt));
        writer.WriteEndObject();
        writer.WriteString("mac", Convert.ToHexStringLower(Mac));
        writer.WriteEndObject();
    }
}
