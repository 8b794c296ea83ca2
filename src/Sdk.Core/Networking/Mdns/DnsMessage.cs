using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Sdk.Core.Networking.Mdns;

/// <summary>Types of records, as far as multicast DNS needs them.</summary>
internal enum DnsType : ushort
{
    /// <summary>A name that points to another one.</summary>
    Ptr = 12,

    /// <summary>Strings.</summary>
    Txt = 16,

    /// <summary>In a question: whatever there is.</summary>
    Any = 255,
}

/// <summary>What is asked. The class's highest bit says that the asker would like the answer for itself alone (RFC 6762, section 5.4).</summary>
internal sealed record DnsQuestion(DnsName Name, DnsType Type, ushort Class);

/// <summary>
/// What is answered. The class's highest bit says that this is all there is of that name and type (RFC 6762, section 10.2).
/// </summary>
/// <param name="Name">Of what.</param>
/// <param name="Type">What kind.</param>
/// <param name="Class">1, the internet's, and perhaps the highest bit.</param>
/// <param name="TtlSeconds">How long it may be believed; 0 takes it back.</param>
/// <param name="Data">The data; of a <see cref="DnsType.Ptr"/> the name, uncompressed.</param>
internal sealed record DnsRecord(DnsName Name, DnsType Type, ushort Class, uint TtlSeconds, ReadOnlyMemory<byte> Data)
{
    /// <summary>Where a <see cref="DnsType.Ptr"/> points.</summary>
    public DnsName? Target
    {
        get
        {
            var offset = 0;
            return Type == DnsType.Ptr && DnsName.TryRead(Data.Span, ref offset, out var name) ? name : null;
        }
    }
}

/// <summary>
/// A DNS message (RFC 1035, section 4) as far as multicast DNS needs it: what stands in the authority section is read and left out. Hostile
/// input costs no more than its length and <see cref="MaxEntries"/> names.
/// </summary>
internal sealed class DnsMessage
{
    /// <summary>The longest message of multicast DNS (RFC 6762, section 17).</summary>
    public const int MaxBytes = 9000;

    /// <summary>Questions and records of a message together; whoever announces a service needs fewer than ten.</summary>
    public const int MaxEntries = 128;

    public const ushort InternetClass = 1;
    public const ushort AnyClass = 255;

    /// <summary>The bit of a class that has a meaning of its own in multicast DNS.</summary>
    public const ushort ClassMark = 0x8000;

    private const int HeaderBytes = 12;
    private const ushort ResponseBit = 0x8000;
    private const ushort AuthoritativeBit = 0x0400;
    private const ushort TruncatedBit = 0x0200;
    private const ushort OpcodeAndRcodeBits = 0x780F;
    private const int MaxPointedAt = 0x3FFF;

    /// <summary>The header's second word.</summary>
    public ushort Flags { get; init; }

    public IReadOnlyList<DnsQuestion> Questions { get; init; } = [];

    public IReadOnlyList<DnsRecord> Answers { get; init; } = [];

    public IReadOnlyList<DnsRecord> Additionals { get; init; } = [];

    public bool IsResponse => (Flags & ResponseBit) != 0;

    /// <summary>More known answers follow in another message.</summary>
    public bool IsTruncated => (Flags & TruncatedBit) != 0;

    /// <summary>A standard query or its successful answer; all else is to be ignored (RFC 6762, section 18).</summary>
    public bool IsStandard => (Flags & OpcodeAndRcodeBits) == 0;

    public static DnsMessage Query(IReadOnlyList<DnsQuestion> questions, IReadOnlyList<DnsRecord> known) => new() { Questions = questions, Answers = known };

    public static DnsMessage Response(IReadOnlyList<DnsRecord> answers, IReadOnlyList<DnsRecord> additionals) =>
        new() { Flags = ResponseBit | AuthoritativeBit, Answers = answers, Additionals = additionals };

    /// <summary>Reads a message; false for anything malformed, too long, or of too many parts. Bytes behind the last record are ignored.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> packet, [NotNullWhen(true)] out DnsMessage? message)
    {
        message = null;
        var bytes = packet.Span;
        if (bytes.Length is < HeaderBytes or > MaxBytes)
        {
            return false;
        }

        ReadOnlySpan<int> counts = [CountAt(bytes, 4), CountAt(bytes, 6), CountAt(bytes, 8), CountAt(bytes, 10)];
        if (counts[0] + counts[1] + counts[2] + counts[3] > MaxEntries)
        {
            return false;
        }

        var offset = HeaderBytes;
        var questions = new List<DnsQuestion>();
        for (var i = 0; i < counts[0]; i++)
        {
            if (!TryReadQuestion(bytes, ref offset, out var question))
            {
                return false;
            }

            questions.Add(question);
        }

        List<DnsRecord>[] sections = [[], [], []];
        for (var section = 0; section < sections.Length; section++)
        {
            for (var i = 0; i < counts[section + 1]; i++)
            {
                if (!TryReadRecord(packet, ref offset, out var record))
                {
                    return false;
                }

                sections[section].Add(record);
            }
        }

        message = new DnsMessage
        {
            Flags = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
            Questions = questions,
            Answers = sections[0],
            Additionals = sections[2],
        };
        return true;
    }

