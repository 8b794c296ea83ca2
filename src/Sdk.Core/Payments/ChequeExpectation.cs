using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;

namespace Sdk.Core.Payments;

/// <summary>What the next cheque of a peer must be, and the checks in their order: the cheap ones first, the signature last.</summary>
/// <param name="Domain">The only vault whose cheques are taken.</param>
/// <param name="Issuer">The peer's account.</param>
/// <param name="Beneficiary">Ours.</param>
/// <param name="Held">The cumulative payout of the peer's last cheque.</param>
/// <param name="MinValue">The least that it must add to that.</param>
/// <param name="MaxValue">The most that it may add: what is paid in advance is lent.</param>
/// <remarks>
/// Whether the ledger covers it (<see cref="ChequeCover"/>) is asked after these, since it costs a question to a ledger.
/// </remarks>
internal readonly record struct ChequeExpectation(
    ChequeDomain Domain, AccountAddress Issuer, AccountAddress Beneficiary, TokenAmount Held, TokenAmount MinValue, TokenAmount MaxValue)
{
    /// <summary>Why the cheque is refused; null where it is good.</summary>
    public ChequeFault? FindFault(SignedCheque signed)
    {
        var cheque = signed.Cheque;
        if (signed.ChainId != Domain.ChainId)
        {
            return ChequeFault.WrongChain;
        }

        if (signed.Vault != Domain.Vault)
        {
            return ChequeFault.ForeignVault;
        }

        if (cheque.Beneficiary != Beneficiary)
        {
            return ChequeFault.WrongBeneficiary;
        }

        if (cheque.Issuer != Issuer)
        {
            return ChequeFault.WrongIssuer;
        }

        if (cheque.CumulativePayout <= Held)
        {
            return ChequeFault.NotRising;
        }

        var value = cheque.CumulativePayout - Held;
        if (value < MinValue)
        {
            return ChequeFault.TooSmall;
        }

        if (value > MaxValue)
        {
            return ChequeFault.TooLarge;
        }

        return Domain.Verify(signed) ? null : ChequeFault.Signature;
    }
}
