using System.Runtime.CompilerServices;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Ethereum;

/// <summary>
/// Events in their order, each exactly once. Blocks that are final are read in ranges; younger ones one by one, by their hashes, and
/// remembered: when the chain has another block in the place of one, the events of what it held are given again as taken back.
/// </summary>
internal sealed class EventFeed(EthereumNode node, LedgerEventFilter filter, EthereumLedgerOptions options, TimeProvider time)
{
    // Blocks read so far that can still be taken back, oldest first, and before them the newest that cannot.
    private readonly List<ReadBlock> _recent = [];
    private ulong _next = filter.FromBlock;
    private bool _isFirstFinal;

    private sealed record ReadBlock(ulong Number, Hash256 Hash, IReadOnlyList<LedgerEvent> Events);

    private bool IsAtEnd => filter.ToBlock is { } last && _next > last;

    /// <exception cref="LedgerException">
    /// The node does not answer, or not credibly, or a reorganisation reached below what counted as final (<see cref="LedgerFailure.Reorganized"/>).
    /// </exception>
    public async IAsyncEnumerable<LedgerEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var latest = await node.LatestAsync(cancellationToken).ConfigureAwait(false);
            var final = await node.FinalNumberAsync(latest, cancellationToken).ConfigureAwait(false);
            while (await TakeBackAsync(cancellationToken).ConfigureAwait(false) is { } removed)
            {
                foreach (var told in removed.Events.Reverse())
                {
                    yield return told with { IsRemoved = true };
                }
            }

            while (!IsAtEnd && _next <= final)
            {
                foreach (var told in await ReadRangeAsync(final, cancellationToken).ConfigureAwait(false))
                {
                    yield return told;
                }
            }

            while (!IsAtEnd && _next <= latest.Number && await ReadNextAsync(cancellationToken).ConfigureAwait(false) is { } block)
            {
                foreach (var told in block.Events)
                {
                    yield return told;
                }
            }

            Forget(final);
            if (IsAtEnd)
            {
                yield break;
            }

            await Task.Delay(options.PollInterval, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The newest block read, where the chain does not have it any more; null where it does.</summary>
    private async Task<ReadBlock?> TakeBackAsync(CancellationToken cancellationToken)
    {
        if (_recent.Count == 0)
        {
            return null;
        }

        var newest = _recent[^1];
        if ((await node.BlockAsync(newest.Number, cancellationToken).ConfigureAwait(false))?.Hash == newest.Hash)
        {
            return null;
        }

        if (_recent.Count == 1 && _isFirstFinal)
        {
            throw new LedgerException(LedgerFailure.Reorganized, $"Block {newest.Number} counted as final, and the chain has another in its place.");
        }

        _recent.RemoveAt(_recent.Count - 1);
        _next = newest.Number;
        return newest;
    }

    /// <summary>Events of final blocks from <see cref="_next"/> on, of as many as the node takes at once.</summary>
    private async Task<IReadOnlyList<LedgerEvent>> ReadRangeAsync(ulong final, CancellationToken cancellationToken)
    {
        var end = filter.ToBlock is { } to ? Math.Min(to, final) : final;
        for (var count = (ulong)options.EventRangeBlocks; ; count = Math.Max(1, count / 2))
        {
            var last = end - _next < count ? end : _next + count - 1;
            if (await node.EventsAsync(filter, _next, last, cancellationToken).ConfigureAwait(false) is not { } events)
            {
                continue;
            }

            if (last == final)
            {
                var block = await node.BlockAsync(last, cancellationToken).ConfigureAwait(false) ?? throw EthereumJson.Wrong($"there is no block {last}");
                _recent.Clear();
                _recent.Add(new ReadBlock(last, block.Hash, []));
                _isFirstFinal = true;
            }

            _next = last + 1;
            return events;
        }
    }

    /// <summary>The next block that is not final; null where it is not there, or does not follow the one before.</summary>
    private async Task<ReadBlock?> ReadNextAsync(CancellationToken cancellationToken)
    {
        if (await node.BlockAsync(_next, cancellationToken).ConfigureAwait(false) is not { } block
            || (_recent.Count > 0 && _recent[^1].Number + 1 == block.Number && block.Parent != _recent[^1].Hash)
            || await node.EventsAsync(filter, block, cancellationToken).ConfigureAwait(false) is not { } events)
        {
            return null;
        }

        var read = new ReadBlock(block.Number, block.Hash, events);
        _recent.Add(read);
        _next++;
        return read;
    }

    private void Forget(ulong final)
    {
        while (_recent.Count > 1 && _recent[1].Number <= final)
        {
            _recent.RemoveAt(0);
        }

        _isFirstFinal = _recent.Count > 0 && _recent[0].Number <= final;
    }
}
