using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Modules.Bonds;

namespace Sdk.Core.Tests.Ledger.Modules;

public sealed class BondsModuleTests
{
    private const int Witnesses = 5;

    private static readonly Hash256 Proof = TradeWorld.Hash("proof");
    private static readonly TokenAmount Bond = TokenAmount.FromTokens(100);
    private static readonly TokenAmount Stake = TokenAmount.OneToken;
    private static readonly TokenAmount Wealth = TokenAmount.FromTokens(10_000);
    private static readonly AccountAddress Burned = AccountAddress.Parse("0x000000000000000000000000000000000000dEaD");

    private readonly TradeWorld _world = new();
    private readonly KeyPair _provider;
    private readonly KeyPair _challenger;
    private readonly Dictionary<AccountAddress, KeyPair> _people = [];

    public BondsModuleTests()
    {
        (_provider, _challenger) = (Somebody(1), Somebody(2));
        Register(_provider, Bond);
        for (byte i = 0; i < Witnesses; i++)
        {
            Register(Somebody((byte)(10 + i)), TokenAmount.OneToken);
        }

        _world.Block++;
    }

    public static TheoryData<bool, bool[], BondCaseState> Verdicts => new()
    {
        { false, [], BondCaseState.Guilty },
        { false, [true, false], BondCaseState.Guilty },
        { false, [false, false, true], BondCaseState.Guilty },
        { false, [true, true, false], BondCaseState.Acquitted },
        { true, [], BondCaseState.Undecided },
        { true, [true, false], BondCaseState.Undecided },
        { true, [false, true, false], BondCaseState.Guilty },
        { true, [true], BondCaseState.Acquitted },
        { true, [true, true, true, true, true], BondCaseState.Acquitted },
        { true, [false, false, false, false, false], BondCaseState.Guilty },
    };

    [Fact]
    public void A_provider_registers_once_with_a_nonce_for_good()
    {
        var provider = ProviderOf(_provider);
        Assert.Equal((TradeWorld.Hash("nonce"), Bond, 1U), (provider.OverlayNonce, provider.Bond, provider.Number));
        Assert.Equal("AlreadyRegistered", _world.Refused(_provider, TradeWorld.Bonds, BondsAbi.Register, new AbiWriter().Add(Proof).Add(Bond)));
        Assert.Equal("NotRegistered", _world.Refused(_challenger, TradeWorld.Bonds, BondsAbi.Post, new AbiWriter().Add(Bond)));
        Assert.Equal("NotRegistered", _world.Refused(_challenger, TradeWorld.Bonds, BondsAbi.RequestLeave, new AbiWriter().Add(Bond)));
        Assert.Equal("NothingToPay", _world.Refused(_challenger, TradeWorld.Bonds, BondsAbi.Withdraw));
    }

    [Fact]
    public void A_bond_is_a_token_at_least_and_fits_in_104_bits()
    {
        var tooMuch = TokenAmount.FromBaseUnits(UInt128.One << 104);
        Assert.Equal("BondOutOfRange", RefusedRegister(TokenAmount.OneToken - 1));
        Assert.Equal("BondOutOfRange", RefusedRegister(tooMuch));
        Assert.Equal("ERC20InsufficientBalance", RefusedRegister(tooMuch - 1));
        Assert.Equal("BondOutOfRange", _world.Refused(_provider, TradeWorld.Bonds, BondsAbi.Post, new AbiWriter().Add(0)));
        Assert.Equal("BondOutOfRange", _world.Refused(_provider, TradeWorld.Bonds, BondsAbi.Post, new AbiWriter().Add(tooMuch - Bond)));
        _world.Do(_provider, TradeWorld.Bonds, BondsAbi.Post, new AbiWriter().Add(5));
        Assert.Equal(Bond + 5, ProviderOf(_provider).Bond);
    }

