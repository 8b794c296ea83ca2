using System.IO.Pipelines;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Storage.Disk;
using Sdk.Storage.Replication.Wire;

namespace Sdk.Storage.Replication;

/// <summary>
/// Messages to frames and back. Decoding is where outside bytes become values: lengths are checked before anything is
/// allocated, and what is not well-formed ends the stream with a <see cref="ProtocolViolationException"/>.
/// </summary>
internal static class SliceLogWire
{
    /// <summary>
    /// Largest frame, without the sectors after it: an answer to an Open with a head of every slice of a span, 512 bytes each.
    /// </summary>
    public const int MaxFrameBytes = (int)CopyGroup.MaxSlices * 512;

    private const int AckBytes = 4 + FieldWidths.KeyBytes + FieldWidths.HashBytes;

    /// <summary>Writes the frame to the pipe's buffer; the body follows by <see cref="BodyOf"/>.</summary>
    public static void WriteFrame(PipeWriter output, in Hash256 group, SliceMessage message)
    {
        var frame = Encode(message);
        Span<byte> id = stackalloc byte[FieldWidths.HashBytes];
        group.CopyTo(id);
        frame.Group = ByteString.CopyFrom(id);
        frame.BodyBytes = (uint)BodyOf(message).Sum(part => part.Length);
        ProtobufFrame.Write(output, frame);
    }

    /// <summary>The sectors that follow a message's frame.</summary>
    public static PayloadBuffer[] BodyOf(SliceMessage message) => message switch
    {
        WriteBatch batch => batch.Payloads,
        ReadAnswer answer => [answer.Payload],
        StateAnswer answer => [answer.Payload],
        _ => [],
    };

    /// <summary>Reads the next message and its group; null at the clean end of the stream.</summary>
    public static async ValueTask<(Hash256 Group, SliceMessage Message)?> ReadAsync(
        PipeReader input, GrantCache grants, CancellationToken cancellationToken)
    {
        var frame = await ProtobufFrame.ReadAsync(input, SliceLogFrame.Parser, MaxFrameBytes, cancellationToken).ConfigureAwait(false);
        if (frame is null)
        {
            return null;
        }

        var group = Hash(frame.Group);
        var shape = DecodeShape(frame, group, grants);
        if (shape.BodyParts.Sum(length => (long)length) != frame.BodyBytes || frame.BodyBytes > WriteBatch.MaxPayloadBytes)
        {
            throw Violation("A frame announces a body of the wrong length.");
        }

        var body = new PayloadBuffer[shape.BodyParts.Length];
        try
        {
            for (var i = 0; i < body.Length; i++)
            {
                body[i] = PayloadBuffer.Rent(shape.BodyParts[i]);
                await FillAsync(input, body[i].Memory, cancellationToken).ConfigureAwait(false);
            }

            return (group, shape.Complete(body));
        }
        catch
        {
            Array.ForEach(body, part => part?.Release());
            throw;
        }
    }

    private static async ValueTask FillAsync(PipeReader input, Memory<byte> destination, CancellationToken cancellationToken)
    {
        while (!destination.IsEmpty)
        {
            var result = await input.ReadAsync(cancellationToken).ConfigureAwait(false);
            var part = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, destination.Length));
            foreach (var segment in part)
            {
                segment.CopyTo(destination);
                destination = destination[segment.Length..];
            }

