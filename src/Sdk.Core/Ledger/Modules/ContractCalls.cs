using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Embedded;
using Sdk.Core.Ledger.Modules.Token;

namespace Sdk.Core.Ledger.Modules;

/// <summary>How modules call other contracts, as Solidity does: where the other one reverts, or is not there, so does the module.</summary>
internal static class ContractCalls
{
    /// <summary>Takes tokens that the caller allowed; false where the token says so.</summary>
    public static bool TryTake(ModuleFrame frame, AccountAddress token, TokenAmount amount) =>
        Call(frame, token, new AbiWriter().Add(frame.Sender).Add(frame.This).Add(amount).ToCall(TokenAbi.TransferFrom)).ReadBool();

    /// <summary>Sends tokens of the module; false where the token says so. Where the amount is zero nobody is asked.</summary>
    public static bool TrySend(ModuleFrame frame, AccountAddress token, AccountAddress to, TokenAmount amount) =>
        amount.IsZero || Call(frame, token, new AbiWriter().Add(to).Add(amount).ToCall(TokenAbi.Transfer)).ReadBool();

    /// <summary>Calls a function that returns nothing.</summary>
    public static void Tell(ModuleFrame frame, AccountAddress contract, byte[] data) => Call(frame, contract, data);

    private static AbiReader Call(ModuleFrame frame, AccountAddress contract, byte[] data) =>
        frame.HasCode(contract) ? new AbiReader(frame.Call(contract, data)) : throw new ModuleRevertException([]);
}
