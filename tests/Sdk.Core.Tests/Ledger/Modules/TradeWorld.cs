using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Embedded;
using Sdk.Core.Ledger.Modules.Bonds;
using Sdk.Core.Ledger.Modules.Escrow;
using Sdk.Core.Ledger.Modules.Evidence;
using Sdk.Core.Ledger.Modules.Token;

namespace Sdk.Core.Tests.Ledger.Modules;

/// <summary>A ledger with token, evidence, escrow and bonds, where each call has a block of its own and people have money.</summary>
internal sealed class TradeWorld
{
    public const ulong ChainId = 7;
    public const ulong Hour = 3_600;
    public const ulong Day = 24 * Hour;

    private static readonly TokenAmount Supply = TokenAmount.FromTokens(1_000_000);
    private static readonly TokenAmount Wealth = TokenAmount.FromTokens(10_000);
    private static readonly AbiError[] Errors = [.. TokenAbi.Errors, .. EvidenceAbi.Errors, .. EscrowAbi.Errors, .. BondsAbi.Errors];

    private readonly EmbeddedMachine _machine = new(ChainId);

    public TradeWorld()
    {
        _machine.Attach(new TokenModule("Trade", "TRD", At(0xf0), Supply), Token);
        _machine.Attach(new EvidenceModule([Escrow, Bonds, Writer]), Evidence);
        _machine.Attach(new EscrowModule(Token, Evidence), Escrow);
        _machine.Attach(new BondsModule(Token, Evidence), Bonds);
        foreach (var module in _machine.Modules)
        {
            _machine.Construct(module, At(0xf0), Next());
        }
    }

    public static AccountAddress Token { get; } = At(0xa0);

    public static AccountAddress Evidence { get; } = At(0xa1);

    public static AccountAddress Escrow { get; } = At(0xa2);

    public static AccountAddress Bonds { get; } = At(0xa3);

    /// <summary>An account that may write evidence.</summary>
    public static AccountAddress Writer { get; } = At(0xa4);

    public ulong Now { get; set; } = 1_800_000_000;

    public ulong Block { get; set; }

    /// <summary>Mixed into the hashes of blocks.</summary>
    public byte Entropy { get; set; }

    public static AccountAddress At(byte last)
    {
        var bytes = new byte[AccountAddress.LengthBytes];
        bytes[^1] = last;
        return AccountAddress.FromBytes(bytes);
    }

    public static KeyPair Key(byte seed) => KeyPair.FromPrivateKey([.. Enumerable.Repeat((byte)0, KeyPair.PrivateKeyLengthBytes - 1), seed], isTestOnly: true);

    public static Hash256 Hash(string text) => Keccak256.Hash(System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>Somebody with 10 000 tokens, all of which escrow and bonds may take.</summary>
    public KeyPair Person(byte seed)
    {
        var key = Key(seed);
        Do(At(0xf0), Token, TokenAbi.Transfer, new AbiWriter().Add(key.Address).Add(Wealth));
        Do(key, Token, TokenAbi.Approve, new AbiWriter().Add(Escrow).Add(TokenAmount.MaxValue));
        Do(key, Token, TokenAbi.Approve, new AbiWriter().Add(Bonds).Add(TokenAmount.MaxValue));
        return key;
    }

    /// <summary>Calls, and wants no revert; the events.</summary>
    public IReadOnlyList<LedgerEvent> Do(KeyPair sender, AccountAddress to, AbiFunction function, AbiWriter? arguments = null) =>
        Do(sender.Address, to, function, arguments);

    public IReadOnlyList<LedgerEvent> Do(AccountAddress sender, AccountAddress to, AbiFunction function, AbiWriter? arguments = null)
    {
        var done = Apply(sender, to, function, arguments);
        Assert.True(done.IsDone, $"{function.Name}: {NameOf(done.Returned)}");
        return [.. done.Events.Select((one, index) => new LedgerEvent(one.Contract, one.Topics, one.Data, Block, default, default, index))];
    }

    /// <summary>Calls, and wants a revert; the error's name.</summary>
    public string Refused(KeyPair sender, AccountAddress to, AbiFunction function, AbiWriter? arguments = null) =>
        Refused(sender.Address, to, function, arguments);

    public string Refused(AccountAddress sender, AccountAddress to, AbiFunction function, AbiWriter? arguments = null)
    {
        var done = Apply(sender, to, function, arguments);
        Assert.False(done.IsDone, $"{function.Name} did not revert.");
        return NameOf(done.Returned);
    }

    public byte[] Ask(AccountAddress to, AbiFunction function, AbiWriter? arguments = null)
    {
        var looked = _machine.Look(Next(), default, new LedgerCall(to, (arguments ?? new AbiWriter()).ToCall(function)));
        return looked.IsDone ? looked.Returned : throw new InvalidOperationException($"{function.Name}: {NameOf(looked.Returned)}");
    }

    public TokenAmount BalanceOf(AccountAddress account) => TokenAmount.FromBytes(Ask(Token, TokenAbi.BalanceOf, new AbiWriter().Add(account)));

    public TokenAmount Owed(AccountAddress contract, AccountAddress account) =>
        TokenAmount.FromBytes(Ask(contract, EscrowAbi.Owed, new AbiWriter().Add(account)));

    public AccountStanding StandingOf(AccountAddress account)
    {
        var reader = new AbiReader(Ask(Evidence, EvidenceAbi.Standing, new AbiWriter().Add(account)));
        return AccountStanding.Read(ref reader);
    }

    private static string NameOf(byte[] revert) => revert.Length < AbiFunction.SelectorBytes
        ? ""
        : Errors.Append(AbiError.Panic).FirstOrDefault(error => error.Selector.SequenceEqual(revert.AsSpan(0, AbiFunction.SelectorBytes)))?.Name ?? "?";

    private MachineResult Apply(AccountAddress sender, AccountAddress to, AbiFunction function, AbiWriter? arguments)
    {
        Block++;
        return _machine.Apply(Next(), sender, new LedgerCall(to, (arguments ?? new AbiWriter()).ToCall(function)));
    }

    private BlockContext Next() => new(Block, Now, number => Hash($"block {number} {Entropy}"));
}
