using Google.Protobuf;
using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Storage.Space;
using Sdk.Storage.Space.Wire;

namespace Sdk.Storage.Tests.BadInput;

/// <summary>The one member whose address an owner remembers may be the one that lies.</summary>
public sealed class LyingBootstrapTests
{
    public static TheoryData<string> Lies => [.. Forgeries.Keys];

    private static Dictionary<string, Func<ServedDisk, SignedDescriptor>> Forgeries { get; } = new()
    {
        ["nothing but garbage"] = _ => new SignedDescriptor { Body = Bytes(100), Credential = Bytes(100), Signature = Bytes(64) },
        ["a description that makes no sense, signed"] = served => SignedBy(new DescriptorBody { NetworkId = served.Client.NetworkId }, served.Client.Device),
        ["another member list under the owner's signature"] = served =>
        {
            var signed = served.SignedDescriptor;
            signed.Body = Changed(signed, body => body.Groups[0].Members[0].SigningKey = body.Groups[0].Members[1].SigningKey).ToByteString();
            return signed;
        },
        ["a disk that a stranger signed"] = served => SignedByStranger(served, _ => { }),
        ["a stranger's signature under the owner's credential"] = served =>
        {
            var signed = SignedByStranger(served, _ => { });
            signed.Credential = served.SignedDescriptor.Credential;
            return signed;
        },
        ["the owner's disk of another name"] = served =>
            SignedBy(Changed(served.SignedDescriptor, body => body.NameLookup = Bytes(32)), served.Client.Device),
        ["the owner's disk of another network"] = served =>
        {
            using var device = DeviceIdentity.Create(
                served.Account, KeyScopes.All, 1, served.Client.NetworkId + 1, new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero));
            return SignedBy(Changed(served.SignedDescriptor, body => body.NetworkId++), device);
        },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task A_forged_description_of_a_disk_is_refused(string lie)
    {
        await using var served = await ServedDisk.StartAsync();
        var forged = Forgeries[lie](served);
        await using var liar = await Node.StartAsync(NodeOptions.Local());
        liar.Switch.Register(new FixedAnswer(new DiskAnswer { Found = forged }));
        await Assert.ThrowsAsync<DiskRefusedException>(() => served.Client.Storage().OpenDiskAsync(ServedDisk.Name, liar.Addresses[0]).AsTask());
        await served.AssertGoesOnWithAsync(0);
    }

    [Fact]
    public async Task An_answer_that_is_none_is_a_violation_of_the_protocol()
    {
        using var account = KeyPair.GenerateTestOnly();
        await using var client = await TestNetwork.StartClientAsync(account);
        await using var liar = await Node.StartAsync(NodeOptions.Local());
        liar.Switch.Register(new FixedAnswer(null));
        await Assert.ThrowsAsync<ProtocolViolationException>(() => client.Storage().OpenDiskAsync("home", liar.Addresses[0]).AsTask());
    }

    [Fact]
    public async Task A_stranger_cannot_describe_a_disk_of_his_own_over_another()
    {
        await using var served = await ServedDisk.StartAsync();
        await using var stranger = await Node.StartAsync(NodeOptions.Local());
        var connection = await stranger.Switch.DialAsync(served.Network.Members[0]);
        SignedDescriptor[] forgeries =
        [
            SignedByStranger(served, _ => { }),
            SignedByStranger(served, body => body.NameLookup = Bytes(32)),
            SignedByStranger(served, body => (body.NameLookup, body.Groups[0].Id) = (Bytes(32), Bytes(32))),
            SignedByStranger(served, body => (body.Disk, body.NameLookup) = (Bytes(16), Bytes(32))),
        ];
        foreach (var forged in forgeries)
        {
            var descriptor = DiskDescriptor.Verify(forged, stranger.NetworkId, now: null);
            await Assert.ThrowsAsync<DiskRefusedException>(() => DiskProtocol.KeepAsync(connection, descriptor, CancellationToken.None).AsTask());
        }

        await served.Network.StopNodeAsync(0);
        await served.Network.RestartNodeAsync(0);
        await served.AssertGoesOnWithAsync(0);
    }

    private static SignedDescriptor SignedByStranger(ServedDisk served, Action<DescriptorBody> change)
    {
        using var account = KeyPair.GenerateTestOnly();
        using var device = DeviceIdentity.Create(
            account, KeyScopes.All, 1, served.Client.NetworkId, new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero));
        return SignedBy(Changed(served.SignedDescriptor, change), device);
    }

    private static DescriptorBody Changed(SignedDescriptor signed, Action<DescriptorBody> change)
    {
        var body = DescriptorBody.Parser.ParseFrom(signed.Body);
        change(body);
        return body;
    }

    private static ByteString Bytes(int length) => ByteString.CopyFrom([.. Enumerable.Repeat((byte)7, length)]);

    /// <summary>Signs whatever it is given, as an attacker does who does not care for sense.</summary>
    private static SignedDescriptor SignedBy(DescriptorBody body, DeviceIdentity device)
    {
        byte[] purpose = [.. "sdk/disk-descriptor/1"u8];
        byte[] preimage = [(byte)purpose.Length, .. purpose, .. body.ToByteArray()];
        var signature = new byte[64];
        device.SigningKey.Sign(Hash256.Sha256(preimage).Bytes, signature);
        return new SignedDescriptor
        {
            Body = body.ToByteString(),
            Credential = ByteString.CopyFrom(device.Credential.Encode()),
            Signature = ByteString.CopyFrom(signature),
        };
    }

    /// <summary>Says the same to every question; null is a frame that is no message.</summary>
    private sealed class FixedAnswer(DiskAnswer? answer) : IProtocol
    {
        public string Id => DiskProtocol.ProtocolId;

        public async Task HandleAsync(PeerStream stream, CancellationToken cancellationToken)
        {
            await stream.Input.ReadAsync(cancellationToken);
            if (answer is null)
            {
                await stream.Output.WriteAsync(new byte[] { 3, 0xff, 0xff, 0xff }, cancellationToken);
                return;
            }

            ProtobufFrame.Write(stream.Output, answer);
            await stream.Output.FlushAsync(cancellationToken);
        }
    }
}
