using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Modules.Bonds;
using Sdk.Core.Ledger.Modules.Token;

namespace Sdk.Ledger.Conformance.Differential;

/// <summary>
/// Random operations on the bonds. An account registers once in its life, so there are many to be recruited, each with coins and tokens.
/// What a case needs next is done where one is about to be tried; otherwise another case is opened.
/// </summary>
internal sealed class BondsOperations : ModuleOperations
{
    private const ulong AnswerPeriod = Day;
    private const ulong CasePeriod = 2 * Day;
    private const int CasesLookedAt = 60;
    private const int Recruits = 150;

    private static readonly TokenAmount Riches = TokenAmount.FromTokens(1_000);

    // All who may be providers, and so witnesses.
    private readonly List<KeyPair> _people = [];
    private readonly Queue<KeyPair> _recruits = new(Enumerable.Range(1, Recruits)
        .Select(number => KeyPair.FromPrivateKey(Hash256.Sha256(BitConverter.GetBytes(number)).Bytes, isTestOnly: true)));

    public BondsOperations(TwinLedgers twins, Random random)
        : base(twins, random) => _people.AddRange(twins.Keys.Skip(1).Take(4));

    public override string Module => "Bonds";

    public override IReadOnlyList<Move> Moves =>
    [
        Asks(BondsAbi.Token),
        Asks(BondsAbi.Evidence),
        Asks(BondsAbi.BondMin),
        Asks(BondsAbi.StakeMin),
        Asks(BondsAbi.ProviderCount),
        Asks(BondsAbi.CaseCount),
        Asks(BondsAbi.Owed, () => new AbiWriter().Add(Somebody().Address)),
        Asks(BondsAbi.LiableOf, () => new AbiWriter().Add(Somebody().Address)),
        Asks(BondsAbi.ProviderOf, () => new AbiWriter().Add(Chance(4) ? Pauper.Address : Somebody().Address)),
        Asks(BondsAbi.ProviderOfNumber, () => new AbiWriter().Add(Chance(4) ? TokenAmount.MaxValue : (ulong)Random.Next(_people.Count + 2))),
        Asks(BondsAbi.CaseOf, () => new AbiWriter().Add(SomeCaseId())),
        Asks(BondsAbi.WitnessOf, () => new AbiWriter().Add(SomeCaseId()).Add(Chance(5) ? TokenAmount.MaxValue : (ulong)Random.Next(9))),
        Does(BondsAbi.Register, Recruit),
        Does(BondsAbi.Post, () => By(Somebody(), BondsAbi.Post, new AbiWriter().Add(SomeAmount() + (Chance(2) ? TokenAmount.OneToken : TokenAmount.Zero)))),
        Does(BondsAbi.RequestLeave, RequestLeave),
        Does(BondsAbi.Withdraw, Withdraw),
        Does(BondsAbi.Challenge, Challenge),
        Does(BondsAbi.Draw, Draw),
        Does(BondsAbi.Answer, Answer),
        Does(BondsAbi.Testify, () => Testify(isForged: false)),
        Does(BondsAbi.Judge, Judge),
        Does(BondsAbi.Collect, Collect),
        Meets(BondsAbi.BondOutOfRange, BondOutOfRange),
        Meets(BondsAbi.StakeOutOfRange, StakeOutOfRange),
        Meets(BondsAbi.SeatsOutOfRange, () => Challenge(Somebody(), Random.Next(5) switch { 0 => 1UL, 1 => 8UL, 2 => 4UL, 3 => 9UL, _ => TokenAmount.MaxValue }, SomeStake())),
        Meets(BondsAbi.AlreadyRegistered, () => By(Somebody(), BondsAbi.Register, new AbiWriter().Add(RandomWord()).Add(TokenAmount.OneToken))),
        Meets(BondsAbi.NotRegistered, () => Chance(2) ? Challenge(Pauper, 3, SomeStake()) : By(Pauper, BondsAbi.Post, new AbiWriter().Add(SomeAmount()))),
        Meets(BondsAbi.NotProvider, () => Find(static _ => true) is { } id ? By(Pauper, BondsAbi.Answer, new AbiWriter().Add(id).Add(RandomWord())) : Challenge()),
        Meets(BondsAbi.SelfChallenge, SelfChallenge),
        Meets(BondsAbi.CaseNotOpen, () => By(Anybody(), BondsAbi.Judge, new AbiWriter().Add(Chance(2) ? RandomWord() : ((TokenAmount)(CaseCount + 3)).ToWord()))),
        Meets(BondsAbi.AlreadyDrawn, () => Find(one => one.Drawn != 0) is { } id ? DrawOf(id) : Draw()),
        Meets(BondsAbi.AlreadyAnswered, () => Find(one => one.Answer != default) is { } id ? AnswerOf(id, RandomWord()) : Answer()),
        Meets(BondsAbi.AlreadyTestified, () => Find(one => CanTestify(one) && one.Testified != 0) is { } id ? TestifyOf(id, Seat(id, isTaken: true), isForged: false) : Testify(isForged: false)),
        Meets(BondsAbi.EmptyAnswer, () => Find(static _ => true) is { } id ? AnswerOf(id, default) : Challenge()),
        Meets(BondsAbi.NoSuchSeat, () => Find(IsHeard) is { } id ? TestifyOf(id, BondCase.SeatsMax, isForged: true) : Answer()),
        Meets(BondsAbi.InvalidSignature, () => Testify(isForged: true)),
        Meets(BondsAbi.NothingToPay, () => By(Pauper, Chance(2) ? BondsAbi.Collect : BondsAbi.Withdraw, new AbiWriter())),
        Meets(BondsAbi.TooEarly, () => Find(IsOn) is { } id ? By(Anybody(), BondsAbi.Judge, new AbiWriter().Add(id)) : Challenge()),
        Meets(BondsAbi.TooLate, TooLate),
        Meets(BondsAbi.TransferFailed, () => new Operation(
            Anybody().Address, new LedgerCall(Twins[TwinLedgers.FalseBonds], new AbiWriter().Add(RandomWord()).Add(TokenAmount.OneToken).ToCall(BondsAbi.Register)))),
    ];

