using Sdk.Core.Networking;

namespace Sdk.Core.Overlay;

/// <summary>What outlives the process, and what others know of this node.</summary>
public sealed partial class OverlayNetwork
{
    /// <summary>Long before a record expires it is renewed.</summary>
    private static readonly TimeSpan RenewAfter = TimeSpan.FromHours(6);

    /// <summary>Known nodes whose records have expired, that are dialled as bootstrap nodes are.</summary>
    private const int MaxOldNodes = 16;

    private NodeRecord SignRecord()
    {
        var addresses = DialableAddresses();
        return NodeRecord.Create(_device, _nonce, addresses, _options.IsLight || addresses.Count == 0, _time.GetUtcNow());
    }

    private List<Multiaddr> DialableAddresses() =>
        [.. _switch.ListenAddresses.Select(address => address.WithoutPeer()).Where(address => address.Reach != AddressReach.Nowhere)];

    private void RenewIfNeeded()
    {
        var signed = Record;
        var isOld = (ulong)(_time.GetUtcNow() - RenewAfter).ToUnixTimeMilliseconds() > signed.Sequence;
        var isMoved = !DialableAddresses().Where(address => address.Bytes.Length <= NodeRecord.MaxAddressBytes).Distinct().Take(NodeRecord.MaxAddresses)
            .SequenceEqual(signed.Addresses);
        if (isOld || isMoved)
        {
            var renewed = SignRecord();
            lock (_gate)
            {
                _router.Renew(renewed);
                Settle();
            }
        }
    }

    private void LearnKnownNodes()
    {
        if (_file is null)
        {
            return;
        }

        var now = _time.GetUtcNow();
        var old = 0;
        foreach (var record in _file.Read())
        {
            var fault = record.Check(_router.Record.NetworkId, now);
            if (fault == NodeRecordFault.None)
            {
                _router.Learn(record, AddressReach.Machine);
            }
            else if (fault == NodeRecordFault.Expired && record.Peer is { } peer && old++ < MaxOldNodes)
            {
                foreach (var address in record.Addresses)
                {
                    _bootstrap.Add(address.WithPeer(peer));
                }
            }
        }
    }

    private void Keep()
    {
        IReadOnlyList<NodeRecord> nodes;
        lock (_gate)
        {
            nodes = _router.GoodNodes(KnownNodesFile.MaxNodes);
        }

        try
        {
            if (nodes.Count > 0)
            {
                _file?.Write(nodes);
            }
        }
        catch (Exception error) when (error is SdkException or IOException)
        {
            OverlayLog.NotKept(_logger, error);
        }
    }

    private void DialBootstrapIfAlone()
    {
        bool isAlone;
        lock (_gate)
        {
            isAlone = _router.Linked.Count == 0 && !_router.IsDialling;
        }

        if (isAlone)
        {
            _bootstrap.DialIfDue();
        }
    }
}