    [Fact]
    public void A_bond_leaves_after_seven_days_to_nothing_or_to_the_least()
    {
        Assert.Equal("BondOutOfRange", RefusedLeave(Bond + 1));
        Assert.Equal("BondOutOfRange", RefusedLeave(Bond - TokenAmount.OneToken + 1));
        Leave(Bond);
        _world.Block += 256;
        Leave(0);
        Leave(Bond - TokenAmount.OneToken);
        _world.Now += (7 * TradeWorld.Day) - 1;
        Assert.Equal("TooEarly", _world.Refused(_provider, TradeWorld.Bonds, BondsAbi.Withdraw));
        _world.Now++;
        _world.Do(_provider, TradeWorld.Bonds, BondsAbi.Withdraw);
        Assert.Equal(Wealth - TokenAmount.OneToken, _world.BalanceOf(_provider.Address));
        Assert.Equal("NothingToPay", _world.Refused(_provider, TradeWorld.Bonds, BondsAbi.Withdraw));
    }

    [Fact]
    public void What_a_case_may_take_does_not_leave_and_the_rest_does()
    {
        Leave(Bond);
        _world.Now += 7 * TradeWorld.Day;
        Challenge();
        _world.Do(_provider, TradeWorld.Bonds, BondsAbi.Withdraw);
        var provider = ProviderOf(_provider);
        Assert.Equal((Stake * 10, Stake * 10, Stake * 10), (provider.Bond, provider.AtRisk, provider.Leaving));
        Assert.Equal("NothingToPay", _world.Refused(_provider, TradeWorld.Bonds, BondsAbi.Withdraw));
        Assert.Equal("StakeOutOfRange", RefusedChallenge(_provider, 3, (Stake * 10) + 1));
    }

    [Fact]
    public void A_case_of_a_friend_shields_no_bond_from_the_case_of_another()
    {
        Challenge(stake: Bond.Divide(10, TokenRounding.Down));
        Assert.Equal(Bond, ProviderOf(_provider).AtRisk);
        var cheated = Somebody(3);
        _world.Do(cheated, TradeWorld.Bonds, BondsAbi.Challenge, ChallengeCall(_provider, 3, Stake));
        Assert.Equal(Stake * 10, Case(2).AtRisk);

        // The friend's case is judged first, and all that was asked for in time leaves: what the other case may take does not.
        _world.Do(_provider, TradeWorld.Bonds, BondsAbi.Answer, new AbiWriter().Add(1).Add(Proof));
        Leave(Bond);
        _world.Now += 7 * TradeWorld.Day;
        Judge();
        _world.Do(_provider, TradeWorld.Bonds, BondsAbi.Withdraw);
        Assert.Equal(Stake * 10, ProviderOf(_provider).Bond);
        Judge(2);
        Assert.Equal(TokenAmount.Zero, ProviderOf(_provider).Bond);
        Assert.Equal(Stake * 6, _world.Owed(TradeWorld.Bonds, cheated.Address));
    }

    [Fact]
    public void A_bond_that_a_friend_empties_loses_half_of_it()
    {
        Challenge(stake: Bond);
        var cheated = Somebody(3);
        _world.Do(cheated, TradeWorld.Bonds, BondsAbi.Challenge, ChallengeCall(_provider, 3, Stake));
        Draw(2);
        _world.Now += TradeWorld.Day + 1;
        Testify(2, 0, false);
        Judge();
        Assert.Equal(Bond + Bond.Divide(2, TokenRounding.Down), _world.Owed(TradeWorld.Bonds, _challenger.Address));
        Assert.Equal(Bond.Divide(2, TokenRounding.Down), _world.BalanceOf(Burned));
        Judge(2);
        Assert.Equal((Stake, TokenAmount.Zero), (_world.Owed(TradeWorld.Bonds, cheated.Address), _world.Owed(TradeWorld.Bonds, WitnessIn(2, 0).Address)));
        Assert.Equal(2UL, _world.StandingOf(_provider.Address).Slashes);
    }

