using System.Diagnostics;
using System.Formats.Asn1;
using Sdk.Core.Cryptography;

namespace Sdk.Interop;

/// <summary>The openssl command line, with files in a folder of its own.</summary>
internal sealed class OpenSsl : IDisposable
{
    private const string EcPublicKey = "1.2.840.10045.2.1";
    private const string Secp256k1 = "1.3.132.0.10";

    private readonly string _folder = Directory.CreateTempSubdirectory("sdk-openssl-").FullName;

    public string PathOf(string name) => Path.Combine(_folder, name);

    public string Write(string name, byte[] content)
    {
        File.WriteAllBytes(PathOf(name), content);
        return PathOf(name);
    }

    /// <summary>Runs openssl with its standard output returned; false when its exit code says no.</summary>
    public static (bool Ok, string Output) Run(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("openssl", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var complaint = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode == 0, output.Trim().Length > 0 ? output.Trim() : complaint.GetAwaiter().GetResult().Trim());
    }

    /// <summary>A SubjectPublicKeyInfo (RFC 5480) of a key on secp256k1.</summary>
    public static byte[] Encode(PublicKey key)
    {
        var point = new byte[PublicKey.UncompressedLengthBytes];
        key.CopyUncompressedTo(point);
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(EcPublicKey);
                writer.WriteObjectIdentifier(Secp256k1);
            }

            writer.WriteBitString(point);
        }

        return writer.Encode();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
