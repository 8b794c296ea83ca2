using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Modules.HashLocks;

namespace Sdk.Ledger.Conformance.Differential;

/// <summary>Random operations on the hash locks: coins and tokens, deadlines near and far, secrets right and wrong.</summary>
internal sealed class HashLocksOperations(TwinLedgers twins, Random random) : ModuleOperations(twins, random)
{
    private static readonly AccountAddress[] Sinks = [HashLocksContract.Burn, AccountAddress.Parse("0x00000000000000000000000000000000000abcde")];

    private readonly List<(HashLockTerms Terms, Hash256 Secret)> _made = [];

    public override string Module => "HashLocks";

    public override IReadOnlyList<Move> Moves =>
    [
        Asks(HashLocksAbi.Burn),
        Asks(HashLocksAbi.ChainId),
        Asks(HashLocksAbi.IdOf, () => Known().Terms.Write(new AbiWriter())),
        Asks(HashLocksAbi.IsLocked, () => new AbiWriter().Add(Id(Known().Terms))),
        Does(HashLocksAbi.Lock, () => Lock(New(isNative: true))),
        Does(HashLocksAbi.LockToken, () => Lock(New(isNative: false))),
        Does(HashLocksAbi.Claim, () => Claim(Locked())),
        Does(HashLocksAbi.Refund, () => Refund(Locked(), isLate: true)),
        Meets(HashLocksAbi.NoRecipient, () => Lock(New(Chance(2)) with { Recipient = default })),
        Meets(HashLocksAbi.NoAmount, () => Lock(New(Chance(2)) with { Amount = TokenAmount.Zero })),
        Meets(HashLocksAbi.NoToken, () => LockToken(New(isNative: true))),
        Meets(HashLocksAbi.DeadlinePassed, () => Chance(2) ? Lock(New(Chance(2)) with { Deadline = Twins.Now + (ulong)Random.Next(2) }) : ClaimLate(Known())),
        Meets(HashLocksAbi.DeadlineNotReached, () => Refund(Lasting(), isLate: false)),
        Meets(HashLocksAbi.AlreadyLocked, () => Lock(Lasting())),
        Meets(HashLocksAbi.NotLocked, () => Claim((New(Chance(2)), default), rightSecret: true)),
        Meets(HashLocksAbi.WrongSecret, () => Claim((Lasting(), RandomWord()))),
        Meets(HashLocksAbi.AmountNotReceived, () => Lock(New(isNative: false) with { Token = Twins[TwinLedgers.TrueToken] })),
        Meets(HashLocksAbi.TokenFailed, () => Lock(New(isNative: false) with { Token = Twins[TwinLedgers.FalseToken] })),
        Meets(HashLocksAbi.PaymentRefused, () => Claim(LockedFor(Twins[TwinLedgers.Refuser]))),
        new("HashLocks.revert without data", () => Lock(New(isNative: false) with { Token = RandomAddress() })),
        new("HashLocks.revert without data", Dirty),
    ];

    public override IEnumerable<AccountAddress> PaidInCoins => [.. Sinks, Twins[Module]];

    public override IEnumerable<LedgerCall> Views() =>
        _made.TakeLast(200).Select(made => Call(HashLocksAbi.IsLocked, new AbiWriter().Add(Id(made.Terms))));

    public override IEnumerable<Operation> Preparation => [Lock(Keep(New(isNative: true) with { Recipient = Twins[TwinLedgers.Refuser], Deadline = Twins.Now + (1_000 * 365 * Day) }))];

    // For a thousand years: the differential run turns the clock by months.
    private HashLockTerms Lasting() => _made[0].Terms;

    private Hash256 Id(HashLockTerms terms) => terms.Id(Twins.ChainId, Twins[Module]);

