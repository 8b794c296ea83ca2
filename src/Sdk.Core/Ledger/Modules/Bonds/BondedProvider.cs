using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Embedded;

namespace Sdk.Core.Ledger.Modules.Bonds;

/// <summary>A provider with its bond.</summary>
/// <param name="OverlayNonce">The nonce of its overlay address, for good.</param>
/// <param name="Bond">What it has posted, in base units.</param>
/// <param name="AtRisk">What open cases may take, each for itself: in all it may be more than the bond.</param>
/// <param name="Number">Its number, from 1 in the order of registration; zero for an account that never registered.</param>
/// <param name="Leaving">What of the bond it wants to take away; it answers for cases until it has.</param>
/// <param name="LeavesAt">From when on it can, in seconds since 1970.</param>
/// <param name="BondedSince">The block in which the bond last came to stand.</param>
/// <param name="BondedUntil">The block in which it last ceased to; zero where it never did.</param>
public readonly record struct BondedProvider(
    Hash256 OverlayNonce, TokenAmount Bond, TokenAmount AtRisk, uint Number, TokenAmount Leaving, ulong LeavesAt, ulong BondedSince, ulong BondedUntil)
{
    /// <summary>How it is stored, which is how <c>providerOf(address)</c> returns it.</summary>
    internal static readonly StateCodec<BondedProvider> Codec = new(8, static (writer, value) => value.Write(writer), static (ref reader) => Read(ref reader));

    /// <summary>
    /// What the provider answers with: the bond without what it has announced to take away, and may take at any moment once the delay is
    /// over. Whoever chooses providers by their bonds looks at this.
    /// </summary>
    public TokenAmount Liable => Bond - Leaving;

    internal void Write(AbiWriter writer) => writer
        .Add(OverlayNonce).Add(Bond).Add(AtRisk).Add(Number).Add(Leaving).Add(LeavesAt).Add(BondedSince).Add(BondedUntil);

    /// <exception cref="AbiException">A word is out of range.</exception>
    internal static BondedProvider Read(ref AbiReader reader) => new(
        reader.ReadWord(),
        reader.ReadAmount(),
        reader.ReadAmount(),
        (uint)reader.ReadUInt(32),
        reader.ReadAmount(),
        reader.ReadUInt64(),
        reader.ReadUInt64(),
        reader.ReadUInt64());
}
