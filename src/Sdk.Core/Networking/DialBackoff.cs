using System.Security.Cryptography;
using Polly;
using Polly.CircuitBreaker;

namespace Sdk.Core.Networking;

/// <summary>
/// Peers that fail are left alone: a circuit breaker each (Polly), which opens at the second failure in a row for a second and doubles
/// that with every further one, up to five minutes. Up to a quarter more is drawn at random, or all who want the peer come at once.
/// </summary>
internal sealed class DialBackoff(TimeProvider time)
{
    /// <summary>Peers remembered. Beyond, the one that was dialled longest ago is forgotten.</summary>
    internal const int MaxPeers = 1024;

    private const int MaxDoublings = 9;

    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>Failures further apart than this are not in a row.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(30);

    private readonly Lock _gate = new();
    private readonly Dictionary<PeerId, Breaker> _breakers = [];
    private long _turn;

    /// <summary>Dials, unless the peer is to be left alone.</summary>
    /// <exception cref="DialException">The dial failed, or the peer is left alone.</exception>
    public async Task<Connection> RunAsync(PeerId peer, Func<CancellationToken, ValueTask<Connection>> dial, CancellationToken cancellationToken)
    {
        try
        {
            var connection = await BreakerOf(peer).ExecuteAsync(dial, cancellationToken).ConfigureAwait(false);
            Forget(peer);
            return connection;
        }
        catch (OperationCanceledException error)
        {
            throw new DialException("The node is shutting down.", error);
        }
        catch (BrokenCircuitException error)
        {
            var wait = Math.Ceiling((error.RetryAfter ?? First).TotalSeconds);
            throw new DialException($"{peer} could not be reached several times in a row, and is left alone for another {wait} s.", error);
        }
    }

    /// <summary>The peer was reached.</summary>
    public void Forget(PeerId peer)
    {
        lock (_gate)
        {
            _breakers.Remove(peer);
        }
    }

    private ResiliencePipeline BreakerOf(PeerId peer)
    {
        lock (_gate)
        {
            if (!_breakers.TryGetValue(peer, out var breaker))
            {
                if (_breakers.Count == MaxPeers)
                {
                    _breakers.Remove(_breakers.MinBy(of => of.Value.LastTurn).Key);
                }

                _breakers[peer] = breaker = new Breaker(Build());
            }

            breaker.LastTurn = ++_turn;
            return breaker.Pipeline;
        }
    }

    private ResiliencePipeline Build() =>
        new ResiliencePipelineBuilder { TimeProvider = time }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                FailureRatio = 1,
                MinimumThroughput = 2,
                SamplingDuration = Memory,
                ShouldHandle = new PredicateBuilder().Handle<DialException>(),
                BreakDurationGenerator = static arguments => ValueTask.FromResult(BreakOf(arguments.HalfOpenAttempts)),
            })
            .Build();

    private static TimeSpan BreakOf(int attempts)
    {
        var doubled = First * (1 << Math.Clamp(attempts, 0, MaxDoublings));
        return (doubled < Longest ? doubled : Longest) * (1 + (RandomNumberGenerator.GetInt32(250) / 1000.0));
    }

    private sealed class Breaker(ResiliencePipeline pipeline)
    {
        public ResiliencePipeline Pipeline => pipeline;

        public long LastTurn { get; set; }
    }
}
