using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Embedded;
using Sdk.Core.Ledger.Modules.Evidence;

namespace Sdk.Core.Ledger.Modules.Bonds;

/// <summary>The cases: challenge, draw, answer, testimonies, verdict.</summary>
public sealed partial class BondsModule
{
    private const ulong AnswerPeriod = Day;
    private const ulong CasePeriod = 2 * Day;
    private const ulong SeatsMin = 3;
    private const ulong RiskPerStake = 10;
    private const ulong FeeDivisor = 10;

    private static readonly AccountAddress Burned = AccountAddress.Parse("0x000000000000000000000000000000000000dEaD");

    private void OnChallenge(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (account, kind, subject) = (arguments.ReadAddress(), (byte)arguments.ReadUInt(8), arguments.ReadWord());
        var (seats, stake) = (arguments.ReadAmount(), arguments.ReadAmount());
        var provider = Registered(account);
        if (account == frame.Sender)
        {
            throw Revert(BondsAbi.SelfChallenge);
        }

        if (seats < SeatsMin || seats > (ulong)BondCase.SeatsMax || !IsOdd(seats))
        {
            throw Revert(BondsAbi.SeatsOutOfRange);
        }

        if (stake < StakeMin || stake > Max96)
        {
            throw Revert(BondsAbi.StakeOutOfRange);
        }

        var atRisk = provider.Bond > stake * RiskPerStake ? stake * RiskPerStake : provider.Bond;

        // The witnesses' half of the stake is taken from what a guilty provider loses.
        if (atRisk < stake || atRisk > Max104 - provider.AtRisk)
        {
            throw Revert(BondsAbi.StakeOutOfRange);
        }

        _providers[account] = provider with { AtRisk = provider.AtRisk + atRisk };
        TokenAmount caseId = ++_counters[CasesCounter];
        _cases[caseId] = new BondCase
        {
            Challenger = frame.Sender,
            Stake = stake,
            Provider = account,
            OpenedAt = frame.Timestamp,
            DrawBlock = frame.BlockNumber + 1,
            Kind = kind,
            Seats = Seat(seats),
            AtRisk = atRisk,
            Candidates = (uint)_counters[ProvidersCounter],
            State = BondCaseState.Open,
            Subject = subject,
        };
        frame.Emit(
            BondsAbi.Challenged,
            [Topic(caseId), Topic(account), Topic(frame.Sender)],
            new AbiWriter().Add(kind).Add(subject).Add(seats).Add(stake).Add(atRisk));
        Take(frame, stake);
    }

    private void OnDraw(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var caseId = arguments.ReadAmount();
        var opened = Open(caseId);
        if (opened.Drawn != 0)
        {
            throw Revert(BondsAbi.AlreadyDrawn);
        }

        if (frame.Timestamp > opened.OpenedAt + CasePeriod)
        {
            throw Revert(BondsAbi.TooLate);
        }

        if (frame.BlockNumber <= opened.DrawBlock)
        {
            throw Revert(BondsAbi.TooEarly);
        }

        var seed = frame.BlockHash(opened.DrawBlock);
        if (seed == default)
        {
            opened = opened with { DrawBlock = frame.BlockNumber + 1, Candidates = (uint)_counters[ProvidersCounter] };
            _cases[caseId] = opened;
            frame.Emit(BondsAbi.DrawPostponed, [Topic(caseId)], new AbiWriter().Add(opened.DrawBlock));
            return;
        }

        var witnesses = WitnessDraw.Pick(seed, caseId, opened.Candidates, opened.Seats, number => IsFit(number, opened));
        opened = opened with
        {
            Drawn = witnesses.Length == 0 ? BondCase.NoWitnesses : witnesses.Length,
            Witnesses = BondCase.PackWitnesses(witnesses),
        };
        _cases[caseId] = opened;
        frame.Emit(BondsAbi.Drawn, [Topic(caseId)], new AbiWriter().Add((ulong)witnesses.Length).Add(opened.Witnesses));
    }

    private void OnAnswer(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (caseId, proof) = (arguments.ReadAmount(), arguments.ReadWord());
        var opened = Open(caseId);
        if (frame.Sender != opened.Provider)
        {
            throw Revert(BondsAbi.NotProvider);
        }

        if (proof == default)
        {
            throw Revert(BondsAbi.EmptyAnswer);
        }

        if (opened.Answer != default)
        {
            throw Revert(BondsAbi.AlreadyAnswered);
        }

        if (frame.Timestamp > opened.OpenedAt + AnswerPeriod)
        {
            throw Revert(BondsAbi.TooLate);
        }

        _cases[caseId] = opened with { Answer = proof };
        frame.Emit(BondsAbi.Answered, [Topic(caseId)], new AbiWriter().Add(proof));
    }

