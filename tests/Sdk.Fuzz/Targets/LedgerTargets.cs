using Google.Protobuf;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Embedded;
using Sdk.Core.Protocols;
using Sdk.Core.Protocols.Wire;

namespace Sdk.Fuzz.Targets;

/// <summary>What another process asks of an embedded ledger.</summary>
internal sealed class LedgerRequestTarget : MessageTarget
{
    private static readonly LedgerCall Call = new(Samples.Key.Address, new byte[] { 1, 2, 3, 4 }, 7);
    private LedgerRequest? _request;

    public override string Name => "ledger-request";

    public override bool Decode(object input)
    {
        _request = Read(input, LedgerRequest.Parser, LedgerProtocol.MaxMessageBytes);
        switch (_request.RequestCase)
        {
            case LedgerRequest.RequestOneofCase.Query:
                LedgerWire.FromWire(_request.Query);
                return true;
            case LedgerRequest.RequestOneofCase.BalanceOf:
                LedgerWire.ToAddress(_request.BalanceOf);
                return true;
            case LedgerRequest.RequestOneofCase.Events:
                LedgerWire.FromWire(_request.Events);
                return true;
            default:
                return false;
        }
    }

    public override void Check(object input)
    {
        if (_request!.RequestCase == LedgerRequest.RequestOneofCase.Query)
        {
            var (call, caller) = LedgerWire.FromWire(_request.Query);
            Require(LedgerWire.ToWire(call, caller).Data.Equals(_request.Query.Data), "What is read is written again.");
        }
    }

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        yield return Frame(new LedgerRequest { Query = LedgerWire.ToWire(Call, Samples.Key.Address) });
        yield return Frame(new LedgerRequest { BalanceOf = LedgerWire.ToWire(Samples.Key.Address) });
        yield return Frame(new LedgerRequest
        {
            Events = LedgerWire.ToWire(new LedgerEventFilter { Contracts = [Samples.Key.Address], Kinds = [default], FromBlock = 3, ToBlock = 9 }),
        });
    }

    protected override IEnumerable<byte[]> MakeRefused()
    {
        yield return Frame(new LedgerRequest { Head = true });
        yield return Frame(new LedgerRequest { BalanceOf = ByteString.CopyFrom(new byte[19]) });
    }
}

/// <summary>What the host of an embedded ledger answers.</summary>
internal sealed class LedgerAnswerTarget : MessageTarget
{
    private LedgerAnswer? _answer;

    public override string Name => "ledger-answer";

    public override bool Decode(object input)
    {
        _answer = Read(input, LedgerAnswer.Parser, LedgerProtocol.MaxMessageBytes);
        switch (_answer.AnswerCase)
        {
            case LedgerAnswer.AnswerOneofCase.Description:
                LedgerWire.FromWire(_answer.Description);
                return true;
            case LedgerAnswer.AnswerOneofCase.Receipt:
                LedgerWire.FromWire(_answer.Receipt);
                return true;
            case LedgerAnswer.AnswerOneofCase.Head:
                LedgerWire.FromWire(_answer.Head);
                return true;
            case LedgerAnswer.AnswerOneofCase.Event:
                LedgerWire.FromWire(_answer.Event);
                return true;
            case LedgerAnswer.AnswerOneofCase.Amount:
                LedgerWire.ToAmount(_answer.Amount);
                return true;
            default:
                return false;
        }
    }

    public override void Check(object input)
    {
        if (_answer!.Event is { } told)
        {
            Require(LedgerWire.ToWire(LedgerWire.FromWire(told)).Equals(new LedgerEventMessage(told)), "What is read is written again.");
        }
    }

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        LedgerEvent told = new(Samples.Key.Address, [default, default], new byte[40], 5, default, default, 2);
        yield return Frame(new LedgerAnswer { Event = LedgerWire.ToWire(told) });
        yield return Frame(new LedgerAnswer { Receipt = LedgerWire.ToWire(new LedgerReceipt(default, 5, default, [told, told], 0)) });
        yield return Frame(new LedgerAnswer { Head = LedgerWire.ToWire(new LedgerHead(9, default, DateTimeOffset.UnixEpoch, 9)) });
        yield return Frame(new LedgerAnswer { Amount = LedgerWire.ToWire(TokenAmount.MaxValue) });
        yield return Frame(new LedgerAnswer
        {
            Description = LedgerWire.ToWire(7, new LedgerDeployment([KeyValuePair.Create("Token", Samples.Key.Address)])),
        });
    }
}

/// <summary>Operations that were signed elsewhere.</summary>
internal sealed class LedgerOperationTarget : FuzzTarget
{
    private const ulong ChainId = 7;

    private LedgerOperation? _operation;

    public override string Name => "ledger-operation";

    // A recovered signature costs some arithmetic in the managed curve.
    public override long ConstantBytes => 512 * 1024;

    public override bool Decode(object input)
    {
        _operation = LedgerOperation.Read((byte[])input, ChainId);
        return true;
    }

    public override void Check(object input) => Require(
        _operation!.Sender != Samples.Key.Address || Corpus.Any(genuine => genuine.AsSpan().SequenceEqual((byte[])input)), "Nobody forges an operation.");

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        yield return LedgerOperation.Sign(new LedgerCall(Samples.Key.Address, default, 5), 0, ChainId, Samples.Key).Encoded.ToArray();
        yield return LedgerOperation.Sign(new LedgerCall(Samples.Key.Address, new byte[100]), ulong.MaxValue - 1, ChainId, Samples.Key).Encoded.ToArray();
    }

    protected override IEnumerable<byte[]> MakeRefused()
    {
        yield return LedgerOperation.Sign(new LedgerCall(Samples.Key.Address, default, 5), 0, ChainId + 1, Samples.Key).Encoded.ToArray();
    }
}

/// <summary>A ledger's stored state: it comes from one's own disk, behind a checksum, and is read with the same suspicion.</summary>
internal sealed class LedgerSnapshotTarget : FuzzTarget
{
    public override string Name => "ledger-snapshot";

    public override long ConstantBytes => 64 * 1024;

    // Every entry of four words becomes an entry of a dictionary; every event of at least eight words an object with its lists.
    public override long AllowedBytes(byte[] input) => (24L * input.Length) + ConstantBytes;

    public override IReadOnlyList<byte[]> Words { get; } = [[.. new byte[31], 1], [.. new byte[31], 32], [.. Enumerable.Repeat((byte)0xFF, 32)]];

    public override bool Decode(object input)
    {
        ChainSnapshot.Read((byte[])input, [], out _, out _);
        return true;
    }

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        EmbeddedChain chain = new(7);
        EmbeddedBlock genesis = chain.Deploy(1_000, [], [KeyValuePair.Create(Samples.Key.Address, TokenAmount.OneToken)], default);
        yield return ChainSnapshot.Write(chain, genesis.Events, 0);
        chain.Produce(1_001, [LedgerOperation.Sign(new LedgerCall(AccountAddress.FromBytes(new byte[20]), default, 5), 0, 7, Samples.Key)]);
        LedgerEvent told = new(Samples.Key.Address, [default, default], new byte[40], 1, default, default, 0);
        yield return ChainSnapshot.Write(chain, [told, told], 1);
    }
}
