using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Storage.Space.Wire;

namespace Sdk.Storage.Space;

/// <summary>
/// The directory of disks, both roles: a member says who it is, agrees to keep its part of a disk, and finds a disk by
/// its name for the owner. The messages are in <c>disk.proto</c>.
/// </summary>
internal sealed class DiskProtocol(
    Func<Hash256, DiskDescriptor?> find, Action<SignedDescriptor> keep, DeviceCredential credential, ILogger logger) : IProtocol
{
    public const string ProtocolId = "/sdk/disk/1";

    private const int MaxFrameBytes = DiskDescriptor.MaxBytes + 1024;

    public string Id => ProtocolId;

    public async Task HandleAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        var question = await ProtobufFrame.ReadAsync(stream.Input, DiskQuestion.Parser, MaxFrameBytes, cancellationToken).ConfigureAwait(false);
        if (question is not null)
        {
            ProtobufFrame.Write(stream.Output, Answer(question));
            await stream.Output.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Asks a member who it is. The connection has proven its node key; the credential must be for that key.</summary>
    public static async ValueTask<DeviceCredential> HelloAsync(
        Connection connection, ulong networkId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(connection, new DiskQuestion { Hello = new HelloQuestion() }, cancellationToken).ConfigureAwait(false);
        var credential = Decode(answer.Credential);
        return credential is not null && credential.NodeKey.Equals(connection.RemoteKey)
            && credential.Scopes.HasFlag(KeyScopes.HoldData) && credential.Verify(networkId, now)
            ? credential
            : throw new DiskRefusedException($"The peer at {connection.RemoteAddress} has no right to hold data on this network.");
    }

    /// <summary>Asks a member to keep its part of a disk.</summary>
    public static async ValueTask KeepAsync(Connection connection, DiskDescriptor descriptor, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(connection, new DiskQuestion { Keep = descriptor.Signed }, cancellationToken).ConfigureAwait(false);
        if (!answer.Kept)
        {
            throw new DiskRefusedException($"The peer at {connection.RemoteAddress} does not keep the disk.");
        }
    }

    /// <summary>Asks a member for the description of a disk; null when it keeps none of that name.</summary>
    public static async ValueTask<SignedDescriptor?> FindAsync(Connection connection, Hash256 nameLookup, CancellationToken cancellationToken)
    {
        var question = new DiskQuestion { Find = ByteString.CopyFrom(nameLookup.ToArray()) };
        return (await AskAsync(connection, question, cancellationToken).ConfigureAwait(false)).Found;
    }

    private static async ValueTask<DiskAnswer> AskAsync(Connection connection, DiskQuestion question, CancellationToken cancellationToken)
    {
        var stream = await connection.OpenStreamAsync(ProtocolId, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            ProtobufFrame.Write(stream.Output, question);
            await stream.Output.FlushAsync(cancellationToken).ConfigureAwait(false);
            var answer = await ProtobufFrame.ReadAsync(stream.Input, DiskAnswer.Parser, MaxFrameBytes, cancellationToken).ConfigureAwait(false)
                ?? throw new ProtocolViolationException("The peer ended the stream without an answer.");
            return answer.AnswerCase == DiskAnswer.AnswerOneofCase.Refused
                ? throw new DiskRefusedException($"The peer at {connection.RemoteAddress} refused: {answer.Refused}")
                : answer;
        }
    }

    private DiskAnswer Answer(DiskQuestion question)
    {
        switch (question.QuestionCase)
        {
            case DiskQuestion.QuestionOneofCase.Hello:
                return new DiskAnswer { Credential = ByteString.CopyFrom(credential.Encode()) };
            case DiskQuestion.QuestionOneofCase.Find when question.Find.Length == Hash256.LengthBytes:
                return new DiskAnswer { Found = find(Hash256.FromBytes(question.Find.Span))?.Signed ?? new SignedDescriptor() };
            case DiskQuestion.QuestionOneofCase.Keep:
                return Keep(question.Keep);
            default:
                throw new ProtocolViolationException("The question is not one that this version knows.");
        }
    }

    private DiskAnswer Keep(SignedDescriptor signed)
    {
        try
        {
            keep(signed);
            return new DiskAnswer { Kept = true };
        }
        catch (Exception error) when (error is SdkException or IOException)
        {
            SpaceLog.DiskRefused(logger, error.Message);
            return new DiskAnswer { Refused = error is DiskRefusedException or DiskFullException ? error.Message : "The store failed." };
        }
    }

    private static DeviceCredential? Decode(ByteString encoded)
    {
        try
        {
            return DeviceCredential.Decode(encoded.Span);
        }
        catch (CryptographyException)
        {
            return null; // Refused by the caller with the peer's address.
        }
    }
}