    [Fact]
    public void What_is_announced_to_leave_counts_as_no_bond_and_comes_back_after_256_blocks()
    {
        Leave(Bond);
        Assert.Equal(TokenAmount.Zero, TokenAmount.FromBytes(_world.Ask(TradeWorld.Bonds, BondsAbi.LiableOf, new AbiWriter().Add(_provider.Address))));
        Assert.Equal(_world.Block, ProviderOf(_provider).BondedUntil);
        Assert.Equal("TooEarly", RefusedLeave(0));
        Assert.Equal("BondOutOfRange", _world.Refused(_provider, TradeWorld.Bonds, BondsAbi.Post, new AbiWriter().Add(1)));
        Assert.Equal("TooEarly", _world.Refused(_provider, TradeWorld.Bonds, BondsAbi.Post, new AbiWriter().Add(Bond)));
        _world.Block += 256;
        Leave(0);
        Assert.Equal((Bond, _world.Block), (ProviderOf(_provider).Liable, ProviderOf(_provider).BondedSince));
    }

    [Fact]
    public void A_challenge_names_a_provider_an_odd_number_of_seats_and_a_stake_that_the_bond_can_answer_for()
    {
        Assert.Equal("NotRegistered", RefusedChallenge(_challenger, 3, Stake));
        Assert.Equal("SelfChallenge", _world.Refused(_provider, TradeWorld.Bonds, BondsAbi.Challenge, ChallengeCall(_provider, 3, Stake)));
        foreach (var seats in new ulong[] { 0, 1, 2, 4, 8, 9 })
        {
            Assert.Equal("SeatsOutOfRange", RefusedChallenge(_provider, seats, Stake));
        }

        Assert.Equal("StakeOutOfRange", RefusedChallenge(_provider, 3, Stake.Divide(10, TokenRounding.Down) - 1));
        Assert.Equal("StakeOutOfRange", RefusedChallenge(_provider, 3, Bond + 1));
        Challenge(stake: Bond);
        Assert.Equal(Bond, Case(1).AtRisk);
    }

    [Theory]
    [MemberData(nameof(Verdicts))]
    public void The_rule_decides_and_no_unit_is_lost(bool isAnswered, bool[] testimonies, BondCaseState expected)
    {
        Challenge();
        Draw();
        if (isAnswered)
        {
            _world.Do(_provider, TradeWorld.Bonds, BondsAbi.Answer, new AbiWriter().Add(1).Add(Proof));
        }

        _world.Now += TradeWorld.Day + 1;
        for (var seat = 0; seat < testimonies.Length; seat++)
        {
            Testify(1, seat, testimonies[seat]);
        }

        var held = _world.BalanceOf(TradeWorld.Bonds);
        Assert.Equal("TooEarly", _world.Refused(_challenger, TradeWorld.Bonds, BondsAbi.Judge, new AbiWriter().Add(1)));
        _world.Now += TradeWorld.Day;
        _world.Do(_challenger, TradeWorld.Bonds, BondsAbi.Judge, new AbiWriter().Add(1));
        Assert.Equal(expected, Case(1).State);
        Assert.Equal("CaseNotOpen", _world.Refused(_challenger, TradeWorld.Bonds, BondsAbi.Judge, new AbiWriter().Add(1)));

        var standing = _world.StandingOf(_provider.Address);
        Assert.Equal(expected == BondCaseState.Guilty ? 1UL : 0, standing.Slashes);
        Assert.Equal(expected == BondCaseState.Acquitted ? 1UL : 0, standing.Acquittals);
        Assert.Equal(standing.Acquittals, _world.StandingOf(_challenger.Address).FalseAccusations);
        Assert.Equal((Bond - standing.Slashed, TokenAmount.Zero), (ProviderOf(_provider).Bond, ProviderOf(_provider).AtRisk));

        foreach (var person in _people.Values.Where(person => !_world.Owed(TradeWorld.Bonds, person.Address).IsZero))
        {
            _world.Do(person, TradeWorld.Bonds, BondsAbi.Collect);
        }

        Assert.Equal(_world.BalanceOf(TradeWorld.Bonds), Bond - standing.Slashed + (TokenAmount.OneToken * Witnesses));
        Assert.Equal(held, _world.BalanceOf(TradeWorld.Bonds) + _world.BalanceOf(Burned) + Collected());
    }

