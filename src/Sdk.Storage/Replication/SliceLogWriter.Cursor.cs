using Sdk.Core.Cryptography;
using Sdk.Storage.Disk;

namespace Sdk.Storage.Replication;

/// <summary>What the session remembers of a slice: its newest entry, and who holds what.</summary>
internal sealed partial class SliceLogWriter
{
    /// <summary>Where a slice's log stands in this session.</summary>
    private sealed class Cursor
    {
        /// <summary>Entries behind the certified one whose roots still verify answers that were under way.</summary>
        private const uint KeptBehind = 32;

        private readonly List<Issued> _issued = [];

        /// <summary>A slice that nobody has written.</summary>
        public Cursor(int members)
        {
            Acked = new uint[members];
            Root = SliceTree.UntouchedRoot;
            Tree = new SliceTree();
            _issued.Add(new Issued(0, default, Root));
        }

        public Cursor(int members, WriteOperation adopted)
        {
            Acked = new uint[members];
            (AdoptedKey, AdoptedHash, Hash, Root) = (adopted.Key, adopted.Hash, adopted.Hash, adopted.Root);
            Tree = Root == SliceTree.UntouchedRoot ? new SliceTree() : null;
            _issued.Add(new Issued(0, Hash, Root));
        }

        public EntryKey AdoptedKey { get; }

        public Hash256 AdoptedHash { get; }

        /// <summary>Hash of the newest entry.</summary>
        public Hash256 Hash { get; private set; }

        /// <summary>Root after the newest entry.</summary>
        public Hash256 Root { get; private set; }

        /// <summary>The tree after the newest entry; null until it was fetched.</summary>
        public SliceTree? Tree { get; set; }

        /// <summary>Sequence of the newest entry in this session; 0 stands for the adopted head.</summary>
        public uint Sequence { get; private set; }

        /// <summary>The highest sequence that a quorum holds.</summary>
        public uint Certified { get; private set; }

        /// <summary>The highest sequence that a read showed: later reads show nothing older, certified or not.</summary>
        public uint Shown { get; set; }

        /// <summary>The highest sequence that each member acknowledged.</summary>
        public uint[] Acked { get; }

        public Queue<InFlight> Uncertified { get; } = [];

        /// <summary>Writes that wait for <see cref="Tree"/>.</summary>
        public Queue<(ulong Operation, SliceWrite Write)> AwaitingTree { get; } = [];

        public void Issue(WriteOperation operation)
        {
            (Sequence, Hash, Root) = (operation.Key.Sequence, operation.Hash, operation.Root);
            _issued.Add(new Issued(Sequence, Hash, Root));
        }

        public bool IsIssued(uint sequence, in Hash256 hash) => Find(sequence) is { } issued && issued.Hash == hash;

        public Hash256? RootAt(uint sequence) => Find(sequence)?.Root;

        /// <summary>Where a member's head stands in this session; null when it is of an older one than was adopted.</summary>
        public uint? SequenceOf(in EntryKey head, in SessionId session) =>
            head.Session == session ? head.Sequence : head == AdoptedKey ? 0 : null;

        /// <summary>Takes note of an acknowledgement; the certified sequence is the quorum-th highest.</summary>
        public void Acknowledge(int member, uint sequence, int quorum)
        {
            if (sequence <= Acked[member])
            {
                return;
            }

            Acked[member] = sequence;
            Span<uint> sorted = stackalloc uint[Acked.Length];
            Acked.CopyTo(sorted);
            sorted.Sort();
            Certified = sorted[^quorum];
            _issued.RemoveAll(issued => issued.Sequence + KeptBehind < Certified);
        }

        private Issued? Find(uint sequence)
        {
            for (var i = _issued.Count - 1; i >= 0; i--)
            {
                if (_issued[i].Sequence == sequence)
                {
                    return _issued[i];
                }
            }

            return null;
        }

        private readonly record struct Issued(uint Sequence, Hash256 Hash, Hash256 Root);
    }

    /// <summary>An entry that is sent or about to be, and the batch it is in.</summary>
    private sealed class InFlight(ulong operation, WriteOperation entry)
    {
        public ulong Operation { get; } = operation;

        public WriteOperation Entry { get; } = entry;

        public Batch? Batch { get; set; }
    }
}
