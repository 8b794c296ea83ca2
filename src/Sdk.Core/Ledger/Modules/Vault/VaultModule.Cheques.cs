using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Embedded;
using Sdk.Core.Ledger.Modules.Evidence;

namespace Sdk.Core.Ledger.Modules.Vault;

/// <summary>How cheques are cashed.</summary>
public sealed partial class VaultModule
{
    private void CashCheque(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (issuer, beneficiary, cumulativePayout) = (arguments.ReadAddress(), arguments.ReadAddress(), arguments.ReadAmount());
        var (paid, paidOut) = Cash(frame, issuer, beneficiary, cumulativePayout, arguments.ReadWord(), arguments.ReadWord());
        Credit(beneficiary, paid);
        frame.Emit(VaultAbi.ChequeCashed, [Topic(issuer), Topic(beneficiary)], new AbiWriter().Add(paid).Add(paidOut));
        results.Add(paid);
    }

    private void CashOut(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (issuer, recipient, cumulativePayout) = (arguments.ReadAddress(), arguments.ReadAddress(), arguments.ReadAmount());
        var (r, vs) = (arguments.ReadWord(), arguments.ReadWord());
        RequireAccount(recipient);
        var (paid, paidOut) = Cash(frame, issuer, frame.Sender, cumulativePayout, r, vs);
        frame.Emit(VaultAbi.ChequePaidOut, [Topic(issuer), Topic(frame.Sender)], new AbiWriter().Add(recipient).Add(paid).Add(paidOut));
        Pay(frame, recipient, paid);
        results.Add(paid);
    }

    private void CashBatch(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var beneficiary = arguments.ReadAddress();
        var cheques = arguments.ReadArray(int.MaxValue, ChequeWords * AbiWriter.WordBytes, out var count);
        var (any, total) = (false, TokenAmount.Zero);
        for (var index = 0; index < count; index++)
        {
            var (issuer, cumulativePayout) = (cheques.ReadAddress(), cheques.ReadAmount());
            var drawn = Draw(frame, issuer, beneficiary, cumulativePayout, cheques.ReadWord(), cheques.ReadWord());
            if (!drawn.HasChanged)
            {
                continue;
            }

            any = true;
            total += drawn.Paid;
            frame.Emit(VaultAbi.ChequeCashed, [Topic(issuer), Topic(beneficiary)], new AbiWriter().Add(drawn.Paid).Add(drawn.PaidOut));
        }

        if (!any)
        {
            throw Revert(VaultAbi.NothingToCash);
        }

        Credit(beneficiary, total);
        results.Add(total);
    }

    private (TokenAmount Paid, TokenAmount PaidOut) Cash(
        ModuleFrame frame, AccountAddress issuer, AccountAddress beneficiary, TokenAmount cumulativePayout, Hash256 r, Hash256 vs)
    {
        var drawn = Draw(frame, issuer, beneficiary, cumulativePayout, r, vs);
        return drawn.HasChanged ? (drawn.Paid, drawn.PaidOut)
            : cumulativePayout <= drawn.PaidOut ? throw Revert(VaultAbi.ChequeAlreadyCashed, new AbiWriter().Add(drawn.PaidOut))
            : throw Revert(VaultAbi.NoCover);
    }

    // Takes what a cheque is worth from its issuer; the caller gives it to the beneficiary.
    private (bool HasChanged, TokenAmount Paid, TokenAmount PaidOut) Draw(
        ModuleFrame frame, AccountAddress issuer, AccountAddress beneficiary, TokenAmount cumulativePayout, Hash256 r, Hash256 vs)
    {
        var book = _books[(issuer, beneficiary)];
        if (cumulativePayout <= book.PaidOut)
        {
            return (false, default, book.PaidOut);
        }

        if (cumulativePayout > StoredMax)
        {
            throw Revert(VaultAbi.AmountTooLarge, new AbiWriter().Add(cumulativePayout));
        }

        if (issuer == beneficiary)
        {
            throw Revert(VaultAbi.OwnCheque);
        }

        RequireSignature(Digest(frame, issuer, beneficiary, cumulativePayout), issuer, r, vs);

        var due = cumulativePayout - book.PaidOut;
        var account = _accounts[issuer];
        var paid = Min(due, account.Free + book.Hard);
        var (cleared, added) = (TokenAmount.Zero, TokenAmount.Zero);
        if (paid < due || !book.Missing.IsZero)
        {
            // What bounced first is what is paid first.
            cleared = Min(book.Missing, paid);
            added = due > book.Missing ? due - book.Missing - (paid - cleared) : TokenAmount.Zero;
            if (cleared.IsZero && added.IsZero)
            {
                return (false, default, book.PaidOut);
            }
        }

        var fromHard = Min(paid, book.Hard);
        _books[(issuer, beneficiary)] = book = new VaultBook(book.PaidOut + paid, book.Hard - fromHard, book.Missing - cleared + added);
        _accounts[issuer] = new VaultDeposit(account.Amount - paid, account.HardTotal - fromHard);
        if (!cleared.IsZero)
        {
            frame.Emit(VaultAbi.BounceCleared, [Topic(issuer), Topic(beneficiary)], new AbiWriter().Add(cleared));
            CallContract(frame, _evidence, new AbiWriter().Add(issuer).Add(beneficiary).Add(cleared).ToCall(EvidenceAbi.ClearBounce));
        }

        if (!added.IsZero)
        {
            frame.Emit(VaultAbi.ChequeBounced, [Topic(issuer), Topic(beneficiary)], new AbiWriter().Add(added));
            CallContract(frame, _evidence, new AbiWriter().Add(issuer).Add(beneficiary).Add(added).ToCall(EvidenceAbi.RecordBounce));
        }

        return (true, paid, book.PaidOut);
    }

    private static void RequireSignature(Hash256 digest, AccountAddress signer, Hash256 r, Hash256 vs)
    {
        Span<byte> bytes = stackalloc byte[Hash256.LengthBytes];
        vs.CopyTo(bytes);
        var v = (byte)((bytes[0] >> 7) + 27);
        bytes[0] &= 0x7f;
        var s = Hash256.FromBytes(bytes);
        var recovered = EcRecover.IsLow(s) ? EcRecover.Recover(digest, v, r, s) : default;
        if (recovered == default || recovered != signer)
        {
            throw Revert(VaultAbi.InvalidSignature);
        }
    }

    private Hash256 Digest(ModuleFrame frame, AccountAddress issuer, AccountAddress beneficiary, TokenAmount cumulativePayout) =>
        TypedStruct.Digest(Domain(frame), new TypedStruct(ChequeType).Add(issuer).Add(beneficiary).Add(cumulativePayout.ToWord()).Hash());

    private Hash256 Domain(ModuleFrame frame) => _domain ??= TypedStruct.Domain(ModuleName, DomainVersion, frame.ChainId, frame.This);
}