    [Fact]
    public void A_guilty_provider_pays_challenger_and_witnesses_of_the_majority_and_the_rest_is_burned()
    {
        Challenge();
        Draw();
        _world.Now += TradeWorld.Day + 1;
        bool[] testimonies = [false, false, true, false];
        for (var seat = 0; seat < testimonies.Length; seat++)
        {
            Testify(1, seat, testimonies[seat]);
        }

        Judge();
        var share = Stake.Divide(6, TokenRounding.Down);
        Assert.Equal((Stake * 5) + Stake, _world.Owed(TradeWorld.Bonds, _challenger.Address));
        Assert.Equal(share, _world.Owed(TradeWorld.Bonds, WitnessIn(1, 0).Address));
        Assert.Equal(TokenAmount.Zero, _world.Owed(TradeWorld.Bonds, WitnessIn(1, 2).Address));
        Assert.Equal(TokenAmount.Zero, _world.Owed(TradeWorld.Bonds, WitnessIn(1, 4).Address));
        Assert.Equal((Stake * 5) - (share * 3), _world.BalanceOf(Burned));
    }

    [Fact]
    public void A_false_accusation_costs_the_stake_and_an_undecided_one_a_tenth_of_it()
    {
        Challenge();
        Challenge();
        Draw();
        _world.Do(_provider, TradeWorld.Bonds, BondsAbi.Answer, new AbiWriter().Add(1).Add(Proof));
        _world.Do(_provider, TradeWorld.Bonds, BondsAbi.Answer, new AbiWriter().Add(2).Add(Proof));
        Testify(1, 0, true);
        _world.Now += (2 * TradeWorld.Day) + 1;
        Judge();
        Assert.Equal(TokenAmount.Zero, _world.Owed(TradeWorld.Bonds, _challenger.Address));
        Assert.Equal(Stake.Divide(2, TokenRounding.Down), _world.Owed(TradeWorld.Bonds, _provider.Address));
        Judge(2);
        Assert.Equal(Stake - Stake.Divide(10, TokenRounding.Down), _world.Owed(TradeWorld.Bonds, _challenger.Address));
    }

    [Fact]
    public void Only_the_provider_answers_once_in_time_and_with_something()
    {
        Challenge();
        Assert.Equal("NotProvider", _world.Refused(_challenger, TradeWorld.Bonds, BondsAbi.Answer, new AbiWriter().Add(1).Add(Proof)));
        Assert.Equal("EmptyAnswer", _world.Refused(_provider, TradeWorld.Bonds, BondsAbi.Answer, new AbiWriter().Add(1).Add(default(Hash256))));
        Assert.Equal("CaseNotOpen", _world.Refused(_provider, TradeWorld.Bonds, BondsAbi.Answer, new AbiWriter().Add(2).Add(Proof)));
        _world.Now += TradeWorld.Day;
        _world.Do(_provider, TradeWorld.Bonds, BondsAbi.Answer, new AbiWriter().Add(1).Add(Proof));
        Assert.Equal("AlreadyAnswered", _world.Refused(_provider, TradeWorld.Bonds, BondsAbi.Answer, new AbiWriter().Add(1).Add(Proof)));
        Challenge();
        _world.Now += TradeWorld.Day + 1;
        Assert.Equal("TooLate", _world.Refused(_provider, TradeWorld.Bonds, BondsAbi.Answer, new AbiWriter().Add(2).Add(Proof)));
    }

