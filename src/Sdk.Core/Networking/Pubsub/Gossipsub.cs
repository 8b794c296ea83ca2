using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Networking.Pubsub;

/// <summary>
/// Publishes to topics and subscribes to them, among all nodes that speak libp2p's gossipsub 1.1 or 1.2 (<c>specs/pubsub/gossipsub</c>).
/// Messages reach whoever is connected, through others if need be, at most once per subscription, in no order, and are kept nowhere: who
/// is away misses them. The publisher is proven by its signature. Thread-safe.
/// </summary>
/// <remarks>It takes part over every connection of its switch from the moment it is made. This is the shell around <see cref="GossipRouter"/>.</remarks>
public sealed partial class Gossipsub : IAsyncDisposable
{
    /// <summary>What a message's fields beside its data may take of an RPC.</summary>
    private const int MessageOverheadBytes = 1024;

    private readonly Switch _switch;
    private readonly PubsubOptions _options;
    private readonly GossipParameters _parameters;
    private readonly ILogger _logger;
    private readonly MessageSigner? _signer;
    private readonly MessageVerifier _verifier = new();
    private readonly ConcurrentDictionary<string, Func<PubsubMessage, CancellationToken, ValueTask<PubsubVerdict>>> _validators = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationToken _stopped;
    private readonly Task _heartbeat;
    private long _sequenceNumber;
    private int _validating;

    // ---- Under the gate ----
    private readonly Lock _gate = new();
    private readonly GossipRouter _router;
    private readonly Dictionary<PeerId, PeerLink> _links = [];
    private readonly Dictionary<string, List<PubsubSubscription>> _subscriptions = [];
    private TaskCompletionSource? _roomWaiters;
    private Task? _disposal;

