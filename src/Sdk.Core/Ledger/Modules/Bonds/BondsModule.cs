using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Embedded;

namespace Sdk.Core.Ledger.Modules.Bonds;

/// <summary><c>Bonds.sol</c> as the embedded ledger runs it: providers' bonds, and the cases about them.</summary>
public sealed partial class BondsModule : ContractModule
{
    private const ulong LeaveDelay = 7 * Day;
    private const ulong Day = 86_400;
    private const ulong ProvidersCounter = 0;
    private const ulong CasesCounter = 1;

    // One token, of 18 decimals as the embedded ledger's is; and a tenth.
    private static readonly TokenAmount BondMin = TokenAmount.OneToken;
    private static readonly TokenAmount StakeMin = TokenAmount.OneToken.Divide(10, TokenRounding.Down);

    private static readonly TokenAmount Max96 = TokenAmount.FromBaseUnits((UInt128.One << 96) - 1);
    private static readonly TokenAmount Max104 = TokenAmount.FromBaseUnits((UInt128.One << 104) - 1);

    private readonly AccountAddress _token;
    private readonly AccountAddress _evidence;
    private ModuleMap<AccountAddress, BondedProvider> _providers = null!;
    private ModuleMap<TokenAmount, AccountAddress> _providerAt = null!;
    private ModuleMap<TokenAmount, BondCase> _cases = null!;
    private ModuleMap<AccountAddress, TokenAmount> _owed = null!;
    private ModuleMap<ulong, ulong> _counters = null!;

    /// <summary>The module.</summary>
    /// <param name="token">The token's contract; its tokens have 18 decimals.</param>
    /// <param name="evidence">Where it writes its verdicts; it must be among the writers there.</param>
    public BondsModule(AccountAddress token, AccountAddress evidence)
        : base(BondsContract.ModuleName)
    {
        (_token, _evidence) = (token, evidence);
        Function(BondsAbi.Register, OnRegister);
        Function(BondsAbi.Post, OnPost);
        Function(BondsAbi.RequestLeave, OnRequestLeave);
        Function(BondsAbi.Withdraw, OnWithdraw);
        Function(BondsAbi.Challenge, OnChallenge);
        Function(BondsAbi.Draw, OnDraw);
        Function(BondsAbi.Answer, OnAnswer);
        Function(BondsAbi.Testify, OnTestify);
        Function(BondsAbi.Judge, OnJudge);
        Function(BondsAbi.Collect, OnCollect);
        Function(BondsAbi.LiableOf, (_, ref arguments, results) => results.Add(_providers[arguments.ReadAddress()].Liable));
        Function(BondsAbi.ProviderOf, (_, ref arguments, results) => _providers[arguments.ReadAddress()].Write(results));
        Function(BondsAbi.ProviderOfNumber, (_, ref arguments, results) => results.Add(_providerAt[arguments.ReadAmount()]));
        Function(BondsAbi.CaseOf, (_, ref arguments, results) => _cases[arguments.ReadAmount()].Write(results));
        Function(BondsAbi.WitnessOf, OnWitnessOf);
        Function(BondsAbi.ProviderCount, (_, ref _, results) => results.Add(_counters[ProvidersCounter]));
        Function(BondsAbi.CaseCount, (_, ref _, results) => results.Add(_counters[CasesCounter]));
        Function(BondsAbi.Owed, (_, ref arguments, results) => results.Add(_owed[arguments.ReadAddress()]));
        Function(BondsAbi.BondMin, (_, ref _, results) => results.Add(BondMin));
        Function(BondsAbi.StakeMin, (_, ref _, results) => results.Add(StakeMin));
        Function(BondsAbi.Token, (_, ref _, results) => results.Add(_token));
        Function(BondsAbi.Evidence, (_, ref _, results) => results.Add(_evidence));
    }

    /// <inheritdoc/>
    protected override void DeclareState()
    {
        _providers = Map("providers", StateCodec.Address, BondedProvider.Codec);
        _providerAt = Map("numbers", StateCodec.Amount, StateCodec.Address);
        _cases = Map("cases", StateCodec.Amount, BondCase.Codec);
        _owed = Map("owed", StateCodec.Address, StateCodec.Amount);
        _counters = Map("counters", StateCodec.Number, StateCodec.Number);
    }

