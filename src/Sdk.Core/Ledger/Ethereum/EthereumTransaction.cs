using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Ethereum;

/// <summary>
/// A transaction as an EVM chain takes it: legacy (with or without EIP-155), EIP-2930 or EIP-1559. Immutable; a signed one keeps its
/// signature, low-S only (EIP-2).
/// </summary>
internal sealed record EthereumTransaction
{
    /// <summary>The longest encoding that is read: what nodes pass on (128 KiB).</summary>
    public const int LengthBytesMax = 128 * 1024;

    /// <summary>EIP-155: v is 35 + 2 × chain id + parity; without it 27 + parity.</summary>
    private const ulong FirstV = 27;

    private const ulong FirstProtectedV = 35;
    private const int ScalarBytes = Hash256.LengthBytes;

    /// <summary>The form.</summary>
    public EthereumTransactionKind Kind { get; init; } = EthereumTransactionKind.DynamicFee;

    /// <summary>The chain; null only in a legacy transaction that counts on every chain.</summary>
    public ulong? ChainId { get; init; }

    /// <summary>How many transactions the sender has made before; below 2^64 − 1 (EIP-2681).</summary>
    public ulong Nonce { get; init; }

    /// <summary>The most that is paid for a unit of gas, in wei; the gas price of the older forms.</summary>
    public TokenAmount MaxFeePerGasWei { get; init; }

    /// <summary>The most of it that goes to who makes the block; EIP-1559 alone has it.</summary>
    public TokenAmount MaxPriorityFeePerGasWei { get; init; }

    /// <summary>The most gas that may be used.</summary>
    public TokenAmount GasLimit { get; init; }

    /// <summary>The contract or account; null makes a contract of <see cref="Data"/>.</summary>
    public AccountAddress? To { get; init; }

    /// <summary>Native coin sent along, in wei.</summary>
    public TokenAmount ValueWei { get; init; }

    /// <summary>Calldata, or a contract's creation code.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>What it will touch; the legacy form has none.</summary>
    public IReadOnlyList<AccessListEntry> AccessList { get; init; } = [];

    /// <summary>The sender's signature; null before <see cref="Sign"/>.</summary>
    public Signature? Signature { get; init; }

    /// <summary>What the sender signs.</summary>
    public Hash256 SigningHash() => Keccak256.Hash(EncodeUnsigned());

    /// <summary>The transaction's name: the hash of its signed encoding.</summary>
    /// <exception cref="InvalidOperationException">It is not signed.</exception>
    public Hash256 Hash() => Keccak256.Hash(Encode());

    /// <summary>This transaction, signed.</summary>
    public EthereumTransaction Sign(KeyPair sender) => this with { Signature = sender.SignDigest(SigningHash().Bytes) };

    /// <summary>The account that signed it.</summary>
    /// <exception cref="LedgerException">No key made the signature, or there is none (<see cref="LedgerFailure.Malformed"/>).</exception>
    public AccountAddress RecoverSender() =>
        Signature is { } signature && PublicKey.Recover(SigningHash().Bytes, signature) is { } key
            ? AccountAddress.FromPublicKey(key)
            : throw Malformed("nobody signed it");

    /// <summary>What is hashed to be signed.</summary>
    public byte[] EncodeUnsigned()
    {
        var fields = Fields();
        if (Kind == EthereumTransactionKind.Legacy && ChainId is { } chainId)
        {
            fields.Add(chainId).Add([]).Add([]);
        }

        return Envelope(fields);
    }

    /// <summary>What is sent to a node.</summary>
    /// <exception cref="InvalidOperationException">It is not signed.</exception>
    public byte[] Encode()
    {
        var signature = Signature ?? throw new InvalidOperationException("The transaction is not signed.");
        Span<byte> compact = stackalloc byte[2 * ScalarBytes];
        signature.CopyCompactTo(compact);
        var parity = (ulong)signature.RecoveryId;
        var v = Kind != EthereumTransactionKind.Legacy ? parity
            : ChainId is { } chainId ? TokenAmount.FromBaseUnits(FirstProtectedV + (2 * (UInt128)chainId) + parity)
            : FirstV + parity;
        return Envelope(Fields().Add(v).Add(TokenAmount.FromBytes(compact[..ScalarBytes])).Add(TokenAmount.FromBytes(compact[ScalarBytes..])));
    }

