using Sdk.Core.Networking;
using Sdk.Core.Overlay.Records;
using Sdk.Core.Overlay.Routing;

namespace Sdk.Core.Overlay;

/// <summary>How a node takes part in the overlay.</summary>
public sealed class OverlayOptions
{
    /// <summary>
    /// Nodes through which this one finds the others where it knows none, each with its peer id (<c>/ip4/…/tcp/…/p2p/ID</c>). They are
    /// nodes like any other; which others one meets does not depend on them afterwards.
    /// </summary>
    /// <value>The default is none: the node waits until others dial it.</value>
    public IList<Multiaddr> Bootstrap { get; } = [];

    /// <summary>
    /// The 32 bytes of which, with account and network, the overlay address is made. A provider's is fixed when it registers.
    /// </summary>
    /// <value>The default is null: the one of the data directory, or a random one that is then kept there.</value>
    public ReadOnlyMemory<byte>? Nonce { get; set; }

    /// <summary>Whether the node only uses the overlay: it stands in no routing table and answers nothing. One that nobody can dial does so in any case.</summary>
    /// <value>The default is false.</value>
    public bool IsLight { get; set; }

    /// <summary>The kinds of records that the node keeps for the network and reads from it. All nodes of a network know the same ones.</summary>
    /// <value>The default is <see cref="RecordKinds.Default"/>.</value>
    public RecordKinds RecordKinds { get; set; } = RecordKinds.Default;

    /// <summary>How much the node keeps for others.</summary>
    public RecordStoreOptions RecordStore { get; } = new();

    /// <summary>Nodes that were found on the local networks, tried as bootstrap nodes are.</summary>
    internal Func<IEnumerable<Multiaddr>> FoundNearby { get; set; } = static () => [];

    /// <summary>The numbers; tests change them.</summary>
    internal OverlayParameters Parameters { get; set; } = OverlayParameters.Default;
}
