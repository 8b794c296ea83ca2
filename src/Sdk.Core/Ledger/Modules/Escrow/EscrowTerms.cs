using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;

namespace Sdk.Core.Ledger.Modules.Escrow;

/// <summary>
/// What a trade under escrow is about; nothing of it ever changes. The trade's id is the hash of all of it, so that nobody can take
/// another's id and a voucher for one trade is worth nothing for any other.
/// </summary>
/// <remarks>
/// The id is the hashStruct (EIP-712) of <c>Terms(bytes32 agreement,address buyer,address provider,uint32 disputeWindow,address
/// developer,uint16 developerShare,address platform,uint16 platformShare)</c>.
/// </remarks>
public sealed record EscrowTerms
{
    /// <summary>What developer and platform may have together, in basis points: half.</summary>
    public const int SharesMax = 5_000;

    private const string EncodedType =
        "Terms(bytes32 agreement,address buyer,address provider,uint32 disputeWindow,address developer,uint16 developerShare,"
        + "address platform,uint16 platformShare)";

    /// <summary>What the two sides agreed on, by its hash; a new one for each trade, since the same terms can be locked once only.</summary>
    public required Hash256 Agreement { get; init; }

    /// <summary>Who pays.</summary>
    public required AccountAddress Buyer { get; init; }

    /// <summary>Who is paid.</summary>
    public required AccountAddress Provider { get; init; }

    /// <summary>How long after the end the provider can still settle, in seconds: an hour to 30 days.</summary>
    public required uint DisputeWindowSeconds { get; init; }

    /// <summary>The author of the application, who has a share of each payment; the zero address where there is none.</summary>
    public AccountAddress Developer { get; init; }

    /// <summary>The developer's share in basis points; zero exactly where there is no developer.</summary>
    public ushort DeveloperShare { get; init; }

    /// <summary>The platform, which has a commission on each payment; the zero address where there is none.</summary>
    public AccountAddress Platform { get; init; }

    /// <summary>The platform's commission in basis points; zero exactly where there is no platform.</summary>
    public ushort PlatformShare { get; init; }

    /// <summary>The trade's id.</summary>
    public Hash256 TradeId() => new TypedStruct(EncodedType)
        .Add(Agreement)
        .Add(Buyer)
        .Add(Provider)
        .Add(DisputeWindowSeconds)
        .Add(Developer)
        .Add(DeveloperShare)
        .Add(Platform)
        .Add(PlatformShare)
        .Hash();

    internal AbiWriter Write(AbiWriter writer) => writer
        .Add(Agreement).Add(Buyer).Add(Provider).Add(DisputeWindowSeconds).Add(Developer).Add(DeveloperShare).Add(Platform).Add(PlatformShare);

    /// <exception cref="AbiException">A word has bits outside its type.</exception>
    internal static EscrowTerms Read(ref AbiReader reader) => new()
    {
        Agreement = reader.ReadWord(),
        Buyer = reader.ReadAddress(),
        Provider = reader.ReadAddress(),
        DisputeWindowSeconds = (uint)reader.ReadUInt(32),
        Developer = reader.ReadAddress(),
        DeveloperShare = (ushort)reader.ReadUInt(16),
        Platform = reader.ReadAddress(),
        PlatformShare = (ushort)reader.ReadUInt(16),
    };
}
