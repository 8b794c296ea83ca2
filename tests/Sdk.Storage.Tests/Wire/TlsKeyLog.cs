using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Sdk.Storage.Tests.Wire;

/// <summary>
/// The traffic secrets of every TLS connection of this test process, as the platform logs them (draft-ietf-tls-keylogfile):
/// <c>LABEL client-random secret</c>, in hex. Only a process that asks for it before its first connection gets them.
/// </summary>
internal sealed class TlsKeyLog
{
    private static readonly string FilePath = Path.Combine(Path.GetTempPath(), $"sdk-storage-tests-{Environment.ProcessId}.keys");

    private readonly Dictionary<(string Label, string ClientRandom), byte[]> _secrets = [];

    private TlsKeyLog(IEnumerable<string> lines)
    {
        foreach (var fields in lines.Select(line => line.Split(' ')).Where(fields => fields.Length == 3))
        {
            _secrets[(fields[0], fields[1].ToUpperInvariant())] = Convert.FromHexString(fields[2]);
        }
    }

    /// <summary>Both read once by the platform, when the first connection is secured.</summary>
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "A test assembly is the application here: the platform must be told before any test runs.")]
    internal static void Begin()
    {
        AppContext.SetSwitch("System.Net.EnableSslKeyLogging", true);
        Environment.SetEnvironmentVariable("SSLKEYLOGFILE", FilePath);
        AppDomain.CurrentDomain.ProcessExit += static (_, _) => File.Delete(FilePath);
    }

    public static TlsKeyLog Read()
    {
        using var file = new FileStream(FilePath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(file);
        return new TlsKeyLog(reader.ReadToEnd().Split('\n'));
    }

    /// <summary>A secret of the connection whose client said <paramref name="clientRandom"/>.</summary>
    public byte[] this[string label, ReadOnlySpan<byte> clientRandom] =>
        _secrets.TryGetValue((label, Convert.ToHexString(clientRandom)), out var secret)
            ? secret
            : throw new KeyNotFoundException($"The key log has no {label} of this connection.");
}
