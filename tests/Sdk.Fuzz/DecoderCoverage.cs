using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Sdk.Fuzz;

/// <summary>
/// How many branches of each decoder the fuzz tests took, from the file that coverlet writes. A decoder is the methods that a peer's bytes go
/// through; what stands beside them in the same classes (encoding, comparing, what users call) is not counted.
/// </summary>
internal static partial class DecoderCoverage
{
    private const double WantedShare = 0.9;

    /// <summary>Methods by class; a star stands for all of a class.</summary>
    private static readonly (string Decoder, string[] Methods)[] Decoders =
    [
        ("varint", ["Varint.*"]),
        ("multiaddr", ["Multiaddr.TryParse", "Multiaddr.TryFromBytes", "Multiaddr.TryCreate", "Multiaddr.TryReadNumber", "Multiaddr.TryGet*", "Multiaddr.ReachOf",
            "Multiaddr.get_*", "MultiaddrProtocol.*"]),
        ("peer id", ["PeerId.TryParse", "PeerId.TryFromBytes", "PeerId.TryGetPublicKey", "Multibase.Try*"]),
        ("identity key", ["IdentityKey.TryDecode", "IdentityKey.Verify", "IdentityKey.Import*", "IdentityKey.IsImportable"]),
        ("protobuf frame", ["ProtobufFrame.ReadAsync", "ProtobufFrame.TryFindBody", "ProtobufFrame.Parse", "ProtobufShape.*"]),
        ("multistream", ["MultistreamSelect.*"]),
        ("yamux", ["YamuxHeader.TryRead", "Yamux.ReceiveLoopAsync", "Yamux.ReceiveDataAsync", "Yamux.ReceivePayloadAsync", "Yamux.BeginReceive", "Yamux.EndReceive",
            "Yamux.ReceiveWindowUpdate", "Yamux.Find", "Yamux.ReportIfRefused", "Yamux.ReceivePing", "Yamux.SkipAsync", "Yamux.TryReadExactlyAsync", "YamuxInput.*"]),
        ("noise handshake", ["NoiseHandshakeState.ReadMessage", "NoiseHandshakeState.DecryptAndHash", "NoiseHandshakeState.MixAgreement", "NoiseHandshakeState.MixKey",
            "NoiseHandshake.ReadAsync"]),
        ("noise payload", ["NoisePayload.Verify", "NoiseHandshake.Judge", "NoiseHandshake.Choose"]),
        ("noise stream", ["NoiseStream.ReadAsync", "NoiseStream.TryTake", "NoiseStream.TryFillAsync", "NoiseStream.ReleaseInput"]),
        ("certificate", ["LibP2PCertificate.Verify", "LibP2PCertificate.Parse", "LibP2PCertificate.Read*", "LibP2PCertificate.Is*", "LibP2PCertificate.Re*"]),
        ("identify", ["PeerIdentity.*"]),
        ("signed envelope", ["SignedEnvelope.Open", "PeerRecord.Open", "PeerRecord.AddressesOf"]),
        ("relay", ["RelayWire.FromWire", "Reservation.TryRead", "Reservation.ReadAddresses", "ReservationVoucher.FindFault", "RelayServer.HandleAsync"]),
        ("autonat", ["AutoNatServer.HandleAsync", "AutoNatServer.AnswerAsync", "AutoNatServer.Candidates", "AutoNatAnswer.Read"]),
        ("gossip rpc", ["RpcReader.*", "RpcLimits.*", "MessageFields.Read", "MessageFields.Set", "PubsubMessage.Receive", "PubsubMessage.DefaultId", "MessageVerifier.*",
            "GossipRouter.Receive*", "GossipRouter.FindTopic", "GossipRouter.TryAddTopic", "GossipRouter.TopicOf", "GossipRouter.IsIHaveHeard", "GossipRouter.AskFor",
            "GossipRouter.IsOfPolicy", "GossipRouter.IsDuplicate", "GossipRouter.IsReplay", "GossipRouter.KeepPromises", "GossipRouter.Judge", "GossipRouter.Validated"]),
        ("rlp", ["RlpReader.*"]),
        ("transaction", ["EthereumTransaction.Decode", "EthereumTransaction.Read*"]),
        ("abi types", ["AbiType.TryParse", "AbiType.Parse*", "AbiType.Sized", "AbiType.TryReadCount", "AbiType.ArrayOf", "AbiType.TupleOf"]),
        ("abi values", ["AbiDecoder.*", "AbiWord.Read", "AbiWord.IsInside"]),
        ("ledger wire", ["LedgerWire.*"]),
        ("ledger operation", ["LedgerOperation.Read", "LedgerOperation.Decode", "LedgerOperation.Of"]),
        ("ledger snapshot", ["ChainSnapshot.Read", "ChainSnapshot.LoadMaps", "ChainSnapshot.EventsFrom", "AbiReader.*"]),
        ("json-rpc", ["JsonRpcAnswer.*", "EthereumJson.*", "EthereumBlock.Read", "EthereumReceipt.Read*"]),
        ("typed data", ["TypedData.Parse", "TypedData.Read", "TypedData.Member", "TypedDataTypes.*", "TypedDataEncoder.*"]),
    ];

    /// <summary>Prints the table, with the lines whose branches were not all taken. False where a decoder is below what is wanted.</summary>
    public static bool Print(TextWriter output, string file)
    {
        var lines = Read(file).ToList();
        var isEnough = true;
        foreach (var (decoder, methods) in Decoders)
        {
            var own = lines.Where(line => methods.Any(pattern => Matches(line.Method, pattern))).ToList();
            var (taken, all) = (own.Sum(line => line.Taken), own.Sum(line => line.All));
            var isReached = all > 0 && taken >= WantedShare * all;
            isEnough &= isReached;
            output.WriteLine($"{decoder,-16} {taken,4} of {all,4} branches {(all == 0 ? 0 : 100.0 * taken / all),6:F1} %{(isReached ? "" : "   below 90 %")}");
            foreach (var missed in own.Where(line => line.Taken < line.All))
            {
                output.WriteLine($"    {missed.Method} line {missed.Number}: {missed.Taken} of {missed.All}");
            }
        }

        return isEnough;
    }

    private static IEnumerable<(string Method, int Number, int Taken, int All)> Read(string file)
    {
        foreach (var type in XDocument.Load(file).Descendants("class"))
        {
            // Iterators, asynchronous methods and lambdas are classes and methods of the compiler's, which name the method that they came from.
            var names = type.Attribute("name")!.Value.Split('/');
            var owner = names[0].Split('.')[^1];
            foreach (var method in type.Elements("methods").Elements("method"))
            {
                var origin = Origin().Match(names[^1]) is { Success: true } ofType ? ofType : Origin().Match(method.Attribute("name")!.Value);
                var name = $"{owner}.{(origin.Success ? origin.Groups[1].Value : method.Attribute("name")!.Value)}";
                foreach (var line in method.Descendants("line"))
                {
                    if (line.Attribute("condition-coverage") is { } coverage && Counts().Match(coverage.Value) is { Success: true } counts)
                    {
                        yield return (name, Number(line.Attribute("number")!.Value), Number(counts.Groups[1].Value), Number(counts.Groups[2].Value));
                    }
                }
            }
        }
    }

    private static bool Matches(string method, string pattern) =>
        pattern.EndsWith('*') ? method.StartsWith(pattern[..^1], StringComparison.Ordinal) : method == pattern;

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex("^<(\\w+)>")]
    private static partial Regex Origin();

    [GeneratedRegex("\\((\\d+)/(\\d+)\\)")]
    private static partial Regex Counts();
}
