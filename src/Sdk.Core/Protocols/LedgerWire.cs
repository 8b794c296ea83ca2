using Google.Protobuf;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Protocols.Wire;

namespace Sdk.Core.Protocols;

/// <summary>What the messages of <c>/sdk/ledger/1</c> mean. Every reading method throws <see cref="ProtocolViolationException"/> where a field has a wrong length.</summary>
internal static class LedgerWire
{
    private const int ModulesMax = 256;
    private const int FilterMax = 64;
    private const int EventsMax = 4096;

    public static ByteString ToWire(AccountAddress address) => ByteString.CopyFrom(address.Bytes);

    public static ByteString ToWire(Hash256 hash) => ByteString.CopyFrom(hash.Bytes);

    public static ByteString ToWire(TokenAmount amount) => UnsafeByteOperations.UnsafeWrap(amount.ToArray());

    public static AccountAddress ToAddress(ByteString bytes) => bytes.Length == AccountAddress.LengthBytes ? AccountAddress.FromBytes(bytes.Span) : throw Wrong("address");

    public static Hash256 ToHash(ByteString bytes) => bytes.Length == Hash256.LengthBytes ? Hash256.FromBytes(bytes.Span) : throw Wrong("hash");

    public static TokenAmount ToAmount(ByteString bytes) => bytes.Length == TokenAmount.LengthBytes ? TokenAmount.FromBytes(bytes.Span) : throw Wrong("amount");

    public static LedgerQuery ToWire(LedgerCall call, AccountAddress caller) => new()
    {
        To = ToWire(call.To),
        Data = UnsafeByteOperations.UnsafeWrap(call.Data),
        Value = ToWire(call.Value),
        Caller = ToWire(caller),
    };

    public static (LedgerCall Call, AccountAddress Caller) FromWire(LedgerQuery query) =>
        (new LedgerCall(ToAddress(query.To), query.Data.Memory, ToAmount(query.Value)), ToAddress(query.Caller));

    public static LedgerEventsRequest ToWire(LedgerEventFilter filter) => new()
    {
        Contracts = { filter.Contracts.Select(ToWire) },
        Kinds = { filter.Kinds.Select(ToWire) },
        FromBlock = filter.FromBlock,
        UntilBlock = filter.ToBlock is { } last ? checked(last + 1) : 0,
    };

    public static LedgerEventFilter FromWire(LedgerEventsRequest request) => request.Contracts.Count > FilterMax || request.Kinds.Count > FilterMax
        ? throw Wrong("filter")
        : new LedgerEventFilter
        {
            Contracts = [.. request.Contracts.Select(ToAddress)],
            Kinds = [.. request.Kinds.Select(ToHash)],
            FromBlock = request.FromBlock,
            ToBlock = request.UntilBlock == 0 ? null : request.UntilBlock - 1,
        };

    public static LedgerDescription ToWire(ulong chainId, LedgerDeployment deployment) => new()
    {
        ChainId = chainId,
        Contracts = { deployment.Modules.Select(module => new DeployedContract { Module = module, Address = ToWire(deployment[module]) }) },
    };

    public static LedgerDeployment FromWire(LedgerDescription description)
    {
        var names = description.Contracts.Select(contract => contract.Module).ToHashSet();
        return names.Count == description.Contracts.Count && names.Count <= ModulesMax
            ? new LedgerDeployment(description.Contracts.Select(contract => KeyValuePair.Create(contract.Module, ToAddress(contract.Address))))
            : throw Wrong("deployment");
    }

    public static LedgerReceiptMessage ToWire(LedgerReceipt receipt) => new()
    {
        Transaction = ToWire(receipt.Transaction),
        BlockNumber = receipt.BlockNumber,
        BlockHash = ToWire(receipt.BlockHash),
        Events = { receipt.Events.Select(ToWire) },
    };

    public static LedgerReceipt FromWire(LedgerReceiptMessage message) => message.Events.Count > EventsMax
        ? throw Wrong("receipt")
        : new LedgerReceipt(ToHash(message.Transaction), message.BlockNumber, ToHash(message.BlockHash), [.. message.Events.Select(FromWire)], GasUsed: 0);

    public static LedgerHeadMessage ToWire(LedgerHead head) => new()
    {
        Number = head.Number,
        Hash = ToWire(head.Hash),
        UnixSeconds = head.Time.ToUnixTimeSeconds(),
        FinalNumber = head.FinalNumber,
    };

    public static LedgerHead FromWire(LedgerHeadMessage message) =>
        message.UnixSeconds >= 0 && message.UnixSeconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds() && message.FinalNumber <= message.Number
            ? new LedgerHead(message.Number, ToHash(message.Hash), DateTimeOffset.FromUnixTimeSeconds(message.UnixSeconds), message.FinalNumber)
            : throw Wrong("head");

    public static LedgerEventMessage ToWire(LedgerEvent told) => new()
    {
        Contract = ToWire(told.Contract),
        Topics = { told.Topics.Select(ToWire) },
        Data = UnsafeByteOperations.UnsafeWrap(told.Data),
        BlockNumber = told.BlockNumber,
        BlockHash = ToWire(told.BlockHash),
        Transaction = ToWire(told.Transaction),
        Index = (uint)told.Index,
    };

    public static LedgerEvent FromWire(LedgerEventMessage message) => message.Topics.Count is 0 or > 1 + AbiEvent.IndexedMax || message.Index > int.MaxValue
        ? throw Wrong("event")
        : new LedgerEvent(
            ToAddress(message.Contract),
            [.. message.Topics.Select(ToHash)],
            message.Data.Memory,
            message.BlockNumber,
            ToHash(message.BlockHash),
            ToHash(message.Transaction),
            (int)message.Index);

    public static ProtocolViolationException Wrong(string what) => new($"A message about a ledger holds what is no {what}.");
}
