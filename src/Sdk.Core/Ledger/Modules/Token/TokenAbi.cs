using Sdk.Core.Ledger.Abi;

namespace Sdk.Core.Ledger.Modules.Token;

/// <summary>The interface of the token: ERC-20, permits (EIP-2612), its signing domain (EIP-5267), errors of ERC-6093.</summary>
public static class TokenAbi
{
    /// <summary>The token's name.</summary>
    public static AbiFunction Name { get; } = new("name()", "(string)");

    /// <summary>The token's symbol.</summary>
    public static AbiFunction Symbol { get; } = new("symbol()", "(string)");

    /// <summary>18.</summary>
    public static AbiFunction Decimals { get; } = new("decimals()", "(uint8)");

    /// <summary>How much there is.</summary>
    public static AbiFunction TotalSupply { get; } = new("totalSupply()", "(uint256)");

    /// <summary>What an account has.</summary>
    public static AbiFunction BalanceOf { get; } = new("balanceOf(address)", "(uint256)");

    /// <summary>Pays from the caller's balance.</summary>
    public static AbiFunction Transfer { get; } = new("transfer(address,uint256)", "(bool)");

    /// <summary>What of an owner's balance a spender may still pay.</summary>
    public static AbiFunction Allowance { get; } = new("allowance(address,address)", "(uint256)");

    /// <summary>Sets what a spender may pay from the caller's balance.</summary>
    public static AbiFunction Approve { get; } = new("approve(address,uint256)", "(bool)");

    /// <summary>Pays from an owner's balance, within the caller's allowance.</summary>
    public static AbiFunction TransferFrom { get; } = new("transferFrom(address,address,uint256)", "(bool)");

    /// <summary>Sets an allowance by the owner's signature.</summary>
    public static AbiFunction Permit { get; } = new("permit(address,address,uint256,uint256,uint8,bytes32,bytes32)");

    /// <summary>How many permits of an owner were used.</summary>
    public static AbiFunction Nonces { get; } = new("nonces(address)", "(uint256)");

    /// <summary>The separator of the domain of permits.</summary>
    public static AbiFunction DomainSeparator { get; } = new("DOMAIN_SEPARATOR()", "(bytes32)");

    /// <summary>The domain of permits.</summary>
    public static AbiFunction Eip712Domain { get; } = new("eip712Domain()", "(bytes1,string,string,uint256,address,bytes32,uint256[])");

    /// <summary>From, to, how much.</summary>
    public static AbiEvent Transferred { get; } = new("Transfer(address indexed,address indexed,uint256)");

    /// <summary>Owner, spender, how much.</summary>
    public static AbiEvent Approval { get; } = new("Approval(address indexed,address indexed,uint256)");

    /// <summary>Declared by EIP-5267; this token's domain never changes.</summary>
    public static AbiEvent DomainChanged { get; } = new("EIP712DomainChanged()");

    /// <summary>Sender, what it has, what it needs.</summary>
    public static AbiError InsufficientBalance { get; } = new("ERC20InsufficientBalance(address,uint256,uint256)");

    /// <summary>The zero address cannot pay.</summary>
    public static AbiError InvalidSender { get; } = new("ERC20InvalidSender(address)");

    /// <summary>The zero address cannot be paid.</summary>
    public static AbiError InvalidReceiver { get; } = new("ERC20InvalidReceiver(address)");

    /// <summary>Spender, what it may pay, what it needs.</summary>
    public static AbiError InsufficientAllowance { get; } = new("ERC20InsufficientAllowance(address,uint256,uint256)");

    /// <summary>The zero address cannot approve.</summary>
    public static AbiError InvalidApprover { get; } = new("ERC20InvalidApprover(address)");

    /// <summary>The zero address cannot be approved.</summary>
    public static AbiError InvalidSpender { get; } = new("ERC20InvalidSpender(address)");

    /// <summary>The permit's deadline is over.</summary>
    public static AbiError ExpiredSignature { get; } = new("ERC2612ExpiredSignature(uint256)");

    /// <summary>Who signed, and who should have.</summary>
    public static AbiError InvalidSigner { get; } = new("ERC2612InvalidSigner(address,address)");

    /// <summary>Nobody's signature.</summary>
    public static AbiError InvalidSignature { get; } = new("ECDSAInvalidSignature()");

    /// <summary>The signature's s is in the upper half of the group's order.</summary>
    public static AbiError InvalidSignatureS { get; } = new("ECDSAInvalidSignatureS(bytes32)");

    /// <summary>Declared by the contract's libraries; nothing here takes signatures as bytes.</summary>
    public static AbiError InvalidSignatureLength { get; } = new("ECDSAInvalidSignatureLength(uint256)");

    /// <summary>Declared by the contract's libraries; a permit of another nonce has another signer.</summary>
    public static AbiError InvalidAccountNonce { get; } = new("InvalidAccountNonce(address,uint256)");

    /// <summary>Declared by the contract's libraries, about how the name is stored.</summary>
    public static AbiError InvalidShortString { get; } = new("InvalidShortString()");

    /// <summary>Declared by the contract's libraries, about how the name is stored.</summary>
    public static AbiError StringTooLong { get; } = new("StringTooLong(string)");

    /// <summary>All errors.</summary>
    public static IReadOnlyList<AbiError> Errors { get; } =
    [
        InsufficientBalance, InvalidSender, InvalidReceiver, InsufficientAllowance, InvalidApprover, InvalidSpender, ExpiredSignature,
        InvalidSigner, InvalidSignature, InvalidSignatureS, InvalidSignatureLength, InvalidAccountNonce, InvalidShortString, StringTooLong,
    ];
}