    public override IEnumerable<Operation> Preparation =>
    [
        .. _people.Select(key => Register(key, TokenAmount.FromTokens(20))),
        .. _recruits.SelectMany(Equip),
    ];

    private ulong CaseCount => Look(BondsAbi.CaseCount).ReadUInt64();

    public override IEnumerable<LedgerCall> Views()
    {
        foreach (var person in _people.TakeLast(12).Concat(Twins.Keys))
        {
            yield return Call(BondsAbi.ProviderOf, new AbiWriter().Add(person.Address));
            yield return Call(BondsAbi.Owed, new AbiWriter().Add(person.Address));
        }

        for (var id = Math.Max(1, (long)CaseCount - 30); id <= (long)CaseCount; id++)
        {
            yield return Call(BondsAbi.CaseOf, new AbiWriter().Add((ulong)id));
        }
    }

    private bool IsOn(BondCase one) => Twins.Now + 1 <= one.OpenedAt + CasePeriod;

    private bool IsHeard(BondCase one) => IsOn(one) && (one.Answer != default || Twins.Now + 1 > one.OpenedAt + AnswerPeriod);

    private bool CanTestify(BondCase one) => one.Drawn is > 0 and <= BondCase.SeatsMax && IsHeard(one);

    private KeyPair Somebody() => _people[Random.Next(_people.Count)];

    private ulong SomeCaseId() => (ulong)Random.NextInt64((long)CaseCount + 2);

    private TokenAmount SomeStake() => SomeAmount() + TokenAmount.OneToken.Divide(10, TokenRounding.Up);

    private ulong Until(ulong time) => time > Twins.Now ? time - Twins.Now : 1;

    private Operation By(KeyPair sender, AbiFunction function, AbiWriter arguments, ulong later = 1) => By(sender.Address, function, arguments, later);

    private Operation By(AccountAddress sender, AbiFunction function, AbiWriter arguments, ulong later = 1) => new(sender, Call(function, arguments), later);

