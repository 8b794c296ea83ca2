using System.Text;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Ethereum;

namespace Sdk.Fuzz.Targets;

/// <summary>All items of an RLP encoding, lists entered as deep as they go, within a limit.</summary>
internal sealed class RlpTarget : FuzzTarget
{
    private const int DepthMax = 64;
    private static readonly RlpWriter Empty = new();

    public override string Name => "rlp";

    public override bool Decode(object input)
    {
        var reader = new RlpReader((byte[])input);
        Walk(ref reader, 0);
        return true;
    }

    public override void Check(object input)
    {
        var reader = new RlpReader((byte[])input);
        Require(Copy(ref reader).Items.SequenceEqual((byte[])input), "An item has one encoding.");
    }

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        yield return [];
        yield return [0];
        yield return [0x80];
        yield return new RlpWriter().Add("a text that is longer than fifty-five bytes, so that its length stands aside"u8).ToList();
        yield return new RlpWriter().AddList(Empty).AddList(new RlpWriter().AddList(Empty)).Add(1024UL).ToList();
        yield return new RlpWriter().Add(new byte[300]).Add(new byte[70_000]).ToList();
    }

    protected override IEnumerable<byte[]> MakeRefused()
    {
        yield return [0x81, 0];
        yield return [0xB8, 0];
        yield return [0xB9, 0, 56];
        yield return [0xBB, 0xFF, 0xFF, 0xFF, 0xFF, 0];
        yield return [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
    }

    private static void Walk(ref RlpReader reader, int depth)
    {
        while (!reader.IsAtEnd)
        {
            if (reader.IsAtList && depth < DepthMax)
            {
                var inner = reader.ReadList();
                Walk(ref inner, depth + 1);
            }
            else if (reader.IsAtList)
            {
                reader.ReadList();
            }
            else
            {
                reader.ReadBytes();
            }
        }
    }

    /// <summary>All of it, written again, however deep: inputs are small.</summary>
    private static RlpWriter Copy(ref RlpReader reader)
    {
        var writer = new RlpWriter();
        while (!reader.IsAtEnd)
        {
            if (reader.IsAtList)
            {
                var inner = reader.ReadList();
                writer.AddList(Copy(ref inner));
            }
            else
            {
                writer.Add(reader.ReadBytes());
            }
        }

        return writer;
    }
}

/// <summary>A signed transaction, and who signed it where the input is odd: a managed curve recovers at some 120 KiB.</summary>
internal sealed class TransactionTarget : FuzzTarget
{
    private EthereumTransaction? _transaction;

    public override string Name => "transaction";

    public override long ConstantBytes => 256 * 1024;

    /// <summary>A word of an access list takes 33 bytes, and an object with lists 22.</summary>
    public override long AllowedBytes(byte[] input) => (16L * input.Length) + ConstantBytes;

    public override bool Decode(object input)
    {
        var bytes = (byte[])input;
        _transaction = EthereumTransaction.Decode(bytes);
        if ((bytes[^1] & 1) == 1)
        {
            _transaction.RecoverSender();
        }

        return true;
    }

    public override void Check(object input)
    {
        Require(_transaction!.Encode().AsSpan().SequenceEqual((byte[])input), "A transaction has one encoding.");
        Require(_transaction.Signature is { IsRecoverable: true }, "A transaction names its sender.");
    }

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        foreach (var kind in Enum.GetValues<EthereumTransactionKind>())
        {
            var transaction = new EthereumTransaction
            {
                Kind = kind,
                ChainId = 31337,
                Nonce = 300,
                MaxFeePerGasWei = 1_000_000_007,
                GasLimit = 21_000,
                To = Samples.Key.Address,
                ValueWei = TokenAmount.OneToken,
                Data = new byte[100],
                AccessList = kind == EthereumTransactionKind.Legacy ? [] : [new(Samples.Key.Address, [default, default]), new(default, [])],
            };
            yield return transaction.Sign(Samples.Key).Encode();
            yield return (transaction with { Nonce = 0, To = null, ValueWei = 0, Data = default, AccessList = [] }).Sign(Samples.Key).Encode();
        }

        yield return new EthereumTransaction { Kind = EthereumTransactionKind.Legacy }.Sign(Samples.Key).Encode();
    }
}

/// <summary>A type of the ABI in text.</summary>
internal sealed class AbiTypeTarget : FuzzTarget
{
    private static readonly string[] Good = ["(uint256,(address,bytes)[2],string[])", "()", "uint8[3][][4]", "(bytes1,int248)[]", "((((bool))))"];
    private static readonly string[] Bad =
        ["uint8[100000][100000]", "()[]", "(bool", new string('(', 100), "bool" + string.Concat(Enumerable.Repeat("[]", 20))];

    private AbiType? _type;

    public override string Name => "abi-type";

    /// <summary>A type of four letters is an object, and a list above it.</summary>
    public override long AllowedBytes(byte[] input) => (256L * input.Length) + ConstantBytes;

    public override IReadOnlyList<byte[]> Words { get; } =
        [.. new[] { "uint", "int256", "bytes32", "bytes", "string", "address", "bool", "[]", "[2]", "[1048576]", "(", ")", "," }.Select(Encoding.ASCII.GetBytes)];

    public override object Prepare(byte[] input) => Encoding.Latin1.GetString(input);

    public override bool Decode(object input) => AbiType.TryParse((string)input, out _type);

    public override void Check(object input)
    {
        Require(_type!.Equals(AbiType.Parse(_type.ToString())), "A type is what it writes.");
        Require(_type.HeadBytes is >= 0 and <= AbiType.HeadBytesMax, "A head has a limit.");
    }

    protected override IEnumerable<byte[]> MakeCorpus() => Good.Select(Encoding.ASCII.GetBytes);