    [Fact]
    public void A_testimony_counts_once_in_its_seat_for_its_case_and_the_answer_it_saw()
    {
        Challenge();
        Challenge();
        Assert.Equal("TooEarly", RefusedTestify(1, 0, _challenger, new WitnessTestimony(1, default, true)));
        Draw();
        Draw(2);
        _world.Do(_provider, TradeWorld.Bonds, BondsAbi.Answer, new AbiWriter().Add(1).Add(Proof));
        var witness = WitnessIn(1, 0);
        Assert.Equal("InvalidSignature", RefusedTestify(1, 0, _challenger, new WitnessTestimony(1, Proof, true)));
        Assert.Equal("InvalidSignature", RefusedTestify(1, 1, witness, new WitnessTestimony(1, Proof, true)));
        Assert.Equal("InvalidSignature", RefusedTestify(1, 0, witness, new WitnessTestimony(2, Proof, true)));
        Assert.Equal("InvalidSignature", RefusedTestify(1, 0, witness, new WitnessTestimony(1, default, true)));
        Assert.Equal("NoSuchSeat", RefusedTestify(1, 5, witness, new WitnessTestimony(1, Proof, true)));
        Assert.Equal("TooEarly", RefusedTestify(2, 0, witness, new WitnessTestimony(2, default, true)));
        Testify(1, 0, true);
        Assert.Equal("AlreadyTestified", RefusedTestify(1, 0, witness, new WitnessTestimony(1, Proof, true)));
        _world.Now += (2 * TradeWorld.Day) + 1;
        Assert.Equal("TooLate", RefusedTestify(1, 1, WitnessIn(1, 1), new WitnessTestimony(1, Proof, true)));
    }

    [Fact]
    public void A_testimony_for_the_opposite_is_another_signature()
    {
        Challenge();
        Draw();
        _world.Do(_provider, TradeWorld.Bonds, BondsAbi.Answer, new AbiWriter().Add(1).Add(Proof));
        var signature = (new WitnessTestimony(1, Proof, true).Sign(TradeWorld.ChainId, TradeWorld.Bonds, WitnessIn(1, 0))).ToCompact();
        var turned = new AbiWriter().Add(1).Add(0).Add(false).Add(signature.R).Add(signature.Vs);
        Assert.Equal("InvalidSignature", _world.Refused(_provider, TradeWorld.Bonds, BondsAbi.Testify, turned));
    }

    [Fact]
    public void Witnesses_are_drawn_in_the_second_block_after_the_challenge_once_and_are_neither_side()
    {
        Register(_challenger, Bond);
        _world.Block++;
        Challenge();
        Assert.Equal("TooEarly", _world.Refused(_challenger, TradeWorld.Bonds, BondsAbi.Draw, new AbiWriter().Add(1)));
        Draw();
        Assert.Equal("AlreadyDrawn", _world.Refused(_challenger, TradeWorld.Bonds, BondsAbi.Draw, new AbiWriter().Add(1)));
        var drawn = Enumerable.Range(0, Witnesses).Select(seat => WitnessIn(1, seat).Address).ToList();
        Assert.Equal(Witnesses, drawn.Distinct().Count());
        Assert.DoesNotContain(_provider.Address, drawn);
        Assert.DoesNotContain(_challenger.Address, drawn);
    }

    [Fact]
    public void Another_block_hash_draws_other_witnesses()
    {
        var draws = new HashSet<string>();
        for (byte entropy = 0; entropy < 8; entropy++)
        {
            _world.Entropy = entropy;
            Challenge(3);
            Draw((ulong)entropy + 1);
            draws.Add(string.Join(',', Enumerable.Range(0, 3).Select(seat => WitnessIn((ulong)entropy + 1, seat).Address)));
        }

        Assert.InRange(draws.Count, 2, 8);
    }