            input.AdvanceTo(part.End);
            if (result.IsCompleted && !destination.IsEmpty)
            {
                throw Violation("The stream ended within the sectors of a message.");
            }
        }
    }

    private static SliceLogFrame Encode(SliceMessage message) => message switch
    {
        OpenRequest open => new SliceLogFrame { Open = new OpenFrame { Request = Bytes(open) } },
        OpenAnswer answer => new SliceLogFrame { OpenAnswer = Encode(answer) },
        WriteBatch batch => new SliceLogFrame { WriteBatch = Encode(batch) },
        AckBatch acks => new SliceLogFrame { Acks = Encode(acks) },
        WriteRefused refused => new SliceLogFrame
        {
            WriteRefused = new WriteRefusedFrame
            {
                Session = Bytes(refused.Session),
                Reason = (uint)refused.Reason,
                Evidence = refused.Evidence is null ? ByteString.Empty : Bytes(refused.Evidence),
            },
        },
        ReadRequest read => new SliceLogFrame
        {
            Read = new ReadFrame { Id = read.Id, Slice = read.Slice, First = (uint)read.First, Count = (uint)read.Count },
        },
        ReadAnswer answer => new SliceLogFrame
        {
            ReadAnswer = new ReadAnswerFrame
            {
                Id = answer.Id,
                Head = Bytes(answer.Head),
                Touched = answer.Touched,
                Versions = { answer.Versions },
                Proof = ByteString.CopyFrom(answer.Proof),
            },
        },
        TreeRequest tree => new SliceLogFrame { Tree = new TreeFrame { Id = tree.Id, Slice = tree.Slice } },
        TreeAnswer answer => new SliceLogFrame
        {
            TreeAnswer = new TreeAnswerFrame { Id = answer.Id, Head = Bytes(answer.Head), Tree = ByteString.CopyFrom(answer.Tree) },
        },
        StateRequest state => new SliceLogFrame { State = new StateFrame { Slice = state.Slice, NewerThan = Bytes(state.NewerThan) } },
        StateAnswer answer => new SliceLogFrame { StateAnswer = Encode(answer) },
        _ => throw new ArgumentException($"{message.GetType().Name} has no frame.", nameof(message)),
    };

    private static OpenAnswerFrame Encode(OpenAnswer answer)
    {
        var frame = new OpenAnswerFrame
        {
            Session = Bytes(answer.Session),
            Nonce = Bytes(answer.Nonce),
            Outcome = (uint)answer.Outcome,
            Evidence = answer.Evidence is null ? ByteString.Empty : Bytes(answer.Evidence),
            Signature = ByteString.CopyFrom(answer.Signature),
        };
        var grants = new Dictionary<SessionGrant, uint>(ReferenceEqualityComparer.Instance);
        foreach (var head in answer.Heads)
        {
            if (!grants.TryGetValue(head.Grant, out var grant))
            {
                grants[head.Grant] = grant = (uint)grants.Count;
                frame.Grants.Add(Bytes(head.Grant));
            }

            frame.Heads.Add(new HeadFrame { Grant = grant, Entry = Bytes(head) });
        }

        return frame;
    }

    private static WriteBatchFrame Encode(WriteBatch batch)
    {
        var frame = new WriteBatchFrame { Session = Bytes(batch.Session), Signature = ByteString.CopyFrom(batch.Signature) };
        Span<byte> buffer = stackalloc byte[WriteOperation.MaxEncodedBytes];
        foreach (var operation in batch.Operations)
        {
            var writer = new FieldWriter(buffer);
            operation.WriteTo(ref writer);
            frame.Operations.Add(ByteString.CopyFrom(writer.Written));
        }

        return frame;
    }

    private static AcksFrame Encode(AckBatch acks)
    {
        var buffer = new byte[acks.Acks.Length * AckBytes];
        var writer = new FieldWriter(buffer);
        foreach (var ack in acks.Acks)
        {
            writer.UInt32(ack.Slice);
            writer.Key(ack.Key);
            writer.Hash(ack.Hash);
        }

        return new AcksFrame { Acks = UnsafeByteOperations.UnsafeWrap(buffer), Signature = ByteString.CopyFrom(acks.Signature) };
    }

    private static StateAnswerFrame Encode(StateAnswer answer) => new()
    {
        Slice = answer.Slice,
        Grant = answer.Head is null ? ByteString.Empty : Bytes(answer.Head.Grant),
        Entry = answer.Head is null ? ByteString.Empty : Bytes(answer.Head),
        Touched = answer.Touched,
        Versions = { answer.Versions },
    };

    private static Shape DecodeShape(SliceLogFrame frame, Hash256 group, GrantCache grants) => frame.MessageCase switch
    {
        SliceLogFrame.MessageOneofCase.Open => new Shape(Open(frame.Open.Request, grants)),
        SliceLogFrame.MessageOneofCase.OpenAnswer => new Shape(Decode(frame.OpenAnswer, group, grants)),
        SliceLogFrame.MessageOneofCase.WriteBatch => Decode(frame.WriteBatch, group),
        SliceLogFrame.MessageOneofCase.Acks => new Shape(Decode(frame.Acks)),
        SliceLogFrame.MessageOneofCase.WriteRefused => new Shape(new WriteRefused
        {
            Session = Session(frame.WriteRefused.Session),
            Reason = Defined((WriteRefusal)frame.WriteRefused.Reason),
            Evidence = frame.WriteRefused.Evidence.IsEmpty ? null : Open(frame.WriteRefused.Evidence, grants),
        }),
        SliceLogFrame.MessageOneofCase.Read => new Shape(new ReadRequest
        {
            Id = frame.Read.Id,
            Slice = frame.Read.Slice,
            First = Sector(frame.Read.First),
            Count = Sector(frame.Read.Count),
        }),
        SliceLogFrame.MessageOneofCase.ReadAnswer => Decode(frame.ReadAnswer),
        SliceLogFrame.MessageOneofCase.Tree => new Shape(new TreeRequest { Id = frame.Tree.Id, Slice = frame.Tree.Slice }),
        SliceLogFrame.MessageOneofCase.TreeAnswer => new Shape(new TreeAnswer
        {
            Id = frame.TreeAnswer.Id,
            Head = Key(frame.TreeAnswer.Head),
            Tree = Bounded(frame.TreeAnswer.Tree, SliceTree.StateBytes),
        }),
        SliceLogFrame.MessageOneofCase.State => new Shape(new StateRequest
        {
            Slice = frame.State.Slice,
            NewerThan = Key(frame.State.NewerThan),
        }),
        SliceLogFrame.MessageOneofCase.StateAnswer => Decode(frame.StateAnswer, group, grants, (int)Math.Min(frame.BodyBytes, int.MaxValue)),
        _ => throw Violation("A frame holds no message that this version knows."),
    };

    private static OpenAnswer Decode(OpenAnswerFrame frame, Hash256 group, GrantCache known)
    {
        var grants = frame.Grants.Select(encoded => Grant(encoded, known)).ToArray();
        var heads = new List<SignedEntry>(frame.Heads.Count);
        foreach (var head in frame.Heads)
        {
            heads.Add(head.Grant < grants.Length ? Entry(head.Entry, group, grants[head.Grant]) : throw Violation("A head names no grant."));
        }

        return new OpenAnswer
        {
            Session = Session(frame.Session),
            Nonce = Hash(frame.Nonce),
            Outcome = Defined((OpenOutcome)frame.Outcome),
            Heads = heads,
            Evidence = frame.Evidence.IsEmpty ? null : Open(frame.Evidence, known),
            Signature = Signature(frame.Signature),
        };
    }

    private static Shape Decode(WriteBatchFrame frame, Hash256 group)
    {
        if (frame.Operations.Count is 0 or > WriteBatch.MaxOperations)
        {
            throw Violation("A batch has no operations, or too many.");
        }

        var operations = new WriteOperation[frame.Operations.Count];
        for (var i = 0; i < operations.Length; i++)
        {
            var reader = new FieldReader(frame.Operations[i].Span);
            operations[i] = WriteOperation.Read(ref reader, group) is { } operation && reader.AtCleanEnd
                ? operation
                : throw Violation("A write operation is not well-formed.");
        }

        var (session, signature) = (Session(frame.Session), Signature(frame.Signature));
        return new Shape(
            Array.ConvertAll(operations, operation => operation.PayloadBytes),
            body => new WriteBatch { Session = session, Operations = operations, Payloads = body, Signature = signature });
    }

    private static AckBatch Decode(AcksFrame frame)
    {
        var count = frame.Acks.Length / AckBytes;
        if (frame.Acks.Length % AckBytes != 0 || count is 0 or > AckBatch.MaxAcks)
        {
            throw Violation("Acknowledgements are not well-formed.");
        }

        var acks = new Ack[count];
        var reader = new FieldReader(frame.Acks.Span);
        for (var i = 0; i < count; i++)
        {
            var slice = reader.UInt32();
            var key = reader.Key();
            acks[i] = new Ack(slice, key, reader.Hash());
        }

        return new AckBatch { Acks = acks, Signature = Signature(frame.Signature) };
    }

    private static Shape Decode(ReadAnswerFrame frame)
    {
        var versions = Versions(frame.Versions);
        var (id, head, touched) = (frame.Id, Key(frame.Head), frame.Touched);
        var proof = Bounded(frame.Proof, SliceTree.MaxProofBytes);
        return new Shape(
            [System.Numerics.BitOperations.PopCount(touched) * SliceGeometry.StoredSectorBytes],
            body => new ReadAnswer { Id = id, Head = head, Touched = touched, Versions = versions, Proof = proof, Payload = body[0] });
    }

    private static Shape Decode(StateAnswerFrame frame, Hash256 group, GrantCache grants, int bodyBytes)
    {
        var head = frame.Entry.IsEmpty ? null : Entry(frame.Entry, group, Grant(frame.Grant, grants));
        var (slice, touched, versions) = (frame.Slice, frame.Touched, Versions(frame.Versions));
        if (bodyBytes != System.Numerics.BitOperations.PopCount(touched) * SliceGeometry.StoredSectorBytes)
        {
            throw Violation("A slice's state announces a body of the wrong length.");
        }

        return new Shape(
            [bodyBytes],
            body => new StateAnswer { Slice = slice, Head = head, Touched = touched, Versions = versions, Payload = body[0] });
    }

    private static ByteString Bytes(OpenRequest request)
    {
        Span<byte> buffer = stackalloc byte[SignedEntry.MaxEncodedBytes];
        var writer = new FieldWriter(buffer);
        request.WriteTo(ref writer);
        return ByteString.CopyFrom(writer.Written);
    }

    private static ByteString Bytes(SessionGrant grant)
    {
        Span<byte> buffer = stackalloc byte[SessionGrant.MaxEncodedBytes];
        var writer = new FieldWriter(buffer);
        grant.WriteTo(ref writer);
        return ByteString.CopyFrom(writer.Written);
    }

    private static ByteString Bytes(SignedEntry entry)
    {
        Span<byte> buffer = stackalloc byte[SignedEntry.MaxEncodedBytes];
        var writer = new FieldWriter(buffer);
        entry.WriteWithoutGrant(ref writer);
        return ByteString.CopyFrom(writer.Written);
    }

    private static ByteString Bytes(in SessionId session)
    {
        Span<byte> buffer = stackalloc byte[FieldWidths.SessionBytes];
        var writer = new FieldWriter(buffer);
        writer.Session(session);
        return ByteString.CopyFrom(buffer);
    }

    private static ByteString Bytes(in EntryKey key)
    {
        Span<byte> buffer = stackalloc byte[FieldWidths.KeyBytes];
        var writer = new FieldWriter(buffer);
        writer.Key(key);
        return ByteString.CopyFrom(buffer);
    }

    private static ByteString Bytes(in Hash256 hash)
    {
        Span<byte> buffer = stackalloc byte[FieldWidths.HashBytes];
        hash.CopyTo(buffer);
        return ByteString.CopyFrom(buffer);
    }

    private static OpenRequest Open(ByteString encoded, GrantCache grants)
    {
        var reader = new FieldReader(encoded.Span);
        return OpenRequest.Read(ref reader, grants) is { } request && reader.AtCleanEnd
            ? request
            : throw Violation("An Open request is not well-formed.");
    }

    private static SessionGrant Grant(ByteString encoded, GrantCache known)
    {
        var reader = new FieldReader(encoded.Span);
        return SessionGrant.Read(ref reader, known) is { } grant && reader.AtCleanEnd
            ? grant
            : throw Violation("A session grant is not well-formed.");
    }

    private static SignedEntry Entry(ByteString encoded, Hash256 group, SessionGrant grant)
    {
        var reader = new FieldReader(encoded.Span);
        return SignedEntry.ReadWithoutGrant(ref reader, group, grant) is { } entry && reader.AtCleanEnd
            ? entry
            : throw Violation("A signed entry is not well-formed.");
    }

    private static Hash256 Hash(ByteString field) => field.Length == FieldWidths.HashBytes
        ? Hash256.FromBytes(field.Span)
        : throw Violation("A hash has the wrong length.");

    private static SessionId Session(ByteString field)
    {
        var reader = new FieldReader(field.Span);
        var session = reader.Session();
        return reader.AtCleanEnd ? session : throw Violation("A session id has the wrong length.");
    }

    private static EntryKey Key(ByteString field)
    {
        var reader = new FieldReader(field.Span);
        var key = reader.Key();
        return reader.AtCleanEnd ? key : throw Violation("An entry key has the wrong length.");
    }

    private static byte[] Signature(ByteString field) => field.Length == FieldWidths.SignatureBytes
        ? field.ToByteArray()
        : throw Violation("A signature has the wrong length.");

    private static byte[] Bounded(ByteString field, int maxBytes) => field.Length <= maxBytes
        ? field.ToByteArray()
        : throw Violation("A field is longer than it may be.");

    private static ulong[] Versions(RepeatedField<ulong> field) => field.Count <= SliceGeometry.SectorsPerSlice
        ? [.. field]
        : throw Violation("There are more versions than sectors.");

    private static int Sector(uint field) => field <= SliceGeometry.SectorsPerSlice
        ? (int)field
        : throw Violation("A sector number lies outside its slice.");

    private static T Defined<T>(T value)
        where T : struct, Enum => Enum.IsDefined(value) ? value : throw Violation("A code has no meaning.");

    private static ProtocolViolationException Violation(string what) => new(what);

    /// <summary>A message whose sectors are still on the wire: how long they are, and how the message is made when they are here.</summary>
    private readonly struct Shape(int[] bodyParts, Func<PayloadBuffer[], SliceMessage> complete)
    {
        public Shape(SliceMessage message)
            : this([], _ => message)
        {
        }

        public int[] BodyParts { get; } = bodyParts;

        public SliceMessage Complete(PayloadBuffer[] body) => complete(body);
    }
}
