using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;

namespace Sdk.Core.Ledger.Embedded;

/// <summary>
/// The state of an embedded ledger as bytes: its head, accounts, modules with their maps, and the events that are kept. Words of the ABI
/// throughout; equal states are equal bytes.
/// </summary>
internal static class ChainSnapshot
{
    private const ulong FormatVersion = 1;
    private const int NameBytesMax = 64;
    private const int ModulesMax = 256;
    private const int MapsMax = 64;

    public static byte[] Write(EmbeddedChain chain, IReadOnlyList<LedgerEvent> events, ulong completeFrom)
    {
        var hashes = new AbiWriter();
        foreach (var hash in chain.Hashes)
        {
            hashes.Add(hash);
        }

        var modules = new AbiWriter();
        foreach (var module in chain.Machine.Modules)
        {
            modules.AddTuple(new AbiWriter().AddString(module.Name).Add(module.Address).AddArray(module.Maps.Count, MapsOf(module.Maps)));
        }

        return new AbiWriter()
            .Add(FormatVersion)
            .Add(chain.ChainId)
            .Add(chain.Number)
            .Add(chain.Timestamp)
            .AddArray(chain.Hashes.Count, hashes)
            .AddArray(chain.Machine.AccountMaps.Count, MapsOf(chain.Machine.AccountMaps))
            .AddArray(chain.Machine.Modules.Count, modules)
            .AddArray(events.Count, EventsOf(events))
            .Add(completeFrom)
            .ToArray();
    }

    /// <summary>Makes the chain that was written. Modules are taken by their names from those offered.</summary>
    /// <exception cref="LedgerException">A module that was deployed is not among those offered.</exception>
    /// <exception cref="FormatTooNewException">A newer version wrote it.</exception>
    /// <exception cref="AbiException">It is no snapshot.</exception>
    public static EmbeddedChain Read(ReadOnlySpan<byte> snapshot, IReadOnlyCollection<ContractModule> offered, out List<LedgerEvent> events, out ulong completeFrom)
    {
        var reader = new AbiReader(snapshot);
        var version = reader.ReadUInt64();
        if (version != FormatVersion)
        {
            throw new FormatTooNewException($"The ledger's snapshot has format {version}; this version reads {FormatVersion}.");
        }

        var chain = new EmbeddedChain(reader.ReadUInt64());
        var (number, timestamp) = (reader.ReadUInt64(), reader.ReadUInt64());
        var hashes = new List<Hash256>();
        var hashReader = reader.ReadArray(BlockContext.HashesKept, AbiWriter.WordBytes, out var hashCount);
        for (var index = 0; index < hashCount; index++)
        {
            hashes.Add(hashReader.ReadWord());
        }

        chain.Resume(number, timestamp, hashes);
        LoadMaps(reader.ReadArray(MapsMax, AbiWriter.WordBytes, out var accountMaps), accountMaps, chain.Machine.AccountMaps);
        var modules = reader.ReadArray(ModulesMax, AbiWriter.WordBytes, out var moduleCount);
        for (var index = 0; index < moduleCount; index++)
        {
            var stored = modules.ReadTuple();
            var name = stored.ReadString(NameBytesMax);
            var module = offered.FirstOrDefault(candidate => candidate.Name == name)
                ?? throw new LedgerException(LedgerFailure.UnknownModule, $"The ledger holds a contract '{name}', and no module runs it.");
            chain.Machine.Attach(module, stored.ReadAddress());
            LoadMaps(stored.ReadArray(MapsMax, AbiWriter.WordBytes, out var maps), maps, module.Maps);
        }

        events = EventsFrom(ref reader, snapshot.Length);
        completeFrom = reader.ReadUInt64();
        return chain;
    }

    private static AbiWriter MapsOf(IReadOnlyList<IStateMap> maps)
    {
        var written = new AbiWriter();
        foreach (var map in maps)
        {
            var entries = new AbiWriter();
            map.Store(entries);
            written.AddTuple(new AbiWriter().AddString(map.Name).AddArray(map.Count, entries));
        }

        return written;
    }

    private static void LoadMaps(AbiReader reader, int count, IReadOnlyList<IStateMap> maps)
    {
        for (var index = 0; index < count; index++)
        {
            var stored = reader.ReadTuple();
            var name = stored.ReadString(NameBytesMax);
            var map = maps.FirstOrDefault(candidate => candidate.Name == name) ?? throw new AbiException($"The state has a map '{name}' that its module has not.");
            var entries = stored.ReadArray(int.MaxValue, map.EntryWords * AbiWriter.WordBytes, out var entryCount);
            map.Load(ref entries, entryCount);
        }
    }

    private static AbiWriter EventsOf(IReadOnlyList<LedgerEvent> events)
    {
        var written = new AbiWriter();
        foreach (var told in events)
        {
            var topics = new AbiWriter();
            foreach (var topic in told.Topics)
            {
                topics.Add(topic);
            }

            written.AddTuple(new AbiWriter()
                .Add(told.Contract)
                .AddArray(told.Topics.Count, topics)
                .AddBytes(told.Data.Span)
                .Add(told.BlockNumber)
                .Add(told.BlockHash)
                .Add(told.Transaction)
                .Add((ulong)told.Index));
        }

        return written;
    }

    private static List<LedgerEvent> EventsFrom(ref AbiReader reader, int lengthBytes)
    {
        var stored = reader.ReadArray(int.MaxValue, AbiWriter.WordBytes, out var count);
        var events = new List<LedgerEvent>(count);
        for (var index = 0; index < count; index++)
        {
            var told = stored.ReadTuple();
            var contract = told.ReadAddress();
            var topicReader = told.ReadArray(1 + AbiEvent.IndexedMax, AbiWriter.WordBytes, out var topicCount);
            var topics = new Hash256[topicCount];
            for (var topic = 0; topic < topicCount; topic++)
            {
                topics[topic] = topicReader.ReadWord();
            }

            events.Add(new LedgerEvent(
                contract, topics, told.ReadBytes(lengthBytes).ToArray(), told.ReadUInt64(), told.ReadWord(), told.ReadWord(), (int)told.ReadUInt(31)));
        }

        return events;
    }
}
