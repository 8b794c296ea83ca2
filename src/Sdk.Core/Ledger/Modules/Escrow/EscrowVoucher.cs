using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Modules.Escrow;

/// <summary>
/// What a buyer under escrow owes the provider so far, in all. The buyer signs rising ones while the service runs; the provider keeps the
/// highest and has it paid from the deposit. A voucher is good for one trade of one contract on one chain.
/// </summary>
/// <remarks>
/// Typed data (EIP-712): domain name <c>Escrow</c>, version <c>1</c>, chain id, verifying contract; struct
/// <c>Voucher(bytes32 trade,uint256 cumulative)</c>. The provider's consent to an early end is <c>Close(bytes32 trade,uint256 cumulative)</c>
/// in the same domain. Only what is deposited is paid: a receiver checks the total against <see cref="EscrowTrade.Deposited"/>, and that the
/// dispute window leaves it time.
/// </remarks>
/// <param name="Trade">The trade (<see cref="EscrowTerms.TradeId"/>).</param>
/// <param name="Cumulative">What is owed in all, in base units, shares included.</param>
public readonly record struct EscrowVoucher(Hash256 Trade, TokenAmount Cumulative)
{
    private const string VoucherType = "Voucher(bytes32 trade,uint256 cumulative)";
    private const string CloseType = "Close(bytes32 trade,uint256 cumulative)";

    /// <summary>What the buyer signs to pay.</summary>
    /// <param name="chainId">The chain.</param>
    /// <param name="escrow">The contract.</param>
    public Hash256 Digest(ulong chainId, AccountAddress escrow) => Digest(VoucherType, chainId, escrow);

    /// <summary>What the provider signs so that the buyer may end the trade with this total.</summary>
    /// <param name="chainId">The chain.</param>
    /// <param name="escrow">The contract.</param>
    public Hash256 CloseDigest(ulong chainId, AccountAddress escrow) => Digest(CloseType, chainId, escrow);

    /// <summary>Signs the voucher.</summary>
    /// <param name="chainId">The chain.</param>
    /// <param name="escrow">The contract.</param>
    /// <param name="buyer">The buyer's key.</param>
    public Signature Sign(ulong chainId, AccountAddress escrow, KeyPair buyer)
    {
        ArgumentNullException.ThrowIfNull(buyer);
        return buyer.SignDigest(Digest(chainId, escrow).Bytes);
    }

    /// <summary>Whether the buyer signed the voucher.</summary>
    /// <param name="chainId">The chain.</param>
    /// <param name="escrow">The contract.</param>
    /// <param name="buyer">The buyer.</param>
    /// <param name="signature">The signature.</param>
    public bool Verify(ulong chainId, AccountAddress escrow, AccountAddress buyer, Signature signature) =>
        PublicKey.Recover(Digest(chainId, escrow).Bytes, signature) is { } signer && AccountAddress.FromPublicKey(signer) == buyer;

    /// <summary>Signs the provider's consent to an early end with this total.</summary>
    /// <param name="chainId">The chain.</param>
    /// <param name="escrow">The contract.</param>
    /// <param name="provider">The provider's key.</param>
    public Signature SignClose(ulong chainId, AccountAddress escrow, KeyPair provider)
    {
        ArgumentNullException.ThrowIfNull(provider);
        return provider.SignDigest(CloseDigest(chainId, escrow).Bytes);
    }

    private Hash256 Digest(string type, ulong chainId, AccountAddress escrow) => TypedStruct.Digest(
        TypedStruct.Domain("Escrow", "1", chainId, escrow),
        new TypedStruct(type).Add(Trade).Add(Cumulative.ToWord()).Hash());
}
