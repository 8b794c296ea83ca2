using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Modules.Bonds;

/// <summary>What a witness says in a case: whether the provider served what was asked, seen with the answer that it gave.</summary>
/// <remarks>
/// Typed data (EIP-712): domain name <c>Bonds</c>, version <c>1</c>, chain id, verifying contract; struct
/// <c>Testimony(uint256 caseId,bytes32 answer,bool served)</c>.
/// </remarks>
/// <param name="CaseId">The case.</param>
/// <param name="Answer">The answer's hash; zero where the provider gave none in time.</param>
/// <param name="Served">Whether the provider served.</param>
public readonly record struct WitnessTestimony(ulong CaseId, Hash256 Answer, bool Served)
{
    /// <summary>What the witness signs.</summary>
    /// <param name="chainId">The chain.</param>
    /// <param name="bonds">The contract.</param>
    public Hash256 Digest(ulong chainId, AccountAddress bonds) => TypedStruct.Digest(
        TypedStruct.Domain("Bonds", "1", chainId, bonds),
        new TypedStruct("Testimony(uint256 caseId,bytes32 answer,bool served)").Add(CaseId).Add(Answer).Add(Served ? 1UL : 0UL).Hash());

    /// <summary>Signs the testimony.</summary>
    /// <param name="chainId">The chain.</param>
    /// <param name="bonds">The contract.</param>
    /// <param name="witness">The witness's key.</param>
    public Signature Sign(ulong chainId, AccountAddress bonds, KeyPair witness)
    {
        ArgumentNullException.ThrowIfNull(witness);
        return witness.SignDigest(Digest(chainId, bonds).Bytes);
    }
}