    /// <summary>The message as it travels, names compressed.</summary>
    /// <exception cref="InvalidOperationException">It is longer than <see cref="MaxBytes"/>.</exception>
    public byte[] Encode()
    {
        var bytes = new byte[MaxBytes];
        var names = new Dictionary<DnsName, int>();
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), Flags);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(4), (ushort)Questions.Count);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(6), (ushort)Answers.Count);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(10), (ushort)Additionals.Count);
        var offset = HeaderBytes;
        try
        {
            foreach (var (name, type, @class) in Questions)
            {
                WriteName(bytes, names, ref offset, name);
                WriteUInt16(bytes, ref offset, (ushort)type);
                WriteUInt16(bytes, ref offset, @class);
            }

            foreach (var record in Answers.Concat(Additionals))
            {
                WriteRecord(bytes, names, ref offset, record);
            }
        }
        catch (ArgumentException)
        {
            throw new InvalidOperationException($"A message has at most {MaxBytes} bytes.");
        }

        return bytes[..offset];
    }

    private static int CountAt(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt16BigEndian(bytes[offset..]);

    private static bool TryReadQuestion(ReadOnlySpan<byte> bytes, ref int offset, [NotNullWhen(true)] out DnsQuestion? question)
    {
        const int FixedBytes = 4;
        question = null;
        if (!DnsName.TryRead(bytes, ref offset, out var name) || bytes.Length - offset < FixedBytes)
        {
            return false;
        }

        question = new DnsQuestion(name, (DnsType)CountAt(bytes, offset), (ushort)CountAt(bytes, offset + 2));
        offset += FixedBytes;
        return true;
    }

    private static bool TryReadRecord(ReadOnlyMemory<byte> packet, ref int offset, [NotNullWhen(true)] out DnsRecord? record)
    {
        const int FixedBytes = 10;
        record = null;
        var bytes = packet.Span;
        if (!DnsName.TryRead(bytes, ref offset, out var name) || bytes.Length - offset < FixedBytes)
        {
            return false;
        }

        var type = (DnsType)CountAt(bytes, offset);
        var @class = (ushort)CountAt(bytes, offset + 2);
        var ttl = BinaryPrimitives.ReadUInt32BigEndian(bytes[(offset + 4)..]);
        var length = CountAt(bytes, offset + 8);
        offset += FixedBytes;
        if (length > bytes.Length - offset)
        {
            return false;
        }

        var data = packet.Slice(offset, length);
        if (type == DnsType.Ptr)
        {
            // The name may be compressed, so it means something only within this message.
            var end = offset;
            if (!DnsName.TryRead(bytes[..(offset + length)], ref end, out var target) || end != offset + length)
            {
                return false;
            }

            data = target.Wire.ToArray();
        }

        offset += length;
        record = new DnsRecord(name, type, @class, ttl, data);
        return true;
    }

    private static void WriteRecord(byte[] bytes, Dictionary<DnsName, int> names, ref int offset, DnsRecord record)
    {
        WriteName(bytes, names, ref offset, record.Name);
        WriteUInt16(bytes, ref offset, (ushort)record.Type);
        WriteUInt16(bytes, ref offset, record.Class);
        WriteUInt16(bytes, ref offset, (ushort)(record.TtlSeconds >> 16));
        WriteUInt16(bytes, ref offset, (ushort)record.TtlSeconds);
        var lengthAt = offset;
        WriteUInt16(bytes, ref offset, 0);
        if (record.Target is { } target)
        {
            WriteName(bytes, names, ref offset, target);
        }
        else
        {
            Write(bytes, ref offset, record.Data.Span);
        }

        WriteUInt16(bytes, ref lengthAt, (ushort)(offset - lengthAt - sizeof(ushort)));
    }

    /// <summary>Writes the labels up to where the rest of the name stands already, and a pointer to there.</summary>
    private static void WriteName(byte[] bytes, Dictionary<DnsName, int> names, ref int offset, DnsName name)
    {
        for (var rest = name; rest is not null; rest = rest.Parent)
        {
            if (rest.IsRoot)
            {
                Write(bytes, ref offset, [0]);
            }
            else if (names.TryGetValue(rest, out var at))
            {
                WriteUInt16(bytes, ref offset, (ushort)(0xC000 | at));
                return;
            }
            else
            {
                if (offset <= MaxPointedAt)
                {
                    names.Add(rest, offset);
                }

                Write(bytes, ref offset, rest.Wire[..(1 + rest.Wire[0])]);
            }
        }
    }

    private static void WriteUInt16(byte[] bytes, ref int offset, ushort value) => Write(bytes, ref offset, [(byte)(value >> 8), (byte)value]);

    private static void Write(byte[] bytes, ref int offset, ReadOnlySpan<byte> data)
    {
        data.CopyTo(bytes.AsSpan(offset));
        offset += data.Length;
    }
}