    private void OnRegister(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (overlayNonce, amount) = (arguments.ReadWord(), arguments.ReadAmount());
        if (_providers[frame.Sender].Number != 0)
        {
            throw Revert(BondsAbi.AlreadyRegistered);
        }

        if (amount < BondMin || amount > Max104)
        {
            throw Revert(BondsAbi.BondOutOfRange);
        }

        var number = ++_counters[ProvidersCounter];
        _providerAt[number] = frame.Sender;
        _providers[frame.Sender] = new BondedProvider
        {
            OverlayNonce = overlayNonce,
            Number = (uint)number,
            Bond = amount,
            BondedSince = frame.BlockNumber,
        };
        frame.Emit(BondsAbi.Registered, [Topic(frame.Sender)], new AbiWriter().Add(overlayNonce).Add(number).Add(amount));
        Take(frame, amount);
    }

    private void OnPost(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var amount = arguments.ReadAmount();
        var provider = Registered(frame.Sender);
        if (amount.IsZero || amount > Max104 - provider.Bond || provider.Bond + amount - provider.Leaving < BondMin)
        {
            throw Revert(BondsAbi.BondOutOfRange);
        }

        provider = Change(frame, provider, provider.Bond + amount, provider.Leaving);
        _providers[frame.Sender] = provider;
        frame.Emit(BondsAbi.BondPosted, [Topic(frame.Sender)], new AbiWriter().Add(amount).Add(provider.Bond));
        Take(frame, amount);
    }

    private void OnRequestLeave(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var amount = arguments.ReadAmount();
        var provider = Registered(frame.Sender);
        if (amount > provider.Bond || (!amount.IsZero && amount != provider.Bond && provider.Bond - amount < BondMin))
        {
            throw Revert(BondsAbi.BondOutOfRange);
        }

        provider = Change(frame, provider, provider.Bond, amount) with { LeavesAt = frame.Timestamp + LeaveDelay };
        _providers[frame.Sender] = provider;
        frame.Emit(BondsAbi.LeaveRequested, [Topic(frame.Sender)], new AbiWriter().Add(amount).Add(provider.LeavesAt));
    }

    private void OnWithdraw(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var provider = _providers[frame.Sender];
        var free = provider.AtRisk < provider.Bond ? provider.Bond - provider.AtRisk : TokenAmount.Zero;
        var amount = provider.Leaving < free ? provider.Leaving : free;
        if (amount.IsZero)
        {
            throw Revert(BondsAbi.NothingToPay);
        }

        if (frame.Timestamp < provider.LeavesAt)
        {
            throw Revert(BondsAbi.TooEarly);
        }

        provider = Change(frame, provider, provider.Bond - amount, provider.Leaving - amount);
        _providers[frame.Sender] = provider;
        frame.Emit(BondsAbi.BondWithdrawn, [Topic(frame.Sender)], new AbiWriter().Add(amount).Add(provider.Bond));
        Send(frame, frame.Sender, amount);
    }

    private void OnCollect(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var amount = _owed[frame.Sender];
        if (amount.IsZero)
        {
            throw Revert(BondsAbi.NothingToPay);
        }

        _owed[frame.Sender] = TokenAmount.Zero;
        frame.Emit(BondsAbi.Collected, [Topic(frame.Sender)], new AbiWriter().Add(amount));
        Send(frame, frame.Sender, amount);
    }

    private BondedProvider Registered(AccountAddress account)
    {
        var provider = _providers[account];
        return provider.Number != 0 ? provider : throw Revert(BondsAbi.NotRegistered);
    }

    /// <summary>Writes bond and leave, and the block in which the bond comes to stand or ceases to.</summary>
    private static BondedProvider Change(ModuleFrame frame, BondedProvider provider, TokenAmount bond, TokenAmount leaving)
    {
        var stood = provider.Liable >= BondMin;
        var stands = bond - leaving >= BondMin;
        if (stands && !stood && frame.BlockNumber <= provider.BondedUntil + BlockContext.HashesKept)
        {
            throw Revert(BondsAbi.TooEarly);
        }

        return provider with
        {
            BondedUntil = stood && !stands ? frame.BlockNumber : provider.BondedUntil,
            BondedSince = stands && !stood ? frame.BlockNumber : provider.BondedSince,
            Bond = bond,
            Leaving = leaving,
        };
    }

    private void Take(ModuleFrame frame, TokenAmount amount)
    {
        if (!ContractCalls.TryTake(frame, _token, amount))
        {
            throw Revert(BondsAbi.TransferFailed);
        }
    }

    private void Send(ModuleFrame frame, AccountAddress to, TokenAmount amount)
    {
        if (!ContractCalls.TrySend(frame, _token, to, amount))
        {
            throw Revert(BondsAbi.TransferFailed);
        }
    }
}