    [Fact]
    public void Who_joins_or_leaves_after_the_block_that_draws_changes_nothing()
    {
        _world.Entropy = 3;
        Leave(TokenAmount.OneToken, TradeWorld.Key(13));
        Challenge(3);
        _world.Block += 2;
        Register(Somebody(40), Bond);
        Leave(TokenAmount.OneToken, TradeWorld.Key(12));
        Assert.Equal("TooEarly", _world.Refused(TradeWorld.Key(12), TradeWorld.Bonds, BondsAbi.Post, new AbiWriter().Add(Bond)));
        var expected = WitnessDraw.Pick(
            TradeWorld.Hash($"block {Case(1).DrawBlock} 3"), 1, 6, 3, number => number is 2 or 3 or 4 or 6);
        _world.Do(_challenger, TradeWorld.Bonds, BondsAbi.Draw, new AbiWriter().Add(1));
        Assert.Equal(expected, Enumerable.Range(0, 3).Select(Case(1).WitnessNumber));
    }

    [Fact]
    public void A_hash_that_is_lost_is_replaced_by_that_of_a_block_to_come()
    {
        Challenge();
        _world.Block += 300;
        Draw();
        Assert.Equal((0, _world.Block + 1), (Case(1).Drawn, Case(1).DrawBlock));
        _world.Block++;
        Draw();
        Assert.Equal(Witnesses, Case(1).Drawn);
        Challenge();
        _world.Now += (2 * TradeWorld.Day) + 1;
        Assert.Equal("TooLate", _world.Refused(_challenger, TradeWorld.Bonds, BondsAbi.Draw, new AbiWriter().Add(2)));
    }

    [Fact]
    public void Too_few_candidates_make_an_odd_number_of_witnesses_or_none()
    {
        Challenge(7);
        Draw();
        Assert.Equal(Witnesses, Case(1).Drawn);
        Leave(TokenAmount.OneToken, TradeWorld.Key(10));
        Challenge();
        _world.Block++;
        Draw(2);
        Assert.Equal(3, Case(2).Drawn);
        for (byte i = 1; i < Witnesses; i++)
        {
            Leave(TokenAmount.OneToken, TradeWorld.Key((byte)(10 + i)));
        }

        Challenge();
        _world.Block++;
        Draw(3);
        Assert.Equal(BondCase.NoWitnesses, Case(3).Drawn);
        Assert.Equal("AlreadyDrawn", _world.Refused(_challenger, TradeWorld.Bonds, BondsAbi.Draw, new AbiWriter().Add(3)));
        _world.Now += TradeWorld.Day + 1;
        Assert.Equal("NoSuchSeat", RefusedTestify(3, 0, _challenger, new WitnessTestimony(3, default, false)));
    }

    [Fact]
    public void A_bond_that_fell_comes_to_stand_again_after_256_blocks()
    {
        Leave(Bond);
        Assert.Equal(_world.Block, ProviderOf(_provider).BondedUntil);
        _world.Now += 7 * TradeWorld.Day;
        _world.Do(_provider, TradeWorld.Bonds, BondsAbi.Withdraw);
        _world.Block--;
        _world.Block += 255;
        Assert.Equal("TooEarly", _world.Refused(_provider, TradeWorld.Bonds, BondsAbi.Post, new AbiWriter().Add(Bond)));
        Assert.Equal("BondOutOfRange", _world.Refused(_provider, TradeWorld.Bonds, BondsAbi.Post, new AbiWriter().Add(5)));
        _world.Do(_provider, TradeWorld.Bonds, BondsAbi.Post, new AbiWriter().Add(Bond));
        Assert.Equal((TradeWorld.Hash("nonce"), _world.Block), (ProviderOf(_provider).OverlayNonce, ProviderOf(_provider).BondedSince));
    }

    private KeyPair Somebody(byte seed)
    {
        var key = _world.Person(seed);
        _people.Add(key.Address, key);
        return key;
    }

    private void Register(KeyPair who, TokenAmount bond) =>
        _world.Do(who, TradeWorld.Bonds, BondsAbi.Register, new AbiWriter().Add(TradeWorld.Hash("nonce")).Add(bond));

    private string RefusedRegister(TokenAmount bond) =>
        _world.Refused(_challenger, TradeWorld.Bonds, BondsAbi.Register, new AbiWriter().Add(Proof).Add(bond));

