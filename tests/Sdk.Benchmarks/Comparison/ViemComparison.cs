using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Payments;
using Sdk.Interop.Ethereum;

namespace Sdk.Benchmarks.Comparison;

/// <summary>
/// ABI values and signed cheques beside viem's (<c>tests/Sdk.Interop/Ethereum/js/viem.mjs</c>), the same values in the same run, in turn;
/// medians of the rounds are compared.
/// </summary>
internal static class ViemComparison
{
    public const string Argument = "--viem";

    private const int RoundsByDefault = 5;
    private const int RoundMilliseconds = 400;
    private const double ManagedTarget = 6;
    private const double NativeTarget = 25;

    private static readonly AccountAddress Account = AccountAddress.Parse("0x98E6C644aFeB94BBfB9FF60EB26fc9D83BBEcA79");
    private static readonly AbiType Flat = AbiType.Parse("(address,address,uint256)");
    private static readonly AbiType Nested = AbiType.Parse("(uint256,(address,bytes)[2],string[],uint64[])");
    private static readonly AbiValue FlatValues = AbiValue.List(Account, Account, 500UL);
    private static readonly AbiValue NestedValues = AbiValue.List(
        AbiValue.Number(System.Numerics.BigInteger.One << 255),
        AbiValue.List(
            AbiValue.List(Account, AbiValue.Bytes([.. Enumerable.Repeat((byte)0xAB, 100)])),
            AbiValue.List(Account, AbiValue.Bytes([1, 2]))),
        AbiValue.List("one", "two", "a text that is longer than thirty-two bytes"),
        AbiValue.List([.. Enumerable.Range(0, 20).Select(i => (AbiValue)(ulong)i)]));

    private static readonly byte[] PrivateKey = Convert.FromHexString("634fb5a872396d9693e5c9f9d7233cfa93f395c093371017ff44aa9ae6564cdd");
    private static readonly AccountAddress Signer = KeyPair.FromPrivateKey(PrivateKey).Address;
    private static readonly ChequeDomain Domain = new(1, Account);

    /// <summary>The exit code is 0 only if all targets are reached.</summary>
    public static async Task<int> RunAsync(string[] options)
    {
        var rounds = options is ["--rounds", var given] ? int.Parse(given, CultureInfo.InvariantCulture) : RoundsByDefault;
        var ours = Work();
        var figures = new Dictionary<string, List<double>>();
        for (var round = 0; round < rounds; round++)
        {
            foreach (var (name, once) in ours)
            {
                Measure(once, RoundMilliseconds / 2);
                Add(figures, name, Measure(once, RoundMilliseconds));
            }

            foreach (var (name, microseconds) in await MeasureViemAsync())
            {
                Add(figures, $"viem {name}", microseconds);
            }
        }

        double Median(string name) => figures[name].Order().ElementAt(figures[name].Count / 2);
        var isReached = true;
        Console.WriteLine($"{"",-34} {"ours, us",10} {"viem, us",10} {"ratio",8} {"target",8}");
        foreach (var (name, theirs, target) in new[]
        {
            ("encodeFlat", "encodeFlat", 1.0), ("decodeFlat", "decodeFlat", 1.0), ("encodeNested", "encodeNested", 1.0), ("decodeNested", "decodeNested", 1.0),
            ("cheque managed", "signAndRecover", ManagedTarget), ("cheque native", "signAndRecover", NativeTarget),
            ("cheque managed", "cheque", ManagedTarget), ("cheque native", "cheque", NativeTarget),
        })
        {
            if (!figures.ContainsKey(name))
            {
                Console.WriteLine($"{name,-34} not measured: the library is not installed");
                continue;
            }

            var ratio = Median($"viem {theirs}") / Median(name);
            isReached &= ratio >= target;
            Console.WriteLine($"{$"{name} / {theirs}",-34} {Median(name),10:F2} {Median($"viem {theirs}"),10:F2} {ratio,8:F1} {target,8:F0}{(ratio >= target ? "" : "   missed")}");
        }

        return isReached ? 0 : 1;
    }

    private static Dictionary<string, Action> Work()
    {
        var flat = AbiCodec.Encode(Flat, FlatValues);
        var nested = AbiCodec.Encode(Nested, NestedValues);
        var work = new Dictionary<string, Action>
        {
            ["encodeFlat"] = () => AbiCodec.Encode(Flat, FlatValues),
            ["decodeFlat"] = () => AbiCodec.Decode(Flat, flat),
            ["encodeNested"] = () => AbiCodec.Encode(Nested, NestedValues),
            ["decodeNested"] = () => AbiCodec.Decode(Nested, nested),
            ["cheque managed"] = () => IssueAndVerify(ManagedSecp256k1.Instance),
        };
        if (NativeSecp256k1.Instance is { } native)
        {
            work["cheque native"] = () => IssueAndVerify(native);
        }

        return work;
    }

    /// <summary>The digest and a signature over it; then, as its receiver, the digest again and who signed it.</summary>
    private static void IssueAndVerify(Secp256k1 curve)
    {
        var domain = Domain;
        var cheque = new Cheque(Account, Account, 500);
        Span<byte> signature = stackalloc byte[Secp256k1.CompactSignatureLengthBytes];
        Span<byte> signer = stackalloc byte[PublicKey.UncompressedLengthBytes];
        var recoveryId = curve.Sign(PrivateKey, domain.DigestOf(cheque).Bytes, signature);
        if (!curve.TryRecover(domain.DigestOf(cheque).Bytes, signature, recoveryId, signer)
            || AccountAddress.FromPublicKey(new PublicKey(signer.ToArray())) != Signer)
        {
            throw new InvalidOperationException("The cheque is not its signer's.");
        }
    }

    private static double Measure(Action once, double milliseconds)
    {
        var started = Stopwatch.GetTimestamp();
        var count = 0;
        for (; Stopwatch.GetElapsedTime(started).TotalMilliseconds < milliseconds; count++)
        {
            once();
        }

        return Stopwatch.GetElapsedTime(started).TotalMicroseconds / count;
    }

    private static void Add(Dictionary<string, List<double>> figures, string name, double microseconds)
    {
        if (!figures.TryGetValue(name, out var all))
        {
            figures[name] = all = [];
        }

        all.Add(microseconds);
    }

    private static async Task<List<(string Name, double Microseconds)>> MeasureViemAsync()
    {
        var script = Path.Combine(AppContext.BaseDirectory, "Ethereum", "js", "viem.mjs");
        var start = new ProcessStartInfo("node", [script, EthereumInstallation.Instance.Modules, RoundMilliseconds.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
        };
        using var node = Process.Start(start)!;
        var output = await node.StandardOutput.ReadToEndAsync();
        await node.WaitForExitAsync();
        using var figures = JsonDocument.Parse(output);
        return figures.RootElement.GetProperty("nestedEncoded").GetString() == $"0x{Convert.ToHexStringLower(AbiCodec.Encode(Nested, NestedValues))}"
            ? [.. figures.RootElement.EnumerateObject().Where(figure => figure.Value.ValueKind == JsonValueKind.Number).Select(figure => (figure.Name, figure.Value.GetDouble()))]
            : throw new InvalidOperationException("viem encodes the values in another way.");
    }
}
