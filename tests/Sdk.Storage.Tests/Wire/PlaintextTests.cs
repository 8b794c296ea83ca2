using System.Text;
using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Storage.Replication;
using Sdk.Storage.Space;
using Sdk.Storage.Space.Wire;

namespace Sdk.Storage.Tests.Wire;

/// <summary>What members and wiretappers get to see of a disk.</summary>
public sealed class PlaintextTests
{
    private const string DiskName = "accounts of the harbour office";
    private const int OffsetBytes = 10_000;

    /// <summary>Text that nothing produces by chance, in every line another.</summary>
    private static readonly byte[] Content = Encoding.UTF8.GetBytes(string.Concat(
        Enumerable.Range(0, 20_000).Select(i => $"Ledger line {i:d6}: received of ship {i * 7919:d9}, harbour dues in full.\n")));

    /// <summary>Pieces of 16 to 64 bytes: what stands in every line, and single places all over the content.</summary>
    private static readonly byte[][] Pieces =
    [
        "harbour dues in "u8.ToArray(),
        ": received of ship 0"u8.ToArray(),
        Content[..64],
        Content[(Content.Length / 2)..((Content.Length / 2) + 32)],
        Content[^48..],
        Encoding.UTF8.GetBytes(DiskName),
        Encoding.Unicode.GetBytes(DiskName),
    ];

    [Fact]
    public async Task Nothing_that_a_member_stores_or_a_wire_carries_contains_plaintext_and_the_recorded_wire_gives_all_of_it_to_the_owner()
    {
        await using var network = await TestNetwork.StartAsync(4);
        await using var recorder = new RecordingTransport();
        using var account = KeyPair.GenerateTestOnly();
        var options = NodeOptions.LightClient(account);
        options.Transports.Add(recorder);
        await using var client = await Node.StartAsync(options);
        await WriteAndReadBackAsync(client, network);
        await client.Switch.DisposeAsync();
        foreach (var node in network.Nodes)
        {
            await node.DisposeAsync();
        }

        Assert.All(network.Members, (_, i) => AssertStoresNoPlaintext(network.DirectoryOf(i)));

        Assert.Equal(network.Members.Count, recorder.Connections.Count);
        Assert.All(recorder.Connections, wire => AssertHasNoPiece("the wire", [.. wire.Sent, .. wire.Received]));

        // Without these the greps above would prove nothing: the recording is whole, and the content is in it.
        var keyLog = TlsKeyLog.Read();
        var sessions = recorder.Connections.Select(wire => TlsRecording.Open(wire, keyLog)).ToArray();
        Assert.All(sessions, session => AssertHasNoPiece("the inside of TLS", [.. session.Sent, .. session.Received]));

        var holders = 0;
        foreach (var session in sessions)
        {
            var streams = new YamuxRecording(session.Sent).StreamsOf(SliceLogProtocol.ProtocolId).ToArray();
            _ = new YamuxRecording(session.Received);
            var disk = await RecordedDisk.ReplayAsync(Assert.Single(streams), DescriptorIn(network.DirectoryOf(0), client), client.AgreementKey);
            holders += disk.Content.AsSpan(OffsetBytes, Content.Length).SequenceEqual(Content) ? 1 : 0;
        }

        Assert.InRange(holders, Quorum.Size(network.Members.Count), network.Members.Count);
    }

    private static async Task WriteAndReadBackAsync(Node client, TestNetwork network)
    {
        await using var disk = await client.Storage().CreateDiskAsync(DiskName, 4 << 20, network.Members);
        await disk.WriteAsync(OffsetBytes, Content);
        await disk.FlushAsync();
        var read = new byte[Content.Length];
        await disk.ReadAsync(OffsetBytes, read);
        Assert.Equal(Content, read);
    }

    private static void AssertStoresNoPlaintext(string directory)
    {
        var files = Directory.GetFiles(directory, "*", SearchOption.AllDirectories);
        Assert.Contains(files, file => new FileInfo(file).Length >= Content.Length);
        Assert.All(files, file => AssertHasNoPiece(Path.GetFileName(file), File.ReadAllBytes(file)));
    }

    private static void AssertHasNoPiece(string where, byte[] bytes) =>
        Assert.All(Pieces, piece => Assert.True(bytes.AsSpan().IndexOf(piece) < 0, $"{where} contains plaintext."));

    private static DiskDescriptor DescriptorIn(string directory, Node owner)
    {
        var file = Assert.Single(Directory.GetFiles(directory, "disk-*"));
        return DiskDescriptor.Verify(SignedDescriptor.Parser.ParseFrom(File.ReadAllBytes(file)), owner.NetworkId, now: null);
    }
}
