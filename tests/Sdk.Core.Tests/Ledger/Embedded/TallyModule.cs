using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Embedded;

namespace Sdk.Core.Tests.Ledger.Embedded;

/// <summary>A small contract for tests of the ledger itself: everybody has a number that grows.</summary>
internal sealed class TallyModule : ContractModule
{
    public static readonly AbiFunction Grow = new("grow(uint256)", "(uint256)");
    public static readonly AbiFunction Pay = new("pay()");
    public static readonly AbiFunction GrowAndFail = new("growAndFail(uint256)");
    public static readonly AbiFunction GrowThrough = new("growThrough(address,bytes,bool)");
    public static readonly AbiFunction Of = new("of(address)", "(uint256)");
    public static readonly AbiEvent Grew = new("Grew(address indexed,uint256)");
    public static readonly AbiError TooGreat = new("TooGreat(uint256)");

    private ModuleMap<AccountAddress, TokenAmount> _tallies = null!;

    public TallyModule(string name = "Tally")
        : base(name)
    {
        Function(Grow, OnGrow);
        Function(Pay, (_, ref _, _) => { }, isPayable: true);
        Function(GrowAndFail, OnGrowAndFail);
        Function(GrowThrough, OnGrowThrough);
        Function(Of, (_, ref arguments, results) => results.Add(_tallies[arguments.ReadAddress()]));
    }

    protected override void DeclareState() => _tallies = Map("tallies", StateCodec.Address, StateCodec.Amount);

    private void OnGrow(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        _tallies[frame.Sender] += arguments.ReadAmount();
        frame.Emit(Grew, [Topic(frame.Sender)], new AbiWriter().Add(_tallies[frame.Sender]));
        results.Add(_tallies[frame.Sender]);
    }

    private void OnGrowAndFail(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        OnGrow(frame, ref arguments, results);
        throw Revert(TooGreat, new AbiWriter().Add(_tallies[frame.Sender]));
    }

    private void OnGrowThrough(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        _tallies[frame.Sender] += 1;
        var to = arguments.ReadAddress();
        var data = arguments.ReadBytes(1000);
        if (arguments.ReadBool())
        {
            frame.TryCall(to, data, default, out _);
        }
        else
        {
            frame.Call(to, data);
        }
    }
}
