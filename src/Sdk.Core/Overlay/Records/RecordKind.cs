using System.Buffers.Binary;
using System.Text;
using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Overlay.Records;

/// <summary>
/// What records of one purpose may be: how long their values are, how long they live, who may write under a key, and what a value must look
/// like. Every node that keeps records knows the kinds that it keeps, and refuses others. Immutable and safe for many threads.
/// </summary>
public sealed class RecordKind
{
    /// <summary>The longest name, in ASCII characters.</summary>
    public const int NameLengthMax = 64;

    /// <summary>What one key may hold in all, so that an answer to a question for it fits into one message.</summary>
    internal const int BytesPerKeyMax = 128 * 1024;

    /// <summary>No kind lives longer: what nobody renews within a month is nobody's.</summary>
    private static readonly TimeSpan LongestLifetime = TimeSpan.FromDays(31);

    private readonly Func<OverlayRecord, string?>? _validator;

    private RecordKind(
        string name,
        int valueLengthBytesMax,
        TimeSpan lifetimeMax,
        int recordsPerKeyMax,
        bool isSingleWriter,
        bool canBeDeleted,
        Func<OverlayRecord, string?>? validator)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name.Length > NameLengthMax || !name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '/' or '.'))
        {
            throw new ArgumentException(
                $"A kind's name has at most {NameLengthMax} lower-case letters, digits, hyphens, slashes and points.", nameof(name));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(valueLengthBytesMax, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(valueLengthBytesMax, OverlayRecord.ValueLengthBytesMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(lifetimeMax, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lifetimeMax, LongestLifetime);
        ArgumentOutOfRangeException.ThrowIfLessThan(recordsPerKeyMax, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            recordsPerKeyMax, BytesPerKeyMax / (OverlayRecord.OverheadLengthBytes + valueLengthBytesMax), nameof(recordsPerKeyMax));
        Name = name;
        ValueLengthBytesMax = valueLengthBytesMax;
        LifetimeMax = TimeSpan.FromSeconds(Math.Floor(lifetimeMax.TotalSeconds));
        RecordsPerKeyMax = recordsPerKeyMax;
        IsSingleWriter = isSingleWriter;
        CanBeDeleted = canBeDeleted;
        _validator = validator;
        Id = BinaryPrimitives.ReadUInt32BigEndian(Hash256.Sha256("sdk/record-kind/"u8, Encoding.ASCII.GetBytes(name)).Bytes);
    }

    /// <summary>The name; one per kind on a network.</summary>
    public string Name { get; }

    /// <summary>The kind in a record: the first four bytes, big-endian, of SHA-256(<c>"sdk/record-kind/"</c> ‖ name).</summary>
    public uint Id { get; }

    /// <summary>The longest value, at most <see cref="OverlayRecord.ValueLengthBytesMax"/>.</summary>
    public int ValueLengthBytesMax { get; }

    /// <summary>The longest time from issue to expiry; whole seconds.</summary>
    public TimeSpan LifetimeMax { get; }

    /// <summary>How many writers' records a node keeps under one key.</summary>
    public int RecordsPerKeyMax { get; }

    /// <summary>Whether a key belongs to one writer: it is <see cref="KeyOf(AccountAddress)"/>, and others' records under it are refused.</summary>
    public bool IsSingleWriter { get; }

    /// <summary>
    /// Whether a writer can delete its record before its time. Where only the value proves whose a key is, an empty one proves nothing.
    /// </summary>
    public bool CanBeDeleted { get; }

    /// <summary>A kind whose keys belong to one writer each.</summary>
    /// <param name="name">At most <see cref="NameLengthMax"/> of a–z, 0–9, <c>-</c>, <c>/</c> and <c>.</c>.</param>
    /// <param name="valueLengthBytesMax">1 to <see cref="OverlayRecord.ValueLengthBytesMax"/>.</param>
    /// <param name="lifetimeMax">One second to 31 days.</param>
    /// <param name="validator">
    /// Asked about every record that is no deletion, after its signature: null for a good one, else the reason in a few words. It runs where
    /// records are received, so it is quick and waits for nothing.
    /// </param>
    /// <exception cref="ArgumentException">A name or a limit out of these bounds.</exception>
    public static RecordKind SingleWriter(
        string name, int valueLengthBytesMax, TimeSpan lifetimeMax, Func<OverlayRecord, string?>? validator = null) =>
        new(name, valueLengthBytesMax, lifetimeMax, recordsPerKeyMax: 1, isSingleWriter: true, canBeDeleted: true, validator);

    /// <summary>
    /// A kind under whose keys many may write. A node keeps <paramref name="recordsPerKeyMax"/> of them: where there are more writers, chance
    /// draws anew every day, alike on all nodes, so that whoever comes first cannot keep others out.
    /// </summary>
    /// <param name="name">As for <see cref="SingleWriter"/>.</param>
    /// <param name="valueLengthBytesMax">1 to <see cref="OverlayRecord.ValueLengthBytesMax"/>.</param>
    /// <param name="lifetimeMax">One second to 31 days.</param>
    /// <param name="recordsPerKeyMax">At least 1; all of them together, at their longest, within 128 KiB.</param>
    /// <param name="validator">As for <see cref="SingleWriter"/>; it also sees to the key, if that says something about the value.</param>
    /// <exception cref="ArgumentException">A name or a limit out of these bounds.</exception>
    public static RecordKind MultiWriter(
        string name, int valueLengthBytesMax, TimeSpan lifetimeMax, int recordsPerKeyMax, Func<OverlayRecord, string?>? validator = null) =>
        new(name, valueLengthBytesMax, lifetimeMax, recordsPerKeyMax, isSingleWriter: false, canBeDeleted: true, validator);

    /// <summary>The same kind with another check of its values.</summary>
    /// <param name="validator">As for <see cref="SingleWriter"/>.</param>
    public RecordKind WithValidator(Func<OverlayRecord, string?> validator)
    {
        ArgumentNullException.ThrowIfNull(validator);
        return new RecordKind(Name, ValueLengthBytesMax, LifetimeMax, RecordsPerKeyMax, IsSingleWriter, CanBeDeleted, validator);
    }

    /// <summary>The key for a name in this kind: SHA-256(<c>"sdk/record-key/name/"</c> ‖ kind ‖ UTF-8 of the name).</summary>
    /// <param name="name">Anything; a service, a domain.</param>
    public OverlayAddress KeyOf(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return KeyFrom("sdk/record-key/name/"u8, Encoding.UTF8.GetBytes(name));
    }

    /// <summary>The key that belongs to a writer in this kind: SHA-256(<c>"sdk/record-key/writer/"</c> ‖ kind ‖ writer).</summary>
    /// <param name="writer">The address of the key that signs.</param>
    public OverlayAddress KeyOf(AccountAddress writer) => KeyFrom("sdk/record-key/writer/"u8, writer.Bytes);

    /// <summary>A kind under whose keys one may write whom the value names: the validator sees to it.</summary>
    internal static RecordKind SelfProving(string name, int valueLengthBytesMax, TimeSpan lifetimeMax, Func<OverlayRecord, string?> validator) =>
        new(name, valueLengthBytesMax, lifetimeMax, recordsPerKeyMax: 1, isSingleWriter: false, canBeDeleted: false, validator);

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    /// <summary>Why the kind refuses a record whose signature is good, or null. What a validator throws of the suite's exceptions is a refusal.</summary>
    internal string? Refusal(OverlayRecord record)
    {
        if (record.IsDeletion)
        {
            return CanBeDeleted ? null : "nobody deletes these";
        }

        if (_validator is null)
        {
            return null;
        }

        try
        {
            return _validator(record);
        }
        catch (SdkException error)
        {
            return error.Message;
        }
    }

    private OverlayAddress KeyFrom(ReadOnlySpan<byte> domain, ReadOnlySpan<byte> name)
    {
        Span<byte> kind = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(kind, Id);
        return OverlayAddress.FromBytes(Hash256.Sha256([.. domain, .. kind], name).Bytes);
    }
}
