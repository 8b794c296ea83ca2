using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Embedded;

namespace Sdk.Core.Ledger.Modules.Token;

/// <summary>
/// <c>Token.sol</c> as the embedded ledger runs it: the suite's token, with OpenZeppelin's ERC20 and ERC20Permit, whose checks, events and
/// errors it has in their order.
/// </summary>
public sealed class TokenModule : ContractModule
{
    /// <summary>The module's name in a deployment.</summary>
    public const string ModuleName = "Token";

    private const string PermitType = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)";

    // Bits of EIP-5267: name, version, chain id and verifying contract.
    private const byte DomainFields = 0x0f;

    private readonly string _name;
    private readonly string _symbol;
    private readonly AccountAddress _holder;
    private readonly TokenAmount _supply;
    private ModuleMap<AccountAddress, TokenAmount> _balances = null!;
    private ModuleMap<(AccountAddress Owner, AccountAddress Spender), TokenAmount> _allowances = null!;
    private ModuleMap<AccountAddress, TokenAmount> _nonces = null!;

    // The zero address has the sum of all.
    private ModuleMap<AccountAddress, TokenAmount> _totals = null!;
    private Hash256? _domain;

    /// <summary>A token.</summary>
    /// <param name="name">Its name, also that of the domain of permits.</param>
    /// <param name="symbol">Its symbol.</param>
    /// <param name="holder">Who gets all of it at deployment.</param>
    /// <param name="supply">How much there is.</param>
    public TokenModule(string name, string symbol, AccountAddress holder, TokenAmount supply)
        : base(ModuleName)
    {
        (_name, _symbol, _holder, _supply) = (name, symbol, holder, supply);
        Function(TokenAbi.Name, (ModuleFrame _, ref AbiReader _, AbiWriter results) => results.AddString(_name));
        Function(TokenAbi.Symbol, (ModuleFrame _, ref AbiReader _, AbiWriter results) => results.AddString(_symbol));
        Function(TokenAbi.Decimals, (ModuleFrame _, ref AbiReader _, AbiWriter results) => results.Add((ulong)TokenAmount.Decimals));
        Function(TokenAbi.TotalSupply, (ModuleFrame _, ref AbiReader _, AbiWriter results) => results.Add(_totals[default]));
        Function(TokenAbi.BalanceOf, (ModuleFrame _, ref AbiReader arguments, AbiWriter results) => results.Add(_balances[arguments.ReadAddress()]));
        Function(TokenAbi.Allowance, Allowance);
        Function(TokenAbi.Transfer, Transfer);
        Function(TokenAbi.Approve, Approve);
        Function(TokenAbi.TransferFrom, TransferFrom);
        Function(TokenAbi.Permit, Permit);
        Function(TokenAbi.Nonces, (ModuleFrame _, ref AbiReader arguments, AbiWriter results) => results.Add(_nonces[arguments.ReadAddress()]));
        Function(TokenAbi.DomainSeparator, (ModuleFrame frame, ref AbiReader _, AbiWriter results) => results.Add(Domain(frame)));
        Function(TokenAbi.Eip712Domain, Eip712Domain);
    }

    /// <inheritdoc/>
    protected override void DeclareState()
    {
        _balances = Map("balances", StateCodec.Address, StateCodec.Amount);
        _allowances = Map("allowances", StateCodec.Pair(StateCodec.Address, StateCodec.Address), StateCodec.Amount);
        _nonces = Map("nonces", StateCodec.Address, StateCodec.Amount);
        _totals = Map("totals", StateCodec.Address, StateCodec.Amount);
    }

    /// <inheritdoc/>
    protected internal override void Construct(ModuleFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        if (_holder == default)
        {
            throw Revert(TokenAbi.InvalidReceiver, new AbiWriter().Add(default(AccountAddress)));
        }

        _totals[default] += _supply;
        _balances[_holder] += _supply;
        frame.Emit(TokenAbi.Transferred, [Topic(default(AccountAddress)), Topic(_holder)], new AbiWriter().Add(_supply));
    }

    private void Allowance(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (owner, spender) = (arguments.ReadAddress(), arguments.ReadAddress());
        results.Add(_allowances[(owner, spender)]);
    }

    private void Transfer(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (to, value) = (arguments.ReadAddress(), arguments.ReadAmount());
        Move(frame, frame.Sender, to, value);
        results.Add(true);
    }

    private void Approve(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (spender, value) = (arguments.ReadAddress(), arguments.ReadAmount());
        SetAllowance(frame.Sender, spender, value);
        frame.Emit(TokenAbi.Approval, [Topic(frame.Sender), Topic(spender)], new AbiWriter().Add(value));
        results.Add(true);
    }

    private void TransferFrom(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (from, to, value) = (arguments.ReadAddress(), arguments.ReadAddress(), arguments.ReadAmount());
        var allowance = _allowances[(from, frame.Sender)];
        if (allowance < TokenAmount.MaxValue)
        {
            if (allowance < value)
            {
                throw Revert(TokenAbi.InsufficientAllowance, new AbiWriter().Add(frame.Sender).Add(allowance).Add(value));
            }

            SetAllowance(from, frame.Sender, allowance - value);
        }

        Move(frame, from, to, value);
        results.Add(true);
    }

    private void Permit(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        var (owner, spender, value, deadline) = (arguments.ReadAddress(), arguments.ReadAddress(), arguments.ReadAmount(), arguments.ReadAmount());
        var (v, r, s) = ((byte)arguments.ReadUInt(8), arguments.ReadWord(), arguments.ReadWord());
        if (frame.Timestamp > deadline)
        {
            throw Revert(TokenAbi.ExpiredSignature, new AbiWriter().Add(deadline));
        }

        var nonce = _nonces[owner];
        _nonces[owner] = nonce + 1;
        var digest = PermitDigest(Domain(frame), owner, spender, value, nonce, deadline);
        if (!EcRecover.IsLow(s))
        {
            throw Revert(TokenAbi.InvalidSignatureS, new AbiWriter().Add(s));
        }

        var signer = EcRecover.Recover(digest, v, r, s);
        if (signer == default)
        {
            throw Revert(TokenAbi.InvalidSignature);
        }

        if (signer != owner)
        {
            throw Revert(TokenAbi.InvalidSigner, new AbiWriter().Add(signer).Add(owner));
        }

        SetAllowance(owner, spender, value);
        frame.Emit(TokenAbi.Approval, [Topic(owner), Topic(spender)], new AbiWriter().Add(value));
    }

    private void Eip712Domain(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
    {
        Span<byte> fields = stackalloc byte[Hash256.LengthBytes];
        fields.Clear();
        fields[0] = DomainFields;
        results
            .Add(Hash256.FromBytes(fields))
            .AddString(_name)
            .AddString(TokenPermit.DomainVersion)
            .Add(frame.ChainId)
            .Add(frame.This)
            .Add(default(Hash256))
            .AddArray(0, new AbiWriter());
    }

    internal static Hash256 PermitDigest(
        Hash256 domain, AccountAddress owner, AccountAddress spender, TokenAmount value, TokenAmount nonce, TokenAmount deadline) =>
        TypedStruct.Digest(domain, new TypedStruct(PermitType).Add(owner).Add(spender).Add(value.ToWord()).Add(nonce.ToWord()).Add(deadline.ToWord()).Hash());

    private Hash256 Domain(ModuleFrame frame) => _domain ??= TypedStruct.Domain(_name, TokenPermit.DomainVersion, frame.ChainId, frame.This);

    private void Move(ModuleFrame frame, AccountAddress from, AccountAddress to, TokenAmount value)
    {
        if (from == default)
        {
            throw Revert(TokenAbi.InvalidSender, new AbiWriter().Add(from));
        }

        if (to == default)
        {
            throw Revert(TokenAbi.InvalidReceiver, new AbiWriter().Add(to));
        }

        var balance = _balances[from];
        if (balance < value)
        {
            throw Revert(TokenAbi.InsufficientBalance, new AbiWriter().Add(from).Add(balance).Add(value));
        }

        _balances[from] = balance - value;
        _balances[to] += value;
        frame.Emit(TokenAbi.Transferred, [Topic(from), Topic(to)], new AbiWriter().Add(value));
    }

    private void SetAllowance(AccountAddress owner, AccountAddress spender, TokenAmount value)
    {
        if (owner == default)
        {
            throw Revert(TokenAbi.InvalidApprover, new AbiWriter().Add(owner));
        }

        if (spender == default)
        {
            throw Revert(TokenAbi.InvalidSpender, new AbiWriter().Add(spender));
        }

        _allowances[(owner, spender)] = value;
    }
}