    /// <summary>Starts pubsub on a switch; <c>node.Pubsub</c> does it for a node.</summary>
    /// <param name="switch">The switch, on which the protocols are registered.</param>
    /// <param name="nodeKey">The key behind the switch's peer id; it signs. The caller owns it and keeps it until this is disposed.</param>
    /// <param name="options">How it is set up.</param>
    /// <exception cref="ArgumentException">The key is not the switch's.</exception>
    /// <exception cref="InvalidOperationException">The switch has pubsub already.</exception>
    public Gossipsub(Switch @switch, KeyPair nodeKey, PubsubOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(@switch);
        ArgumentNullException.ThrowIfNull(nodeKey);
        _options = options ?? new PubsubOptions();
        _options.Validate();
        if (PeerId.FromPublicKey(nodeKey.PublicKey) != @switch.LocalPeer)
        {
            throw new ArgumentException("Messages are signed with the key that the switch's peer id names.", nameof(nodeKey));
        }

        _switch = @switch;
        _parameters = GossipParameters.From(_options);
        _logger = _options.LoggerFactory.CreateLogger(typeof(Gossipsub).FullName!);
        _signer = _parameters.IsSigned ? new MessageSigner(nodeKey) : null;
        _stopped = _stopping.Token;

        // Nanoseconds since 1970, as in other implementations: larger after a restart than any number before it.
        _sequenceNumber = (_options.TimeProvider.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
        var random = new Random(RandomNumberGenerator.GetInt32(int.MaxValue));
        _router = new GossipRouter(@switch.LocalPeer, _parameters, _options.TimeProvider, random);
        foreach (var protocol in Protocols)
        {
            @switch.Register(new InboundProtocol(this, protocol));
        }

        @switch.ConnectionOpened += OnConnectionOpened;
        @switch.ConnectionClosed += OnConnectionClosed;
        @switch.Identify.PeerIdentified += OnPeerIdentified;
        foreach (var connection in @switch.Connections)
        {
            OnConnectionOpened(connection);
        }

        _heartbeat = Task.Run(HeartbeatAsync, CancellationToken.None);
    }

    /// <summary>The largest message that can be published.</summary>
    public int MaxDataBytes => _options.MaxRpcBytes - MessageOverheadBytes;

    /// <summary>The topics that this node subscribes to.</summary>
    public IReadOnlyList<string> Topics
    {
        get
        {
            lock (_gate)
            {
                return [.. _subscriptions.Keys];
            }
        }
    }

    /// <summary>
    /// Subscribes at once: what is published after this returns is not missed, once peers have heard of it. Dispose the subscription to
    /// leave. Messages that are not read wait up to <see cref="PubsubOptions.SubscriptionCapacity"/>; then the oldest is dropped and
    /// <see cref="PubsubSubscription.Dropped"/> counts it.
    /// </summary>
    /// <param name="topic">The topic: 1 to 256 bytes in UTF-8.</param>
    /// <exception cref="ArgumentException">The topic's name is empty or too long.</exception>
    public PubsubSubscription Subscribe(string topic)
    {
        CheckTopic(topic);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposal is not null, this);
            if (!_subscriptions.TryGetValue(topic, out var subscriptions))
            {
                _subscriptions.Add(topic, subscriptions = []);
                _router.Subscribe(topic);
                Settle();
            }

            var subscription = new PubsubSubscription(topic, _options.SubscriptionCapacity, Leave);
            subscriptions.Add(subscription);
            return subscription;
        }
    }

    /// <summary>
    /// As <see cref="Subscribe"/>, for <c>await foreach</c>: subscribes at once, and leaves when the loop ends. What is returned is to be
    /// enumerated, once.
    /// </summary>
    /// <param name="topic">The topic: 1 to 256 bytes in UTF-8.</param>
    /// <param name="cancellationToken">Ends the loop with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="ArgumentException">The topic's name is empty or too long.</exception>
    public IAsyncEnumerable<PubsubMessage> SubscribeAsync(string topic, CancellationToken cancellationToken = default) =>
        ReadAsync(Subscribe(topic), cancellationToken);

    /// <summary>
    /// Publishes. Waits while at least half of the peers that it would go to have full queues; a peer that takes nothing at all is not
    /// waited for. A peer whose queue is full then misses it, unless gossip brings it.
    /// </summary>
    /// <param name="topic">The topic: 1 to 256 bytes in UTF-8. The node need not subscribe to it.</param>
    /// <param name="data">What to publish, at most <see cref="MaxDataBytes"/>. Anybody can read it. Copied before this returns.</param>
    /// <param name="cancellationToken">Gives up waiting; nothing was published then.</param>
    /// <returns>To how many peers it is on its way; 0 where nobody who subscribes is connected, or where an unsigned message is a repetition.</returns>
    /// <exception cref="ArgumentException">The topic's name or the data are too long.</exception>
    public async ValueTask<int> PublishAsync(string topic, ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default)
    {
        CheckTopic(topic);
        if (data.Length > MaxDataBytes)
        {
            throw new ArgumentException($"A message holds at most {MaxDataBytes} bytes.", nameof(data));
        }

        var number = (ulong)Interlocked.Increment(ref _sequenceNumber);
        var message = PubsubMessage.Create(topic, data.Span, _signer, number, _parameters.MessageId);
        while (true)
        {
            Task room;
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_disposal is not null, this);
                if (!_router.IsCongested(topic))
                {
                    return PublishNow(message);
                }

                room = (_roomWaiters ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await room.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Asks <paramref name="validator"/> about every message of the topic that peers send, after its signature was verified and before it
    /// is delivered or passed on. It may be called for many messages at once; its token is cancelled when this is disposed. What it throws
    /// is logged, and the message ignored. A second call replaces the validator.
    /// </summary>
    public void ValidateWith(string topic, Func<PubsubMessage, CancellationToken, ValueTask<PubsubVerdict>> validator)
    {
        CheckTopic(topic);
        ArgumentNullException.ThrowIfNull(validator);
        _validators[topic] = validator;
    }

    /// <summary>Connected peers that subscribe to the topic.</summary>
    public IReadOnlyList<PeerId> PeersOf(string topic)
    {
        lock (_gate)
        {
            return _router.PeersOf(topic);
        }
    }

    /// <summary>The peers of this node's mesh for the topic: those that it exchanges whole messages with.</summary>
    public IReadOnlyList<PeerId> MeshOf(string topic)
    {
        lock (_gate)
        {
            return _router.MeshOf(topic);
        }
    }

    /// <summary>A peer's standing; below 0 it has no place in a mesh. Null for one that does not take part.</summary>
    public double? ScoreOf(PeerId peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        lock (_gate)
        {
            return _router.Find(peer) is { } found ? _router.ScoreOf(found) : null;
        }
    }

    /// <summary>Ends subscriptions and streams, and takes the protocols from the switch. Connections stay.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            return new ValueTask(_disposal ??= DisposeCoreAsync());
        }
    }

    private async Task DisposeCoreAsync()
    {
        // Leaves the gate that the caller holds.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        _switch.ConnectionOpened -= OnConnectionOpened;
        _switch.ConnectionClosed -= OnConnectionClosed;
        _switch.Identify.PeerIdentified -= OnPeerIdentified;
        foreach (var protocol in Protocols)
        {
            _switch.Unregister(protocol);
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        PeerLink[] links;
        lock (_gate)
        {
            links = [.. _links.Values];
            foreach (var subscription in _subscriptions.Values.SelectMany(of => of))
            {
                subscription.Complete();
            }

            _subscriptions.Clear();
            WakePublishers();
        }

        foreach (var link in links)
        {
            link.Inbound?.Reset();
            link.Work.Set();
        }

        await Task.WhenAll(links.Select(link => link.Run)).ConfigureAwait(false);
        await _heartbeat.ConfigureAwait(false);
        _stopping.Dispose();
    }

    private static async IAsyncEnumerable<PubsubMessage> ReadAsync(
        PubsubSubscription subscription, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using (subscription)
        {
            await foreach (var message in subscription.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                yield return message;
            }
        }
    }

    private void CheckTopic(string topic)
    {
        ArgumentException.ThrowIfNullOrEmpty(topic);
        if (Encoding.UTF8.GetByteCount(topic) > _parameters.MaxTopicBytes)
        {
            throw new ArgumentException($"A topic's name has at most {_parameters.MaxTopicBytes} bytes in UTF-8.", nameof(topic));
        }
    }

    private void Leave(PubsubSubscription subscription)
    {
        subscription.Complete();
        lock (_gate)
        {
            if (_subscriptions.TryGetValue(subscription.Topic, out var of) && of.Remove(subscription) && of.Count == 0)
            {
                _subscriptions.Remove(subscription.Topic);
                _router.Unsubscribe(subscription.Topic);
                Settle();
            }
        }
    }

    private int PublishNow(PubsubMessage message)
    {
        var peers = _router.Publish(message);
        Settle();
        if (_options.DeliversOwn)
        {
            Deliver(message);
        }

        return peers;
    }

    [SuppressMessage("Design", "CA1031", Justification = "Without heartbeats a mesh decays silently: an error in one is logged, and the next one comes.")]
    private void Beat()
    {
        try
        {
            var stalled = new List<PeerStream>();
            lock (_gate)
            {
                _router.Heartbeat();
                Settle(stalled: stalled);

                // Who stalls is no longer waited for.
                WakePublishers();
            }

            foreach (var stream in stalled)
            {
                PubsubLog.Stalled(_logger, stream.Connection.RemotePeer);
                stream.Reset();
            }
        }
        catch (Exception error)
        {
            PubsubLog.HeartbeatFailed(_logger, error);
        }
    }

    private async Task HeartbeatAsync()
    {
        using var timer = new PeriodicTimer(_options.HeartbeatInterval, _options.TimeProvider);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopped).ConfigureAwait(false))
            {
                Beat();
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    /// <summary>Does what follows from a call to the router. What takes time is handed to the caller, for when it has left the gate.</summary>
    private void Settle(Queue<PubsubMessage>? validations = null, List<PeerStream>? stalled = null)
    {
        while (_router.TryTakeEffect(out var effect))
        {
            switch (effect.Kind)
            {
                case GossipEffectKind.Wake:
                    _links.GetValueOrDefault(effect.Peer!.Id)?.Work.Set();
                    break;
                case GossipEffectKind.Deliver:
                    PubsubTelemetry.Delivered.Add(1);
                    Deliver(effect.Message!);
                    break;
                case GossipEffectKind.Validate:
                    // Only what peers send has to be validated, and who reads it gives the queue.
                    validations!.Enqueue(effect.Message!);
                    break;
                case GossipEffectKind.Reset when _links.GetValueOrDefault(effect.Peer!.Id)?.Outbound is { } stream:
                    stalled?.Add(stream);
                    break;
                case GossipEffectKind.Fault:
                    var count = effect.Peer!.TakeFaults(effect.Fault);
                    PubsubTelemetry.Fault(effect.Fault, count);
                    PubsubLog.Fault(_logger, effect.Peer.Id, PubsubTelemetry.WordOf(effect.Fault), count);
                    break;
            }
        }
    }

    private void Deliver(PubsubMessage message)
    {
        foreach (var subscription in _subscriptions.GetValueOrDefault(message.Topic) ?? [])
        {
            subscription.Offer(message);
        }
    }

    private void WakePublishers()
    {
        _roomWaiters?.SetResult();
        _roomWaiters = null;
    }

    /// <summary>
    /// Judges messages on the loop of the peer that sent them, so that a flood delays its sender and nobody else. A validator that has to wait
    /// goes on by itself.
    /// </summary>
    private void Validate(Queue<PubsubMessage> messages)
    {
        while (messages.TryDequeue(out var message))
        {
            if (_signer is not null && !_verifier.Verify(message))
            {
                Conclude(message, MessageVerdict.Forged, messages);
            }
            else if (!_validators.TryGetValue(message.Topic, out var validator))
            {
                Conclude(message, MessageVerdict.Accept, messages);
            }
            else if (Interlocked.Increment(ref _validating) > _options.MaxConcurrentValidations)
            {
                Interlocked.Decrement(ref _validating);
                Conclude(message, MessageVerdict.Unjudged, messages);
            }
            else
            {
                var asking = AskAsync(validator, message);
                if (asking.IsCompletedSuccessfully)
                {
                    Conclude(message, asking.Result, messages);
                }
                else
                {
                    _ = ConcludeLaterAsync(message, asking);
                }
            }
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "A validator is a user's own: whatever it throws is logged, and the node goes on.")]
    private async ValueTask<MessageVerdict> AskAsync(Func<PubsubMessage, CancellationToken, ValueTask<PubsubVerdict>> validator, PubsubMessage message)
    {
        try
        {
            return await validator(message, _stopped).ConfigureAwait(false) switch
            {
                PubsubVerdict.Accept => MessageVerdict.Accept,
                PubsubVerdict.Reject => MessageVerdict.Reject,
                _ => MessageVerdict.Ignore,
            };
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
            return MessageVerdict.Unjudged;
        }
        catch (Exception error)
        {
            PubsubLog.ValidatorFailed(_logger, error, message.Topic);
            return MessageVerdict.Ignore;
        }
        finally
        {
            Interlocked.Decrement(ref _validating);
        }
    }

    private async Task ConcludeLaterAsync(PubsubMessage message, ValueTask<MessageVerdict> asking)
    {
        var others = new Queue<PubsubMessage>();
        Conclude(message, await asking.ConfigureAwait(false), others);
        Validate(others);
    }

    private void Conclude(PubsubMessage message, MessageVerdict verdict, Queue<PubsubMessage> validations)
    {
        if (verdict == MessageVerdict.Unjudged)
        {
            PubsubTelemetry.Unjudged.Add(1);
        }

        lock (_gate)
        {
            _router.Validated(message, verdict);
            Settle(validations);
        }
    }
}