    private void OnTestify(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (caseId, seat, served) = (arguments.ReadAmount(), arguments.ReadAmount(), arguments.ReadBool());
        var (r, vs) = (arguments.ReadWord(), arguments.ReadWord());
        var opened = Open(caseId);
        if (frame.Timestamp > opened.OpenedAt + CasePeriod)
        {
            throw Revert(BondsAbi.TooLate);
        }

        if (opened.Answer == default && frame.Timestamp <= opened.OpenedAt + AnswerPeriod)
        {
            throw Revert(BondsAbi.TooEarly);
        }

        if (opened.Drawn > BondCase.SeatsMax || seat >= (ulong)opened.Drawn)
        {
            throw Revert(BondsAbi.NoSuchSeat);
        }

        var mark = (byte)(1 << Seat(seat));
        if ((opened.Testified & mark) != 0)
        {
            throw Revert(BondsAbi.AlreadyTestified);
        }

        var witness = _providerAt[opened.WitnessNumber(Seat(seat))];
        var testimony = new WitnessTestimony((ulong)Seat(caseId), opened.Answer, served);
        if (!EcRecover.IsBy(witness, testimony.Digest(frame.ChainId, frame.This), r, vs))
        {
            throw Revert(BondsAbi.InvalidSignature);
        }

        _cases[caseId] = opened with
        {
            Testified = (byte)(opened.Testified | mark),
            Served = served ? (byte)(opened.Served | mark) : opened.Served,
        };
        frame.Emit(BondsAbi.Testified, [Topic(caseId), Topic(witness)], new AbiWriter().Add(served));
    }

    private void OnJudge(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var caseId = arguments.ReadAmount();
        var opened = Open(caseId);
        if (frame.Timestamp <= opened.OpenedAt + CasePeriod)
        {
            throw Revert(BondsAbi.TooEarly);
        }

        var (forProvider, against) = (opened.ForProvider, opened.Against);
        var verdict = forProvider > against ? BondCaseState.Acquitted
            : against > forProvider || opened.Answer == default ? BondCaseState.Guilty
            : BondCaseState.Undecided;
        _cases[caseId] = opened with { State = verdict };
        var provider = _providers[opened.Provider];
        provider = provider with { AtRisk = provider.AtRisk - opened.AtRisk };
        var half = opened.Stake.Divide(2, TokenRounding.Down);
        var (slashed, burned) = (TokenAmount.Zero, TokenAmount.Zero);
        if (verdict == BondCaseState.Guilty)
        {
            slashed = opened.AtRisk < provider.Bond ? opened.AtRisk : provider.Bond;
            var bond = provider.Bond - slashed;
            provider = Change(frame, provider, bond, provider.Leaving < bond ? provider.Leaving : bond);
            var challengerPart = slashed.Divide(2, TokenRounding.Down);
            burned = slashed - challengerPart;

            // A tie without an answer convicts, but had no majority to reward.
            if (against > forProvider)
            {
                burned -= Reward(opened, opened.Testified & ~opened.Served, against, half < burned ? half : burned);
            }

            _owed[opened.Challenger] += opened.Stake + challengerPart;
        }
        else if (verdict == BondCaseState.Acquitted)
        {
            var rewarded = Reward(opened, opened.Served, forProvider, half);
            _owed[opened.Provider] += opened.Stake - rewarded;
        }
        else
        {
            var fee = opened.Stake.Divide(FeeDivisor, TokenRounding.Down);
            _owed[opened.Provider] += fee;
            _owed[opened.Challenger] += opened.Stake - fee;
        }

        _providers[opened.Provider] = provider;
        frame.Emit(
            BondsAbi.Judged, [Topic(caseId), Topic(opened.Provider)], new AbiWriter().Add((ulong)verdict).Add(slashed).Add(burned));
        Send(frame, Burned, burned);
        if (verdict == BondCaseState.Guilty)
        {
            ContractCalls.Tell(frame, _evidence, new AbiWriter().Add(opened.Provider).Add(caseId).Add(slashed).ToCall(EvidenceAbi.RecordSlash));
        }
        else if (verdict == BondCaseState.Acquitted)
        {
            ContractCalls.Tell(frame, _evidence, new AbiWriter().Add(opened.Provider).Add(opened.Challenger).Add(caseId).ToCall(EvidenceAbi.RecordAcquittal));
        }
    }

    private void OnWitnessOf(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (caseId, seat) = (arguments.ReadAmount(), arguments.ReadAmount());
        results.Add(seat < (ulong)BondCase.SeatsMax ? _providerAt[_cases[caseId].WitnessNumber(Seat(seat))] : default);
    }

    private BondCase Open(TokenAmount caseId)
    {
        var opened = _cases[caseId];
        return opened.State == BondCaseState.Open ? opened : throw Revert(BondsAbi.CaseNotOpen);
    }

    /// <summary>Whether a provider is no side of the case and its bond stood before the block that draws, and to its end.</summary>
    private bool IsFit(uint number, BondCase opened)
    {
        var account = _providerAt[number];
        if (account == opened.Provider || account == opened.Challenger)
        {
            return false;
        }

        var candidate = _providers[account];
        return candidate.BondedSince < opened.DrawBlock && (candidate.Liable >= BondMin || candidate.BondedUntil > opened.DrawBlock);
    }

    private TokenAmount Reward(BondCase opened, int marks, int count, TokenAmount pool)
    {
        var share = pool.Divide((ulong)count, TokenRounding.Down);
        for (var seat = 0; seat < BondCase.SeatsMax; seat++)
        {
            if ((marks & (1 << seat)) != 0)
            {
                _owed[_providerAt[opened.WitnessNumber(seat)]] += share;
            }
        }

        return share * (ulong)count;
    }

    private static bool IsOdd(TokenAmount number) => number.TryToBaseUnits(out var units) && UInt128.IsOddInteger(units);

    /// <summary>A small number: a seat, or a case that there is.</summary>
    private static int Seat(TokenAmount number) => number.TryToBaseUnits(out var units) ? checked((int)units) : throw new OverflowException();
}
