using System.IO.Compression;
using System.Text.Json;

namespace Sdk.Interop.Ethereum;

/// <summary>Files of known answers, as the npm package @ethersproject/testcases has them.</summary>
internal static class KnownAnswers
{
    /// <summary>All cases of a file; fewer or more than are known to be there is a mistake.</summary>
    public static IReadOnlyList<JsonElement> Read(string name, int count)
    {
        using var file = File.OpenRead(EthereumInstallation.Instance.TestCases(name));
        using var text = new GZipStream(file, CompressionMode.Decompress);
        using var document = JsonDocument.Parse(text);
        var cases = document.RootElement.Clone().EnumerateArray().ToList();
        Assert.Equal(count, cases.Count);
        return cases;
    }

    /// <summary>Runs a check on each case, and names those that fail.</summary>
    public static void All(IReadOnlyList<JsonElement> cases, Action<JsonElement> check)
    {
        var failed = new List<string>();
        foreach (var known in cases)
        {
            try
            {
                check(known);
            }
            catch (Exception error)
            {
                failed.Add($"{known.GetProperty("name").GetString()}: {error.Message}");
            }
        }

        Assert.True(failed.Count == 0, $"{failed.Count} of {cases.Count} fail:\n{string.Join('\n', failed.Take(5))}");
    }

    /// <summary>The bytes of a member in hexadecimal with 0x; none where it is missing.</summary>
    public static byte[] Bytes(this JsonElement known, string member) =>
        known.TryGetProperty(member, out var hex) ? Bytes(hex.GetString()!) : [];

    public static byte[] Bytes(string hex) => Convert.FromHexString(hex.Length % 2 == 0 ? hex[2..] : $"0{hex[2..]}");
}