    protected override IEnumerable<byte[]> MakeRefused() => Bad.Select(Encoding.ASCII.GetBytes);
}

/// <summary>Values of types that the first byte chooses.</summary>
internal sealed class AbiCodecTarget : FuzzTarget
{
    private static readonly AbiType[] Types =
    [
        AbiType.Parse("(uint256,(address,bytes)[2],string[])"),
        AbiType.Parse("(bool[][][][][][][][])"),
        AbiType.Parse("(int24,bytes4,bool,uint8[3])"),
        AbiType.Parse("((string,(uint64,bytes[])[])[],bytes)"),
        AbiType.Parse("(bytes1[][2][],(bool,(int8,string)))"),
    ];

    private AbiValue _value;

    public override string Name => "abi-codec";

    /// <summary>A word becomes a value of 64 bytes and a byte of text two; what an element of a list adds is below a word.</summary>
    public override long AllowedBytes(byte[] input) => (6L * input.Length) + ConstantBytes;

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        Word(0), Word(1), Word(2), Word(32), Word(64), Word(96), Word(0x80), [.. Enumerable.Repeat((byte)0xFF, 32)], [0x7F, .. new byte[31]],
    ];

    public override bool Decode(object input)
    {
        var bytes = (byte[])input;
        if (bytes.Length == 0)
        {
            return false;
        }

        _value = AbiCodec.Decode(TypeOf(bytes), bytes.AsSpan(1));
        return true;
    }

    public override void Check(object input)
    {
        var bytes = (byte[])input;
        var again = AbiCodec.Encode(TypeOf(bytes), _value);
        Require(AbiCodec.Decode(TypeOf(bytes), again) == _value, "A value is what it writes.");
        Require(again.Length <= 2 * bytes.Length, "Little input makes no large value.");
    }

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        AbiValue account = Samples.Key.Address;
        AbiValue[] values =
        [
            AbiValue.List(TokenAmount.MaxValue, AbiValue.List(AbiValue.List(account, AbiValue.Bytes([1, 2])), AbiValue.List(account, AbiValue.Bytes([]))), AbiValue.List("a", "é", "")),
            AbiValue.List(Nested(8)),
            AbiValue.List(AbiValue.Number(-5), AbiValue.FixedBytes([1, 2, 3, 4]), true, AbiValue.List(1, 2, 255)),
            AbiValue.List(
                AbiValue.List(AbiValue.List("text", AbiValue.List(AbiValue.List(9, AbiValue.List(AbiValue.Bytes(new byte[40])))))), AbiValue.Bytes(new byte[33])),
            AbiValue.List(
                AbiValue.List(AbiValue.List(AbiValue.List(AbiValue.FixedBytes([7])), AbiValue.List())), AbiValue.List(false, AbiValue.List(AbiValue.Number(-128), "x"))),
        ];
        return values.Select((value, i) => (byte[])[(byte)i, .. AbiCodec.Encode(Types[i], value)]);
    }

    private static AbiValue Nested(int depth) => depth == 1 ? AbiValue.List(true, false) : AbiValue.List(Nested(depth - 1), Nested(depth - 1));

    private static AbiType TypeOf(byte[] input) => Types[input[0] % Types.Length];

    private static byte[] Word(byte last) => [.. new byte[31], last];
}

/// <summary>A document of typed data.</summary>
internal sealed class TypedDataTarget : FuzzTarget
{
    private static readonly string[] Documents =
    [
        """
        {"types":{"A":[{"name":"a","type":"B[]"},{"name":"n","type":"int8[2]"}],"B":[{"name":"s","type":"string"},{"name":"b","type":"bytes"},{"name":"c","type":"bytes4"}]},
        "primaryType":"A","domain":{"name":"x","chainId":"0x7"},"message":{"a":[{"s":"t","b":"0x0102","c":"0x01020304"}],"n":[-1,"2"]}}
        """,
        """
        {"types":{"EIP712Domain":[{"name":"salt","type":"bytes32"}],"A":[{"name":"a","type":"A[]"},{"name":"t","type":"bool"},{"name":"w","type":"address"}]},
        "primaryType":"A","domain":{"salt":"0x0000000000000000000000000000000000000000000000000000000000000000"},
        "message":{"a":[{"a":[],"t":true,"w":"0x00000000000000000000000000000000000000aa"}],"t":false,"w":"0x00000000000000000000000000000000000000aa"}}
        """,
    ];

    private TypedData? _typed;

    public override string Name => "typed-data";

    /// <summary>Two characters of an array become a word; every struct's type is written out with the types that it uses, 64 at most.</summary>
    public override long AllowedBytes(byte[] input) => (64L * input.Length) + (64 * 1024);

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        .. new[] { "\"types\":", "\"message\":", "\"EIP712Domain\":", "\"chainId\"", "\"uint256\"", "\"A[]\"", "\"B[2]\"", "[]", "{}", "[[],[]]", "\"0x00\"", "-1", "null", "\"\\ud800\"" }
            .Select(Encoding.UTF8.GetBytes),
    ];

    public override object Prepare(byte[] input) => Encoding.UTF8.GetString(input);

    public override bool Decode(object input)
    {
        _typed = TypedData.Parse((string)input);
        return true;
    }

    public override void Check(object input)
    {
        Require(_typed!.EncodedMessage.Length % Hash256.LengthBytes == 0, "A message is words.");
        Require(_typed.EncodedType.StartsWith($"{_typed.PrimaryType}(", StringComparison.Ordinal), "A type starts with its name.");
    }

    protected override IEnumerable<byte[]> MakeCorpus() => Documents.Select(Encoding.UTF8.GetBytes);
}
