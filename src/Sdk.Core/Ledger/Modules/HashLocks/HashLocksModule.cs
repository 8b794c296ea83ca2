using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Embedded;
using Sdk.Core.Ledger.Modules.Token;

namespace Sdk.Core.Ledger.Modules.HashLocks;

/// <summary><c>HashLocks.sol</c> as the embedded ledger runs it: its functions, checks, events and errors, in its order.</summary>
public sealed class HashLocksModule : ContractModule
{
    /// <summary>The module's name in a deployment.</summary>
    public const string ModuleName = "HashLocks";

    private ModuleMap<Hash256, bool> _locked = null!;

    /// <summary>The module.</summary>
    public HashLocksModule()
        : base(ModuleName)
    {
        Function(HashLocksAbi.Burn, (ModuleFrame _, ref AbiReader _, AbiWriter results) => results.Add(HashLocksContract.Burn));
        Function(HashLocksAbi.ChainId, (ModuleFrame frame, ref AbiReader _, AbiWriter results) => results.Add(frame.ChainId));
        Function(HashLocksAbi.Lock, Lock, isPayable: true);
        Function(HashLocksAbi.LockToken, LockToken);
        Function(HashLocksAbi.Claim, Claim);
        Function(HashLocksAbi.Refund, Refund);
        Function(HashLocksAbi.IdOf, (ModuleFrame frame, ref AbiReader arguments, AbiWriter results) => results.Add(new CalledTerms(ref arguments).Checked().Id(frame)));
        Function(HashLocksAbi.IsLocked, (ModuleFrame _, ref AbiReader arguments, AbiWriter results) => results.Add(_locked[arguments.ReadWord()]));
    }

    /// <inheritdoc/>
    protected override void DeclareState() => _locked = Map("locked", StateCodec.Word, StateCodec.Flag);

    private void Lock(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var terms = new AbiWriter().Add(frame.Sender).Add(arguments.ReadAddress()).Add(default(AccountAddress)).Add(frame.Value).Add(arguments.ReadWord());
        results.Add(Lock(frame, ReadRest(ref arguments, terms)));
    }

    private void LockToken(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (recipient, token, amount) = (arguments.ReadAddress(), arguments.ReadAddress(), arguments.ReadAmount());
        var terms = new AbiWriter().Add(frame.Sender).Add(recipient).Add(token).Add(amount).Add(arguments.ReadWord());
        var all = ReadRest(ref arguments, terms);
        if (token == default)
        {
            throw Revert(HashLocksAbi.NoToken);
        }

        results.Add(Lock(frame, all));
        var before = BalanceOf(frame, token);
        CallToken(frame, token, new AbiWriter().Add(frame.Sender).Add(frame.This).Add(amount).ToCall(TokenAbi.TransferFrom));
        var after = BalanceOf(frame, token);
        if (after < before || after - before != amount)
        {
            throw Revert(HashLocksAbi.AmountNotReceived, new AbiWriter().Add(before).Add(after));
        }
    }

    private void Claim(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var terms = new CalledTerms(ref arguments);
        var secret = arguments.ReadWord();
        if (Hash256.Sha256(secret.Bytes) != terms.SecretHash)
        {
            throw Revert(HashLocksAbi.WrongSecret);
        }

        if (frame.Timestamp >= terms.Deadline)
        {
            throw Revert(HashLocksAbi.DeadlinePassed, new AbiWriter().Add(terms.Deadline));
        }

        var id = Unlock(frame, terms.Checked());
        frame.Emit(HashLocksAbi.Claimed, [id], new AbiWriter().Add(secret));
        Pay(frame, terms.Token, terms.Recipient, terms.Amount);
    }

    private void Refund(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var terms = new CalledTerms(ref arguments);
        if (frame.Timestamp < terms.Deadline)
        {
            throw Revert(HashLocksAbi.DeadlineNotReached, new AbiWriter().Add(terms.Deadline));
        }

        var id = Unlock(frame, terms.Checked());
        frame.Emit(HashLocksAbi.Refunded, [id]);
        Pay(frame, terms.Token, terms.Sender, terms.Amount);
    }

    private static CalledTerms ReadRest(ref AbiReader arguments, AbiWriter terms)
    {
        terms.Add(arguments.ReadAmount()).Add(arguments.ReadAmount()).Add(arguments.ReadAddress()).Add(arguments.ReadAddress()).Add(arguments.ReadAmount());
        var reader = new AbiReader(terms.ToArray());
        return new CalledTerms(ref reader);
    }

    private Hash256 Lock(ModuleFrame frame, CalledTerms terms)
    {
        if (terms.Recipient == default)
        {
            throw Revert(HashLocksAbi.NoRecipient);
        }

        if (terms.Amount.IsZero)
        {
            throw Revert(HashLocksAbi.NoAmount);
        }

        if (terms.Deadline <= frame.Timestamp)
        {
            throw Revert(HashLocksAbi.DeadlinePassed, new AbiWriter().Add(terms.Deadline));
        }

        var id = terms.Id(frame);
        if (_locked[id])
        {
            throw Revert(HashLocksAbi.AlreadyLocked, new AbiWriter().Add(id));
        }

        _locked[id] = true;
        frame.Emit(HashLocksAbi.Locked, [Topic(terms.Sender), Topic(terms.Recipient), terms.SecretHash], terms.EventData());
        return id;
    }

    private Hash256 Unlock(ModuleFrame frame, CalledTerms terms)
    {
        var id = terms.Id(frame);
        if (!_locked[id])
        {
            throw Revert(HashLocksAbi.NotLocked, new AbiWriter().Add(id));
        }

        _locked[id] = false;
        return id;
    }

    private static void Pay(ModuleFrame frame, AccountAddress token, AccountAddress recipient, TokenAmount amount)
    {
        if (token != default)
        {
            CallToken(frame, token, new AbiWriter().Add(recipient).Add(amount).ToCall(TokenAbi.Transfer));
        }
        else if (!frame.TryCall(recipient, [], amount, out _))
        {
            throw Revert(HashLocksAbi.PaymentRefused, new AbiWriter().Add(recipient));
        }
    }

    // As Solidity's own call of balanceOf: no contract, or too short an answer, reverts without data.
    private static TokenAmount BalanceOf(ModuleFrame frame, AccountAddress token) => frame.HasCode(token)
        ? new AbiReader(frame.Call(token, new AbiWriter().Add(frame.This).ToCall(TokenAbi.BalanceOf))).ReadAmount()
        : throw Revert();

    // As SafeERC20: a token that returns nothing has paid, if it is a contract; any other must return true.
    private static void CallToken(ModuleFrame frame, AccountAddress token, byte[] data)
    {
        var returned = frame.Call(token, data);
        var isTrue = returned.Length >= AbiWriter.WordBytes && TokenAmount.FromBytes(returned.AsSpan(0, AbiWriter.WordBytes)) == 1;
        if (!isTrue && (returned.Length > 0 || !frame.HasCode(token)))
        {
            throw Revert(HashLocksAbi.TokenFailed, new AbiWriter().Add(token));
        }
    }
}
