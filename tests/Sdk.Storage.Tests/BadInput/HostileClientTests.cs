using System.Buffers;
using System.Security.Cryptography;
using Google.Protobuf;
using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Storage.Disk;
using Sdk.Storage.Replication;
using Sdk.Storage.Replication.Wire;

namespace Sdk.Storage.Tests.BadInput;

/// <summary>Strangers that speak the language, and lie in it.</summary>
public sealed class HostileClientTests
{
    private static readonly DateTimeOffset Expires = new(2100, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static TheoryData<string> BadFrames => [.. Frames.Keys];

    private static Dictionary<string, Func<Hash256, byte[]>> Frames { get; } = new()
    {
        ["garbage"] = _ => [32, .. RandomNumberGenerator.GetBytes(32)],
        ["an empty frame"] = _ => [0],
        ["longer than allowed, said by its length alone"] = _ => [0xff, 0xff, 0xff, 0xff, 0x07],
        ["a length without end"] = _ => [.. Enumerable.Repeat((byte)0xff, 16)],
        ["no group"] = _ => Encode(new SliceLogFrame { Read = new ReadFrame() }),
        ["a group that is too long"] = _ => Encode(new SliceLogFrame { Group = ByteString.CopyFrom(new byte[33]), Read = new ReadFrame() }),
        ["an unknown group"] = _ => Encode(new SliceLogFrame { Group = ByteString.CopyFrom(new byte[32]), Read = new ReadFrame() }),
        ["a body where none belongs"] = group => Encode(InGroup(group, new SliceLogFrame { BodyBytes = 1, Read = new ReadFrame() })),
        ["a batch without operations"] = group => Encode(InGroup(group, new SliceLogFrame { WriteBatch = new WriteBatchFrame() })),
        ["a body of the wrong length"] = group => Encode(InGroup(group, BatchFrame(bodyBytes: SliceGeometry.StoredSectorBytes - 1))),
        ["a body larger than any batch"] = group => Encode(InGroup(group, BatchFrame(bodyBytes: uint.MaxValue))),
        ["an Open that is cut off"] = group =>
            Encode(InGroup(group, new SliceLogFrame { Open = new OpenFrame { Request = ByteString.CopyFrom(new byte[100]) } })),
        ["sectors outside the slice"] = group => Encode(InGroup(group, new SliceLogFrame { Read = new ReadFrame { First = 65, Count = 1 } })),
    };

    [Theory]
    [MemberData(nameof(BadFrames))]
    public async Task A_frame_that_is_not_well_formed_ends_its_stream_and_nothing_else(string frame)
    {
        await using var served = await ServedDisk.StartAsync();
        await using var stranger = await StrangerStream.OpenAsync(served.Network.Members[0], served.Group.Group.Id);
        await stranger.SendAsync(Frames[frame](served.Group.Group.Id));
        await stranger.AssertIsResetAsync();
        await served.AssertGoesOnWithAsync(0);
    }

    [Fact]
    public async Task An_Open_is_refused_unless_the_owner_stands_behind_it_on_this_network()
    {
        await using var served = await ServedDisk.StartAsync();
        using var otherAccount = KeyPair.GenerateTestOnly();
        var networkId = served.Client.NetworkId;
        using var stranger = DeviceIdentity.Create(otherAccount, KeyScopes.All, 1, networkId, Expires);
        using var otherNetwork = DeviceIdentity.Create(served.Account, KeyScopes.All, 1, networkId + 1, Expires);
        using var readOnly = DeviceIdentity.Create(served.Account, KeyScopes.OpenDisk, 1, networkId, Expires);
        using var expired = DeviceIdentity.Create(served.Account, KeyScopes.All, 1, networkId, DateTimeOffset.UnixEpoch.AddDays(1));
        await using var stream = await StrangerStream.OpenAsync(served.Network.Members[0], served.Group.Group.Id);
        (DeviceIdentity Device, DeviceCredential Credential)[] forgeries =
        [
            (stranger, stranger.Credential),
            (stranger, InTheNameOf(served.Account, stranger.Credential)),
            (otherNetwork, otherNetwork.Credential),
            (readOnly, readOnly.Credential),
            (expired, expired.Credential),
        ];
        foreach (var (device, credential) in forgeries)
        {
            await stream.SendAsync(OpenOf(served, device, credential, counter: 1000, KeyScopes.OpenDisk | (device.Credential.Scopes & KeyScopes.WriteDisk)));
            var answer = await stream.ReceiveAsync<OpenAnswer>();
            Assert.Equal((OpenOutcome.Refused, 0), (answer.Outcome, answer.Heads.Count));
        }

        // Had one of them raised the fence, the owner's session could not go on.
        await served.AssertGoesOnWithAsync(0);
    }

    [Fact]
    public async Task Nothing_is_given_to_those_who_ask_without_an_Open()
    {
        await using var served = await ServedDisk.StartAsync();
        await using var stream = await StrangerStream.OpenAsync(served.Network.Members[0], served.Group.Group.Id);
        using var otherAccount = KeyPair.GenerateTestOnly();
        using var stranger = DeviceIdentity.Create(otherAccount, KeyScopes.All, 1, served.Client.NetworkId, Expires);
        await stream.SendAsync(new ReadRequest { Id = 1, Slice = 0, First = 0, Count = 64 });
        await stream.SendAsync(new TreeRequest { Id = 2, Slice = 0 });
        await stream.SendAsync(new StateRequest { Slice = 0, NewerThan = default });
        await stream.SendAsync(new ReadRequest { Id = 3, Slice = uint.MaxValue, First = 60, Count = 60 });
        await stream.SendAsync(OpenOf(served, stranger, stranger.Credential, counter: 1, KeyScopes.OpenDisk));

        // Answers come in the order of the questions: the first is the refusal of the last.
        Assert.Equal(OpenOutcome.Refused, (await stream.ReceiveAsync<OpenAnswer>()).Outcome);
        await served.AssertGoesOnWithAsync(0);
    }

    [Fact]
    public async Task A_batch_that_another_key_signed_in_the_name_of_the_owners_session_changes_nothing()
    {
        await using var served = await ServedDisk.StartAsync();
        var session = await SessionAtTheFenceAsync(served);
        await using var stream = await StrangerStream.OpenAsync(served.Network.Members[0], served.Group.Group.Id);
        await stream.SendAsync(BatchOf(served.Group.Group, session));
        Assert.Equal(WriteRefusal.Invalid, (await stream.ReceiveAsync<WriteRefused>()).Reason);

        await stream.SendAsync(BatchOf(served.Group.Group, session with { Counter = session.Counter + 1 }));
        Assert.Equal(WriteRefusal.NotOpen, (await stream.ReceiveAsync<WriteRefused>()).Reason);
        await served.AssertGoesOnWithAsync(0);
    }

    [Fact]
    public async Task Peers_that_are_no_members_are_not_served_as_members()
    {
        await using var served = await ServedDisk.StartAsync();
        await using var stranger = await Node.StartAsync(NodeOptions.Local());
        var connection = await stranger.Switch.DialAsync(served.Network.Members[0]);
        var stream = await connection.OpenStreamAsync(SliceRepairProtocol.ProtocolId);
        SliceLogWire.WriteFrame(stream.Output, served.Group.Group.Id, new StateRequest { Slice = 0, NewerThan = default });
        await stream.Output.FlushAsync();
        await Assert.ThrowsAsync<StreamResetException>(() => stream.Input.ReadAsync().AsTask());
    }

    /// <summary>What a member says to a session of the owner that comes too late names the one that holds the fence.</summary>
    private static async Task<SessionId> SessionAtTheFenceAsync(ServedDisk served)
    {
        await using var stream = await StrangerStream.OpenAsync(served.Network.Members[0], served.Group.Group.Id);
        using var device = DeviceIdentity.Create(served.Account, KeyScopes.All, 2, served.Client.NetworkId, Expires);
        await stream.SendAsync(OpenOf(served, device, device.Credential, counter: 0, KeyScopes.OpenDisk | KeyScopes.WriteDisk));
        var answer = await stream.ReceiveAsync<OpenAnswer>();
        Assert.Equal(OpenOutcome.Fenced, answer.Outcome);
        return answer.Evidence!.Session;
    }

    private static OpenRequest OpenOf(ServedDisk served, DeviceIdentity device, DeviceCredential credential, ulong counter, KeyScopes scopes)
    {
        using var sessionKey = SigningKey.Generate();
        var delegation = SessionDelegation.Create(device, sessionKey, counter, scopes, device.Credential.Expires);
        var nonce = Hash256.FromBytes(RandomNumberGenerator.GetBytes(32));
        return OpenRequest.Create(served.Group.Group, served.Descriptor.Disk, new SessionGrant(credential, delegation), nonce, sessionKey);
    }

    /// <summary>The credential with another account in it: everything but the account's signature is right.</summary>
    private static DeviceCredential InTheNameOf(KeyPair account, DeviceCredential credential)
    {
        var encoded = credential.Encode();
        var place = encoded.AsSpan().IndexOf(credential.Account.Bytes);
        account.Address.Bytes.CopyTo(encoded.AsSpan(place));
        var forged = DeviceCredential.Decode(encoded);
        Assert.Equal(account.Address, forged.Account);
        return forged;
    }

    private static WriteBatch BatchOf(CopyGroup group, SessionId session)
    {
        var operation = OperationOf(group.Id, session);
        var payload = PayloadBuffer.Rent(operation.PayloadBytes);
        RandomNumberGenerator.Fill(payload.Span);
        using var key = SigningKey.Generate();
        var digest = SignedEntry.BatchDigest(group.NetworkId, session, MerkleBatch.Root([operation.Hash]));
        var signature = new byte[64];
        key.Sign(digest.Bytes, signature);
        return new WriteBatch { Session = session, Operations = [operation], Payloads = [payload], Signature = signature };
    }

    private static WriteOperation OperationOf(Hash256 group, SessionId session) => new()
    {
        Group = group,
        Slice = 0,
        Key = new EntryKey(1, session, 1),
        Previous = default,
        Version = 1,
        Extents = [new SectorExtent(0, 1, IsTrim: false)],
        Root = default,
    };

    private static SliceLogFrame BatchFrame(uint bodyBytes)
    {
        var bytes = new byte[WriteOperation.MaxEncodedBytes];
        var writer = new FieldWriter(bytes);
        OperationOf(default, new SessionId(1, default)).WriteTo(ref writer);
        return new SliceLogFrame
        {
            BodyBytes = bodyBytes,
            WriteBatch = new WriteBatchFrame
            {
                Session = ByteString.CopyFrom(new byte[24]),
                Operations = { ByteString.CopyFrom(writer.Written) },
                Signature = ByteString.CopyFrom(new byte[64]),
            },
        };
    }

    private static SliceLogFrame InGroup(Hash256 group, SliceLogFrame frame)
    {
        frame.Group = ByteString.CopyFrom(group.Bytes);
        return frame;
    }

    private static byte[] Encode(SliceLogFrame frame)
    {
        var writer = new ArrayBufferWriter<byte>();
        ProtobufFrame.Write(writer, frame);
        return writer.WrittenSpan.ToArray();
    }
}