    private void Leave(TokenAmount amount, KeyPair? who = null) =>
        _world.Do(who ?? _provider, TradeWorld.Bonds, BondsAbi.RequestLeave, new AbiWriter().Add(amount));

    private string RefusedLeave(TokenAmount amount) =>
        _world.Refused(_provider, TradeWorld.Bonds, BondsAbi.RequestLeave, new AbiWriter().Add(amount));

    private static AbiWriter ChallengeCall(KeyPair provider, ulong seats, TokenAmount stake) =>
        new AbiWriter().Add(provider.Address).Add((ulong)BondCaseKind.StoredData).Add(TradeWorld.Hash("subject")).Add(seats).Add(stake);

    private void Challenge(ulong seats = Witnesses, TokenAmount? stake = null) =>
        _world.Do(_challenger, TradeWorld.Bonds, BondsAbi.Challenge, ChallengeCall(_provider, seats, stake ?? Stake));

    private string RefusedChallenge(KeyPair provider, ulong seats, TokenAmount stake) =>
        _world.Refused(_challenger, TradeWorld.Bonds, BondsAbi.Challenge, ChallengeCall(provider, seats, stake));

    private void Draw(ulong caseId = 1)
    {
        _world.Block++;
        _world.Do(_challenger, TradeWorld.Bonds, BondsAbi.Draw, new AbiWriter().Add(caseId));
    }

    private void Judge(ulong caseId = 1)
    {
        _world.Now = Math.Max(_world.Now, Case(caseId).OpenedAt + (2 * TradeWorld.Day) + 1);
        _world.Do(_challenger, TradeWorld.Bonds, BondsAbi.Judge, new AbiWriter().Add(caseId));
    }

    private void Testify(ulong caseId, int seat, bool served)
    {
        var testimony = new WitnessTestimony(caseId, Case(caseId).Answer, served);
        _world.Do(_challenger, TradeWorld.Bonds, BondsAbi.Testify, TestifyCall(caseId, seat, WitnessIn(caseId, seat), testimony));
    }

    private string RefusedTestify(ulong caseId, int seat, KeyPair signer, WitnessTestimony testimony) =>
        _world.Refused(_challenger, TradeWorld.Bonds, BondsAbi.Testify, TestifyCall(caseId, seat, signer, testimony));

    private static AbiWriter TestifyCall(ulong caseId, int seat, KeyPair signer, WitnessTestimony testimony)
    {
        var compact = (testimony.Sign(TradeWorld.ChainId, TradeWorld.Bonds, signer)).ToCompact();
        return new AbiWriter().Add(caseId).Add((ulong)seat).Add(testimony.Served).Add(compact.R).Add(compact.Vs);
    }

    private KeyPair WitnessIn(ulong caseId, int seat)
    {
        var address = new AbiReader(_world.Ask(TradeWorld.Bonds, BondsAbi.WitnessOf, new AbiWriter().Add(caseId).Add((ulong)seat))).ReadAddress();
        return _people[address];
    }

    private BondCase Case(ulong caseId)
    {
        var reader = new AbiReader(_world.Ask(TradeWorld.Bonds, BondsAbi.CaseOf, new AbiWriter().Add(caseId)));
        return BondCase.Read(ref reader);
    }

    private BondedProvider ProviderOf(KeyPair who)
    {
        var reader = new AbiReader(_world.Ask(TradeWorld.Bonds, BondsAbi.ProviderOf, new AbiWriter().Add(who.Address)));
        return BondedProvider.Read(ref reader);
    }

    /// <summary>What people got out of a case, given what they had put in.</summary>
    private TokenAmount Collected()
    {
        var putIn = Bond + (TokenAmount.OneToken * Witnesses) + Stake;
        return _people.Keys.Aggregate(TokenAmount.Zero, (sum, person) => sum + _world.BalanceOf(person)) + putIn - (Wealth * (ulong)_people.Count);
    }
}
