using Sdk.Core.Ledger;

namespace Sdk.Core.Payments;

/// <summary>What the ledger says stands behind one issuer's cheques to one beneficiary, all of it read at one final block.</summary>
/// <param name="Deposit">The issuer's deposit that any beneficiary may draw on; hard deposits are not in it.</param>
/// <param name="PendingWithdrawal">What of it the issuer has asked to withdraw: it counts as no cover.</param>
/// <param name="HardDeposit">What the issuer has set aside for this beneficiary alone, without what it announced to take back.</param>
/// <param name="PaidOut">What the vault has paid this beneficiary on the issuer's cheques so far.</param>
/// <remarks>One deposit can seem to cover many peers at once; only the hard deposit is this beneficiary's for certain.</remarks>
public readonly record struct ChequeCover(TokenAmount Deposit, TokenAmount PendingWithdrawal, TokenAmount HardDeposit, TokenAmount PaidOut)
{
    /// <summary>What a cheque may be worth beyond <see cref="PaidOut"/>.</summary>
    public TokenAmount Available
    {
        get
        {
            var soft = Deposit > PendingWithdrawal ? Deposit - PendingWithdrawal : TokenAmount.Zero;
            return TokenAmount.MaxValue - soft > HardDeposit ? soft + HardDeposit : TokenAmount.MaxValue;
        }
    }

    /// <summary>Whether a cheque of this cumulative payout would be paid in full now.</summary>
    /// <param name="cumulativePayout">What the cheque says.</param>
    public bool Covers(TokenAmount cumulativePayout) => cumulativePayout <= PaidOut || cumulativePayout - PaidOut <= Available;
}
