using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Embedded;

namespace Sdk.Core.Ledger.Modules.Escrow;

/// <summary>How a trade stands.</summary>
[Flags]
public enum EscrowState
{
    /// <summary>Nobody has locked it.</summary>
    None = 0,

    /// <summary>Its money is locked.</summary>
    Live = 1,

    /// <summary>It is over.</summary>
    Closed = 2,

    /// <summary>The buyer has rated the provider.</summary>
    RatedByBuyer = 4,

    /// <summary>The provider has rated the buyer.</summary>
    RatedByProvider = 8,
}

/// <summary>The part of a trade that changes.</summary>
/// <param name="Deposited">What the buyer locked, in base units, below 2^104.</param>
/// <param name="Settled">What of it was paid, shares included.</param>
/// <param name="End">When the service ends; once the trade is closed, when that was. Seconds since 1970.</param>
/// <param name="State">How it stands.</param>
public readonly record struct EscrowTrade(TokenAmount Deposited, TokenAmount Settled, ulong End, EscrowState State)
{
    /// <summary>How a trade is stored, which is how <c>tradeOf(bytes32)</c> returns it.</summary>
    internal static readonly StateCodec<EscrowTrade> Codec = new(4, static (writer, value) => value.Write(writer), static (ref reader) => Read(ref reader));

    internal void Write(AbiWriter writer) => writer.Add(Deposited).Add(Settled).Add(End).Add((ulong)State);

    /// <exception cref="AbiException">A word is out of range.</exception>
    internal static EscrowTrade Read(ref AbiReader reader) =>
        new(reader.ReadAmount(), reader.ReadAmount(), reader.ReadUInt64(), (EscrowState)reader.ReadUInt(8));
}
