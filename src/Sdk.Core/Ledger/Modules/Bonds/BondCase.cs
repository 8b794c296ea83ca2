using System.Buffers.Binary;
using System.Numerics;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Embedded;

namespace Sdk.Core.Ledger.Modules.Bonds;

/// <summary>How a case stands.</summary>
public enum BondCaseState
{
    /// <summary>There is no such case.</summary>
    None = 0,

    /// <summary>It is not judged.</summary>
    Open = 1,

    /// <summary>The provider lost what was at risk.</summary>
    Guilty = 2,

    /// <summary>Witnesses cleared the provider; the challenger lost its stake.</summary>
    Acquitted = 3,

    /// <summary>The testimonies decided nothing; the challenger lost a tenth of its stake.</summary>
    Undecided = 4,
}

/// <summary>What a provider's bond may be taken for. Applications have others, up to 255.</summary>
public enum BondCaseKind
{
    /// <summary>A packet that the provider held for somebody.</summary>
    HeldPacket = 1,

    /// <summary>Stored data.</summary>
    StoredData = 2,

    /// <summary>A dataset.</summary>
    Dataset = 3,
}

/// <summary>A case about a provider's bond.</summary>
public readonly record struct BondCase
{
    /// <summary>What <see cref="Drawn"/> is where the draw found no witness.</summary>
    public const int NoWitnesses = byte.MaxValue;

    /// <summary>The most seats.</summary>
    public const int SeatsMax = 7;

    /// <summary>How it is stored, which is how <c>caseOf(uint256)</c> returns it.</summary>
    internal static readonly StateCodec<BondCase> Codec = new(16, static (writer, value) => value.Write(writer), static (ref reader) => Read(ref reader));

    /// <summary>Who accuses.</summary>
    public AccountAddress Challenger { get; init; }

    /// <summary>What it staked, in base units.</summary>
    public TokenAmount Stake { get; init; }

    /// <summary>Who is accused.</summary>
    public AccountAddress Provider { get; init; }

    /// <summary>When the case was opened, in seconds since 1970.</summary>
    public ulong OpenedAt { get; init; }

    /// <summary>The block whose hash draws the witnesses.</summary>
    public ulong DrawBlock { get; init; }

    /// <summary>What it is about (<see cref="BondCaseKind"/>).</summary>
    public byte Kind { get; init; }

    /// <summary>How many witnesses are wanted: 3, 5 or 7.</summary>
    public int Seats { get; init; }

    /// <summary>What of the bond the case may take, in base units.</summary>
    public TokenAmount AtRisk { get; init; }

    /// <summary>Among how many providers the draw is.</summary>
    public uint Candidates { get; init; }

    /// <summary>How it stands.</summary>
    public BondCaseState State { get; init; }

    /// <summary>How many witnesses were drawn: zero before the draw, <see cref="NoWitnesses"/> where there were none.</summary>
    public int Drawn { get; init; }

    /// <summary>The seats whose witnesses testified, a bit each.</summary>
    public byte Testified { get; init; }

    /// <summary>The seats whose witnesses said that the provider served, a bit each.</summary>
    public byte Served { get; init; }

    /// <summary>The hash of what was owed.</summary>
    public Hash256 Subject { get; init; }

    /// <summary>The hash of the answer; zero while there is none.</summary>
    public Hash256 Answer { get; init; }

    internal Hash256 Witnesses { get; init; }

    internal int ForProvider => BitOperations.PopCount(Served);

    internal int Against => BitOperations.PopCount(Testified) - ForProvider;

    /// <summary>The number of the provider in a seat, from zero; zero where nobody sits.</summary>
    internal uint WitnessNumber(int seat) => BinaryPrimitives.ReadUInt32BigEndian(Witnesses.Bytes[^(sizeof(uint) * (seat + 1))..]);

    internal static Hash256 PackWitnesses(ReadOnlySpan<uint> numbers)
    {
        Span<byte> word = stackalloc byte[Hash256.LengthBytes];
        word.Clear();
        for (var seat = 0; seat < numbers.Length; seat++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(word[^(sizeof(uint) * (seat + 1))..], numbers[seat]);
        }

        return Hash256.FromBytes(word);
    }

    internal void Write(AbiWriter writer) => writer
        .Add(Challenger).Add(Stake).Add(Provider).Add(OpenedAt).Add(DrawBlock).Add(Kind).Add((ulong)Seats).Add(AtRisk).Add(Candidates)
        .Add((ulong)State).Add((ulong)Drawn).Add(Testified).Add(Served).Add(Subject).Add(Answer).Add(Witnesses);

    /// <exception cref="AbiException">A word is out of range.</exception>
    internal static BondCase Read(ref AbiReader reader) => new()
    {
        Challenger = reader.ReadAddress(),
        Stake = reader.ReadAmount(),
        Provider = reader.ReadAddress(),
        OpenedAt = reader.ReadUInt64(),
        DrawBlock = reader.ReadUInt64(),
        Kind = (byte)reader.ReadUInt(8),
        Seats = (int)reader.ReadUInt(8),
        AtRisk = reader.ReadAmount(),
        Candidates = (uint)reader.ReadUInt(32),
        State = (BondCaseState)reader.ReadUInt(8),
        Drawn = (int)reader.ReadUInt(8),
        Testified = (byte)reader.ReadUInt(8),
        Served = (byte)reader.ReadUInt(8),
        Subject = reader.ReadWord(),
        Answer = reader.ReadWord(),
        Witnesses = reader.ReadWord(),
    };
}
