using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Modules.Evidence;

namespace Sdk.Ledger.Conformance.Differential;

/// <summary>
/// Random operations on evidence: on a contract of its own, whose writers are two accounts, with amounts up to the edges of their types.
/// The suite's own one is written by the other contracts, and its state is compared with it.
/// </summary>
internal sealed class EvidenceOperations(TwinLedgers twins, Random random) : ModuleOperations(twins, random)
{
    public override string Module => "Evidence";

    public override IReadOnlyDictionary<string, string> Unreachable { get; } = new Dictionary<string, string>
    {
        [EvidenceAbi.WritersOutOfRange.Name] = "the constructor's",
    };

    public override IReadOnlyList<Move> Moves =>
    [
        Asks(EvidenceAbi.Writers),
        Does(EvidenceAbi.Standing, () => Ask(EvidenceAbi.Standing, One())),
        Does(EvidenceAbi.MissingOf, () => Ask(EvidenceAbi.MissingOf, new AbiWriter().Add(Writer()).Add(Anybody().Address).Add(Anybody().Address))),
        Does(EvidenceAbi.RecordBounce, () => Write(EvidenceAbi.RecordBounce, Two().Add(AnyAmount()))),
        Does(EvidenceAbi.ClearBounce, () => Write(EvidenceAbi.ClearBounce, Two().Add(AnyAmount()))),
        Does(EvidenceAbi.RecordLate, () => Write(EvidenceAbi.RecordLate, Two().Add(AnyAmount()).Add(AnyAmount()))),
        Does(EvidenceAbi.RecordSettlement, () => Write(EvidenceAbi.RecordSettlement, Two().Add(AnyAmount()))),
        Does(EvidenceAbi.RecordSlash, () => Write(EvidenceAbi.RecordSlash, One().Add(RandomWord()).Add(AnyAmount()))),
        Does(EvidenceAbi.RecordAcquittal, () => Write(EvidenceAbi.RecordAcquittal, Two().Add(RandomWord()))),
        Does(EvidenceAbi.RecordRating, () => Write(EvidenceAbi.RecordRating, Rating((ulong)Random.Next(101)))),
        Meets(EvidenceAbi.ScoreOutOfRange, () => Write(EvidenceAbi.RecordRating, Rating(Chance(2) ? 101 : TokenAmount.MaxValue))),
        Meets(EvidenceAbi.NotWriter, () => Random.Next(3) switch
        {
            0 => new Operation(Anybody().Address, Call(EvidenceAbi.RecordSettlement, Two().Add(SomeAmount()))),
            1 => new Operation(Pauper.Address, Open(EvidenceAbi.RecordSlash, One().Add(RandomWord()).Add(SomeAmount()))),
            _ => new Operation(Pauper.Address, Open(EvidenceAbi.RecordRating, Rating(50))),
        }),
    ];

    public override IEnumerable<LedgerCall> Views()
    {
        foreach (var account in Twins.Keys)
        {
            yield return Call(EvidenceAbi.Standing, new AbiWriter().Add(account.Address));
            yield return Open(EvidenceAbi.Standing, new AbiWriter().Add(account.Address));
            foreach (var other in Twins.Keys)
            {
                yield return Call(EvidenceAbi.MissingOf, new AbiWriter().Add(Twins["Vault"]).Add(account.Address).Add(other.Address));
                yield return Open(EvidenceAbi.MissingOf, new AbiWriter().Add(Twins.Keys[1].Address).Add(account.Address).Add(other.Address));
            }
        }
    }

    private LedgerCall Open(AbiFunction function, AbiWriter arguments) => new(Twins[TwinLedgers.OpenEvidence], arguments.ToCall(function));

    private Operation Ask(AbiFunction function, AbiWriter arguments) => new(default, Open(function, arguments), IsQuery: true);

    private Operation Write(AbiFunction function, AbiWriter arguments) => new(Writer(), Open(function, arguments));

    private AccountAddress Writer() => Twins.Keys[Random.Next(1, 3)].Address;

    private AbiWriter One() => new AbiWriter().Add(Anybody().Address);

    private AbiWriter Two() => One().Add(Anybody().Address);

    private AbiWriter Rating(TokenAmount score) => Two().Add(RandomWord()).Add(score).Add(RandomWord()).Add(AnyAmount());

    // Mostly such as occur; sometimes such that counters are full at once.
    private TokenAmount AnyAmount() => Random.Next(20) switch
    {
        0 => TokenAmount.Zero,
        1 => TokenAmount.MaxValue,
        2 => TokenAmount.FromBaseUnits(UInt128.MaxValue >> Random.Next(1, 48)),
        _ => SomeAmount(),
    };
}