    private BondCase CaseOf(ulong id)
    {
        var reader = Look(BondsAbi.CaseOf, new AbiWriter().Add(id));
        return BondCase.Read(ref reader);
    }

    private BondedProvider ProviderOf(KeyPair person)
    {
        var reader = Look(BondsAbi.ProviderOf, new AbiWriter().Add(person.Address));
        return BondedProvider.Read(ref reader);
    }

    /// <summary>An open case, of the newest, that is as wanted.</summary>
    private ulong? Find(Func<BondCase, bool> isWanted)
    {
        var count = CaseCount;
        for (var back = 0UL; back < Math.Min(count, CasesLookedAt); back++)
        {
            var found = CaseOf(count - back);
            if (found.State == BondCaseState.Open && isWanted(found) && !Chance(4))
            {
                return count - back;
            }
        }

        return null;
    }

    private Operation Register(KeyPair who, TokenAmount bond) => By(who, BondsAbi.Register, new AbiWriter().Add(RandomWord()).Add(bond));

    private IEnumerable<Operation> Equip(KeyPair recruit)
    {
        var patron = Twins.Keys[1].Address;
        yield return new Operation(patron, new LedgerCall(recruit.Address, default, TokenAmount.OneToken));
        yield return new Operation(patron, new LedgerCall(Twins["Token"], new AbiWriter().Add(recruit.Address).Add(Riches).ToCall(TokenAbi.Transfer)));
        yield return new Operation(recruit.Address, new LedgerCall(Twins["Token"], new AbiWriter().Add(Twins[Module]).Add(TokenAmount.MaxValue).ToCall(TokenAbi.Approve)));
    }

    private Operation Recruit()
    {
        if (!_recruits.TryDequeue(out var recruit))
        {
            return Challenge();
        }

        _people.Add(recruit);
        return Register(recruit, TokenAmount.OneToken * (ulong)Random.Next(1, 20));
    }

    private Operation RequestLeave()
    {
        var person = Somebody();
        var bond = ProviderOf(person).Bond;
        var most = bond > TokenAmount.OneToken ? bond - TokenAmount.OneToken : TokenAmount.Zero;
        return By(person, BondsAbi.RequestLeave, new AbiWriter().Add(Random.Next(4) switch { 0 => bond, 1 => TokenAmount.Zero, 2 => most, _ => most.Divide(2, TokenRounding.Down) }));
    }

    private Operation Withdraw()
    {
        var leaver = _people.FirstOrDefault(person => ProviderOf(person) is var provider && !provider.Leaving.IsZero && provider.AtRisk < provider.Bond
            && (Twins.Now + 1 >= provider.LeavesAt || Chance(200)));
        return leaver is null ? RequestLeave() : By(leaver, BondsAbi.Withdraw, new AbiWriter(), Chance(6) ? 1 : Until(ProviderOf(leaver).LeavesAt));
    }

    private Operation Challenge() => Challenge(Somebody(), (ulong)((2 * Random.Next(1, 4)) + 1), SomeStake());

    private Operation Challenge(KeyPair provider, TokenAmount seats, TokenAmount stake) => By(
        AnybodyBut(provider), BondsAbi.Challenge, new AbiWriter().Add(provider.Address).Add((ulong)Random.Next(256)).Add(RandomWord()).Add(seats).Add(stake));

    private Operation SelfChallenge()
    {
        var self = Twins.Keys[Random.Next(1, 5)];
        return By(self, BondsAbi.Challenge, new AbiWriter().Add(self.Address).Add(1).Add(RandomWord()).Add(3).Add(SomeStake()));
    }

    private Operation DrawOf(ulong id) => By(Anybody(), BondsAbi.Draw, new AbiWriter().Add(id));

    private Operation Draw() => Find(one => one.Drawn == 0 && IsOn(one) && Twins.Block + 1 > one.DrawBlock) is { } id ? DrawOf(id) : Challenge();

    private Operation AnswerOf(ulong id, Hash256 answer) => By(CaseOf(id).Provider, BondsAbi.Answer, new AbiWriter().Add(id).Add(answer));