    private HashLockTerms New(bool isNative)
    {
        var (sender, secret) = (Anybody(), RandomWord());
        var recipient = isNative || Chance(4) ? Sinks[Random.Next(Sinks.Length)] : AnybodyBut(sender).Address;
        var terms = new HashLockTerms(
            sender.Address, recipient, isNative ? default : Twins["Token"], SomeAmount(), Hash256.Sha256(secret.Bytes), Twins.Now + (ulong)Random.Next(2, 400_000),
            (ulong)Random.NextInt64(1, long.MaxValue), Chance(2) ? default : RandomAddress(), RandomAddress(), SomeAmount());
        _secrets[terms.SecretHash] = secret;
        return terms;
    }

    private readonly Dictionary<Hash256, Hash256> _secrets = [];

    private HashLockTerms Keep(HashLockTerms terms)
    {
        _made.Add((terms, _secrets.GetValueOrDefault(terms.SecretHash)));
        return terms;
    }

    private (HashLockTerms Terms, Hash256 Secret) Known() => _made[^Random.Next(1, Math.Min(_made.Count, 50) + 1)];

    // One that is locked still, as far as the search finds it.
    private (HashLockTerms Terms, Hash256 Secret) Locked()
    {
        for (var index = _made.Count - 1; index > Math.Max(0, _made.Count - 50); index--)
        {
            if (IsLocked(_made[index].Terms) && !Chance(4))
            {
                return _made[index];
            }
        }

        return Known();
    }

    private (HashLockTerms Terms, Hash256 Secret) LockedFor(AccountAddress recipient)
    {
        var found = _made[0];
        return found.Terms.Recipient == recipient ? found : Known();
    }

    private bool IsLocked(HashLockTerms terms) => Look(HashLocksAbi.IsLocked, new AbiWriter().Add(Id(terms))).ReadBool();

    private Operation Lock(HashLockTerms terms)
    {
        if (!terms.IsNative)
        {
            return LockToken(terms);
        }

        Keep(terms);
        return new Operation(terms.Sender, Call(HashLocksAbi.Lock, Rest(new AbiWriter().Add(terms.Recipient), terms), terms.Amount));
    }

    private Operation LockToken(HashLockTerms terms)
    {
        Keep(terms);
        return new Operation(terms.Sender, Call(HashLocksAbi.LockToken, Rest(new AbiWriter().Add(terms.Recipient).Add(terms.Token).Add(terms.Amount), terms)));
    }

    private static AbiWriter Rest(AbiWriter writer, HashLockTerms terms) => writer
        .Add(terms.SecretHash).Add(terms.Deadline).Add(terms.CounterChainId).Add(terms.CounterToken).Add(terms.CounterRecipient).Add(terms.CounterAmount);

    private Operation Claim((HashLockTerms Terms, Hash256 Secret) made, bool rightSecret = false) => new(
        Anybody().Address,
        Call(HashLocksAbi.Claim, made.Terms.Write(new AbiWriter()).Add(rightSecret ? _secrets[made.Terms.SecretHash] : made.Secret)));

    private Operation ClaimLate((HashLockTerms Terms, Hash256 Secret) made) =>
        made.Terms == Lasting() ? Lock(New(isNative: true)) : Claim(made) with { AdvanceSeconds = 400_000 };

    private Operation Refund((HashLockTerms Terms, Hash256 Secret) made, bool isLate) =>
        Refund(made.Terms, isLate && made.Terms != Lasting() ? 400_000UL : 1);

    private Operation Refund(HashLockTerms terms, bool isLate) => Refund((terms, default), isLate);

    private Operation Refund(HashLockTerms terms, ulong later) =>
        new(Anybody().Address, Call(HashLocksAbi.Refund, terms.Write(new AbiWriter())), later);

    // A word that should be an address and is none, in any place, behind a right or wrong secret, early or late.
    private Operation Dirty()
    {
        var (terms, secret) = Known();
        var words = terms.Write(new AbiWriter()).ToArray();
        words[AbiWriter.WordBytes * Random.Next(HashLockTerms.Words)] ^= 1;
        var isClaim = Chance(2);
        byte[] data = [.. (isClaim ? HashLocksAbi.Claim : HashLocksAbi.Refund).Selector, .. words, .. isClaim ? secret.ToArray() : []];
        return new Operation(Anybody().Address, new LedgerCall(Twins[Module], data));
    }
}