    /// <summary>Reads what <see cref="Encode"/> writes: signed, canonical, nothing before or after it.</summary>
    /// <exception cref="LedgerException">It is anything else (<see cref="LedgerFailure.Malformed"/>).</exception>
    public static EthereumTransaction Decode(ReadOnlySpan<byte> encoded)
    {
        if (encoded.Length is 0 or > LengthBytesMax)
        {
            throw Malformed("it is empty or too long");
        }

        var kind = encoded[0] switch
        {
            (byte)EthereumTransactionKind.AccessList => EthereumTransactionKind.AccessList,
            (byte)EthereumTransactionKind.DynamicFee => EthereumTransactionKind.DynamicFee,
            _ => EthereumTransactionKind.Legacy,
        };
        var whole = new RlpReader(kind == EthereumTransactionKind.Legacy ? encoded : encoded[1..]);
        var fields = whole.ReadList();
        whole.ReadEnd();
        var transaction = ReadFields(kind, ref fields);
        var (chainId, parity) = kind == EthereumTransactionKind.Legacy ? ReadV(ref fields) : (transaction.ChainId, fields.ReadNumber());
        Span<byte> signature = stackalloc byte[Cryptography.Signature.LengthBytes];
        fields.ReadNumber().CopyTo(signature);
        fields.ReadNumber().CopyTo(signature[ScalarBytes..]);
        fields.ReadEnd();
        signature[^1] = (byte)(FirstV + (parity == 1 ? 1UL : 0));
        return parity <= 1 && Cryptography.Signature.TryParse(signature, out var valid)
            ? transaction with { ChainId = chainId, Signature = valid }
            : throw Malformed("the signature is out of range, or its s is high");
    }

    private static EthereumTransaction ReadFields(EthereumTransactionKind kind, ref RlpReader fields)
    {
        var chainId = kind == EthereumTransactionKind.Legacy ? (ulong?)null : fields.ReadUInt64();
        var nonce = fields.ReadUInt64();
        if (nonce == ulong.MaxValue)
        {
            throw Malformed("the nonce is too large");
        }

        var tip = kind == EthereumTransactionKind.DynamicFee ? fields.ReadNumber() : TokenAmount.Zero;
        var fee = fields.ReadNumber();
        var gasLimit = fields.ReadNumber();
        var to = fields.ReadBytes();
        return new EthereumTransaction
        {
            Kind = kind,
            ChainId = chainId,
            Nonce = nonce,
            MaxPriorityFeePerGasWei = tip,
            MaxFeePerGasWei = fee,
            GasLimit = gasLimit,
            To = to.Length switch
            {
                0 => null,
                AccountAddress.LengthBytes => AccountAddress.FromBytes(to),
                _ => throw Malformed("the recipient is no address"),
            },
            ValueWei = fields.ReadNumber(),
            Data = fields.ReadBytes().ToArray(),
            AccessList = kind == EthereumTransactionKind.Legacy ? [] : ReadAccessList(fields.ReadList()),
        };
    }

    private static (ulong? ChainId, TokenAmount Parity) ReadV(ref RlpReader fields)
    {
        if (!fields.ReadNumber().TryToBaseUnits(out var v))
        {
            throw Malformed("v is too large");
        }

        if (v == FirstV || v == FirstV + 1)
        {
            return (null, TokenAmount.FromBaseUnits(v - FirstV));
        }

        var (chainId, parity) = UInt128.DivRem(v - FirstProtectedV, 2);
        return v >= FirstProtectedV && chainId <= ulong.MaxValue
            ? ((ulong)chainId, TokenAmount.FromBaseUnits(parity))
            : throw Malformed("v names no chain");
    }

    private static List<AccessListEntry> ReadAccessList(RlpReader entries)
    {
        var list = new List<AccessListEntry>();
        while (!entries.IsAtEnd)
        {
            var entry = entries.ReadList();
            var account = AccountAddress.FromBytes(entry.ReadBytes(AccountAddress.LengthBytes));
            var keys = entry.ReadList();
            entry.ReadEnd();
            var storage = new List<Hash256>();
            while (!keys.IsAtEnd)
            {
                storage.Add(Hash256.FromBytes(keys.ReadBytes(Hash256.LengthBytes)));
            }

            list.Add(new AccessListEntry(account, storage));
        }

        return list;
    }

    private static LedgerException Malformed(string why) => new(LedgerFailure.Malformed, $"A transaction is malformed: {why}.");

    private RlpWriter Fields()
    {
        var fields = new RlpWriter();
        if (Kind != EthereumTransactionKind.Legacy)
        {
            fields.Add(ChainId ?? throw new InvalidOperationException("Only a legacy transaction may leave out the chain."));
        }

        fields.Add(Nonce);
        if (Kind == EthereumTransactionKind.DynamicFee)
        {
            fields.Add(MaxPriorityFeePerGasWei);
        }

        fields.Add(MaxFeePerGasWei).Add(GasLimit).Add(To).Add(ValueWei).Add(Data.Span);
        return Kind == EthereumTransactionKind.Legacy ? fields : fields.AddList(AccessListItems());
    }

    private RlpWriter AccessListItems()
    {
        var entries = new RlpWriter();
        foreach (var (account, storageKeys) in AccessList)
        {
            var keys = new RlpWriter();
            foreach (var key in storageKeys)
            {
                keys.Add(key.Bytes);
            }

            entries.AddList(new RlpWriter().Add(account.Bytes).AddList(keys));
        }

        return entries;
    }

    private byte[] Envelope(RlpWriter fields) => Kind == EthereumTransactionKind.Legacy ? fields.ToList() : fields.ToList([(byte)Kind]);
}