    private Operation Answer() => Find(one => one.Answer == default && Twins.Now + 1 <= one.OpenedAt + AnswerPeriod) is { } id ? AnswerOf(id, RandomWord()) : Challenge();

    private Operation TooLate() => Find(one => one.Answer == default && (Twins.Now + 1 > one.OpenedAt + AnswerPeriod || Chance(100))) is { } id
        ? AnswerOf(id, RandomWord()) with { AdvanceSeconds = Until(CaseOf(id).OpenedAt + AnswerPeriod + 1) }
        : Challenge();

    private Operation Testify(bool isForged)
    {
        if (Chance(3) && Find(one => CanTestify(one) && one.Testified != 0) is { } again)
        {
            return TestifyOf(again, Seat(again, isTaken: true), isForged);
        }

        if (Find(one => CanTestify(one) && one.Testified != (1 << one.Drawn) - 1) is { } id)
        {
            return TestifyOf(id, Seat(id, isTaken: false), isForged);
        }

        // One that is drawn can be testified in when its answer is given, or the time for it is over.
        return Find(one => one.Drawn != 0 && one.Answer == default && Twins.Now + 1 <= one.OpenedAt + AnswerPeriod) is { } drawn ? AnswerOf(drawn, RandomWord()) : Draw();
    }

    private int Seat(ulong id, bool isTaken)
    {
        var one = CaseOf(id);
        var seats = Enumerable.Range(0, one.Drawn).Where(seat => (one.Testified & (1 << seat)) != 0 == isTaken).ToList();
        return seats[Random.Next(seats.Count)];
    }

    private Operation TestifyOf(ulong id, int seat, bool isForged)
    {
        var one = CaseOf(id);
        var witness = Look(BondsAbi.WitnessOf, new AbiWriter().Add(id).Add((ulong)seat)).ReadAddress();
        var key = _people.FirstOrDefault(person => person.Address == witness) ?? Pauper;
        var served = Chance(2);
        var testimony = new WitnessTestimony(id, one.Answer, isForged && Chance(3) ? !served : served);
        var (r, vs) = testimony.Sign(Twins.ChainId, Twins[Module], isForged && testimony.Served == served ? Pauper : key).ToCompact();
        return By(Anybody(), BondsAbi.Testify, new AbiWriter().Add(id).Add((ulong)seat).Add(served).Add(r).Add(vs));
    }

    // One whose time is over; seldom time is made to pass, since that ends what others have begun.
    private Operation Judge()
    {
        for (var id = Math.Max(1, (long)CaseCount - CasesLookedAt); id <= (long)CaseCount; id++)
        {
            if (CaseOf((ulong)id) is { State: BondCaseState.Open } one && (!IsOn(one) || Chance(100)))
            {
                return By(Anybody(), BondsAbi.Judge, new AbiWriter().Add((ulong)id), Until(one.OpenedAt + CasePeriod + 1));
            }
        }

        return Challenge();
    }

    private Operation Collect()
    {
        var creditor = _people.Concat(Twins.Keys).FirstOrDefault(person => !Look(BondsAbi.Owed, new AbiWriter().Add(person.Address)).ReadAmount().IsZero);
        return creditor is null ? Judge() : By(creditor, BondsAbi.Collect, new AbiWriter());
    }

    private Operation BondOutOfRange() => Random.Next(3) switch
    {
        0 => By(Somebody(), BondsAbi.Post, new AbiWriter().Add(Chance(2) ? TokenAmount.Zero : TokenAmount.MaxValue)),
        1 => By(Somebody(), BondsAbi.RequestLeave, new AbiWriter().Add(TokenAmount.MaxValue)),
        _ => Register(Twins.Keys[5], TokenAmount.OneToken - 1),
    };

    private Operation StakeOutOfRange() => Challenge(Somebody(), 3, Random.Next(3) switch
    {
        0 => TokenAmount.OneToken.Divide(10, TokenRounding.Down) - 1,
        1 => TokenAmount.FromBaseUnits(UInt128.One << 96),
        _ => TokenAmount.FromTokens(100_000),
    });
}
