using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Modules.Token;
using Sdk.Interop.Ethereum;

namespace Sdk.Ledger.Conformance.Differential;

/// <summary>Random operations on the token.</summary>
internal sealed class TokenOperations(TwinLedgers twins, Random random) : ModuleOperations(twins, random)
{
    // The group's order, less one: a high s that is a number of the group.
    private static readonly Hash256 HighS = Hash256.FromHex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140");

    public override string Module => "Token";

    public override IReadOnlyDictionary<string, string> Unreachable { get; } = new Dictionary<string, string>
    {
        [TokenAbi.InvalidSignatureLength.Name] = "no function takes a signature as bytes",
        [TokenAbi.InvalidAccountNonce.Name] = "no function names a nonce",
        [TokenAbi.InvalidShortString.Name] = "the name is stored at deployment, and is short",
        [TokenAbi.StringTooLong.Name] = "the name is stored at deployment, and is short",
    };

    public override IReadOnlyList<Move> Moves =>
    [
        Asks(TokenAbi.Name),
        Asks(TokenAbi.Symbol),
        Asks(TokenAbi.Decimals),
        Asks(TokenAbi.TotalSupply),
        Asks(TokenAbi.DomainSeparator),
        Asks(TokenAbi.Eip712Domain),
        Asks(TokenAbi.BalanceOf, () => new AbiWriter().Add(Anybody().Address)),
        Asks(TokenAbi.Nonces, () => new AbiWriter().Add(Anybody().Address)),
        Asks(TokenAbi.Allowance, () => new AbiWriter().Add(Anybody().Address).Add(Anybody().Address)),
        Does(TokenAbi.Transfer, () => Transfer(Anybody(), Anybody().Address, SomeAmount())),
        Does(TokenAbi.Approve, () => Approve(Anybody(), Anybody().Address, Chance(3) ? TokenAmount.MaxValue : SomeAmount())),
        Does(TokenAbi.TransferFrom, () => TransferFrom(Chance(2) ? TokenAmount.Zero : SomeAmount())),
        Does(TokenAbi.Permit, () => Permit(Anybody(), SomeAmount())),
        Meets(TokenAbi.InsufficientBalance, () => Transfer(Pauper, Anybody().Address, SomeAmount())),
        Meets(TokenAbi.InvalidReceiver, () => Transfer(Anybody(), default, SomeAmount())),
        Meets(TokenAbi.InvalidSender, () => new Operation(default, Call(TokenAbi.Transfer, new AbiWriter().Add(Anybody().Address).Add(SomeAmount())), IsQuery: true)),
        Meets(TokenAbi.InsufficientAllowance, () => new Operation(
            Pauper.Address, Call(TokenAbi.TransferFrom, new AbiWriter().Add(Anybody().Address).Add(Pauper.Address).Add(SomeAmount())))),
        Meets(TokenAbi.InvalidSpender, () => Approve(Anybody(), default, SomeAmount())),
        Meets(TokenAbi.InvalidApprover, () => new Operation(
            Anybody().Address, Call(TokenAbi.TransferFrom, new AbiWriter().Add(default(AccountAddress)).Add(Anybody().Address).Add(TokenAmount.Zero)))),
        Meets(TokenAbi.ExpiredSignature, () => Permit(Anybody(), SomeAmount(), lifetimeSeconds: -1)),
        Meets(TokenAbi.InvalidSigner, () => Permit(Anybody(), SomeAmount(), nonce: 1_000_000)),
        Meets(TokenAbi.InvalidSignature, () => Permit(Anybody(), SomeAmount(), v: Chance(2) ? 26 : 0)),
        Meets(TokenAbi.InvalidSignatureS, () => Permit(Anybody(), SomeAmount(), s: HighS)),
    ];

    public override IEnumerable<Operation> Preparation
    {
        get
        {
            foreach (var key in Twins.Keys.Skip(1).SkipLast(1))
            {
                yield return Transfer(Twins.Keys[0], key.Address, TokenAmount.FromTokens(1_000_000));
                foreach (var module in (string[])["Vault", "HashLocks", "Escrow", "Bonds"])
                {
                    yield return Approve(key, Twins[module], TokenAmount.MaxValue);
                }
            }
        }
    }

    public override IEnumerable<LedgerCall> Views()
    {
        foreach (var holder in Twins.Keys.Select(key => key.Address).Concat(SuiteContracts.Modules.Select(module => Twins[module])))
        {
            yield return Call(TokenAbi.BalanceOf, new AbiWriter().Add(holder));
            yield return Call(TokenAbi.Nonces, new AbiWriter().Add(holder));
            foreach (var spender in Twins.Keys)
            {
                yield return Call(TokenAbi.Allowance, new AbiWriter().Add(holder).Add(spender.Address));
            }
        }
    }

    private Operation Transfer(KeyPair from, AccountAddress to, TokenAmount amount) =>
        new(from.Address, Call(TokenAbi.Transfer, new AbiWriter().Add(to).Add(amount)));

    private Operation Approve(KeyPair owner, AccountAddress spender, TokenAmount amount) =>
        new(owner.Address, Call(TokenAbi.Approve, new AbiWriter().Add(spender).Add(amount)));

    private Operation TransferFrom(TokenAmount amount) =>
        new(Anybody().Address, Call(TokenAbi.TransferFrom, new AbiWriter().Add(Anybody().Address).Add(Anybody().Address).Add(amount)));

    private Operation Permit(KeyPair owner, TokenAmount value, int lifetimeSeconds = 1_000, ulong? nonce = null, int? v = null, Hash256? s = null)
    {
        var next = nonce ?? Look(TokenAbi.Nonces, new AbiWriter().Add(owner.Address)).ReadAmount();
        var deadline = (ulong)((long)Twins.Now + lifetimeSeconds);
        var permit = TokenPermit.Sign(SuiteContracts.TokenName, Twins.ChainId, Twins[Module], owner, Anybody().Address, value, next, deadline);
        var (signedV, r, signedS) = permit.Signature.Split();
        var arguments = new AbiWriter().Add(owner.Address).Add(permit.Spender).Add(value).Add(deadline).Add((ulong)(v ?? signedV)).Add(r).Add(s ?? signedS);
        return new Operation(Anybody().Address, Call(TokenAbi.Permit, arguments));
    }
}
