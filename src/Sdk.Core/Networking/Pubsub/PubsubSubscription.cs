using System.Threading.Channels;

namespace Sdk.Core.Networking.Pubsub;

/// <summary>
/// Messages of one topic, from the moment it was made until it is disposed. Several of one topic each get every message. One reader at a time.
/// </summary>
public sealed class PubsubSubscription : IAsyncEnumerable<PubsubMessage>, IDisposable
{
    private readonly Channel<PubsubMessage> _messages;
    private readonly Action<PubsubSubscription> _leave;
    private long _dropped;

    internal PubsubSubscription(string topic, int capacity, Action<PubsubSubscription> leave)
    {
        Topic = topic;
        _leave = leave;
        var options = new BoundedChannelOptions(capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true };
        _messages = Channel.CreateBounded<PubsubMessage>(options, _ =>
        {
            Interlocked.Increment(ref _dropped);
            PubsubTelemetry.Overflowed.Add(1);
        });
    }

    /// <summary>The topic.</summary>
    public string Topic { get; }

    /// <summary>Messages lost because this subscription was not read fast enough; <see cref="PubsubOptions.SubscriptionCapacity"/> says how many wait.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Reads messages as they come; ends when the subscription or the node is disposed.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public IAsyncEnumerator<PubsubMessage> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        _messages.Reader.ReadAllAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);

    /// <summary>Leaves the topic, if this was its last subscription. Messages that wait can still be read.</summary>
    public void Dispose() => _leave(this);

    internal void Offer(PubsubMessage message) => _messages.Writer.TryWrite(message);

    internal void Complete() => _messages.Writer.TryComplete();
}
