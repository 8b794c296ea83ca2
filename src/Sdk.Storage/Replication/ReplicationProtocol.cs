using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;

namespace Sdk.Storage.Replication;

/// <summary>Clients of a group: sessions that write, and read what they wrote. The messages are in <c>slice_log.proto</c>.</summary>
internal sealed class SliceLogProtocol(Func<Hash256, GroupHost?> findGroup) : IProtocol
{
    public const string ProtocolId = "/sdk/slice-log/1";

    public string Id => ProtocolId;

    public Task HandleAsync(PeerStream stream, CancellationToken cancellationToken) =>
        SliceStreams.ServeAsync(stream, findGroup, isMember: false, cancellationToken);
}

/// <summary>Members of a group among themselves: whole slices for those that are behind.</summary>
internal sealed class SliceRepairProtocol(Func<Hash256, GroupHost?> findGroup) : IProtocol
{
    public const string ProtocolId = "/sdk/slice-repair/1";

    public string Id => ProtocolId;

    public Task HandleAsync(PeerStream stream, CancellationToken cancellationToken) =>
        SliceStreams.ServeAsync(stream, findGroup, isMember: true, cancellationToken);
}

internal static class SliceStreams
{
    private static readonly GrantCache Grants = new();

    /// <summary>The first message of a stream says which group it is about.</summary>
    public static async Task ServeAsync(
        PeerStream stream, Func<Hash256, GroupHost?> findGroup, bool isMember, CancellationToken cancellationToken)
    {
        if (await SliceLogWire.ReadAsync(stream.Input, Grants, cancellationToken).ConfigureAwait(false) is not { } first)
        {
            return;
        }

        if (findGroup(first.Group) is not { } host)
        {
            first.Message.Release();
            throw new ProtocolViolationException("The group is not kept here.");
        }

        await host.ServeAsync(stream, first.Message, isMember, cancellationToken).ConfigureAwait(false);
    }
}
