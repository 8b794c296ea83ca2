using System.Diagnostics;

namespace Sdk.Fuzz;

/// <summary>Feeds one decoder and checks every input. The same seed gives the same inputs, each of which can be made alone.</summary>
internal sealed class FuzzRun
{
    /// <summary>The slowest input there is takes some milliseconds (a signature of an RSA key of 8192 bits).</summary>
    private static readonly TimeSpan HangLimit = TimeSpan.FromSeconds(10);

    /// <summary>Of shorter inputs the ratio says nothing: an exception alone is longer.</summary>
    private const int RatioLengthBytes = 2048;

    private readonly FuzzTarget _target;
    private readonly ulong _seed;
    private long _index;
    private byte[] _input = [];
    private long _accepted;
    private double _worst;
    private long _worstBytes;
    private int _worstLength;
    private double _largestRatio;

    private FuzzRun(FuzzTarget target, ulong seed) => (_target, _seed) = (target, seed);

    /// <exception cref="FuzzViolationException">The decoder broke a promise.</exception>
    public static FuzzResult Run(FuzzTarget target, ulong seed, long first, long inputs) => new FuzzRun(target, seed).RunAll(first, inputs);

    /// <summary>Feeds one input that somebody wrote down.</summary>
    /// <exception cref="FuzzViolationException">The decoder broke a promise.</exception>
    public static bool RunOne(FuzzTarget target, byte[] input)
    {
        var run = new FuzzRun(target, seed: 0) { _input = input };
        run.RunOne();
        return run._accepted == 1;
    }

    private FuzzResult RunAll(long first, long inputs)
    {
        var mutator = new Mutator([.. _target.Corpus, .. _target.Refused], _target.Words);
        for (var i = 0; i < _target.Corpus.Count; i++)
        {
            // The corpus itself is accepted, or nothing that is made of it says much; this also warms caches that are filled once.
            _input = _target.Corpus[i];
            var prepared = _target.Prepare(_input);
            if (!_target.Decode(prepared))
            {
                throw Violation($"Refuses entry {i} of its own corpus.", null);
            }

            _target.Check(prepared);
        }

        for (var i = 0; i < _target.Refused.Count; i++)
        {
            _input = _target.Refused[i];
            if (!IsRefused())
            {
                throw Violation($"Accepts entry {i} of what it should refuse.", null);
            }
        }

        var started = Stopwatch.GetTimestamp();
        using var watchdog = new Timer(Watch, null, HangLimit, HangLimit);
        for (var i = 0L; i < inputs; i++)
        {
            _input = mutator.Make(_seed, first + i);
            Volatile.Write(ref _index, first + i);
            RunOne();
        }

        return new FuzzResult(inputs, _accepted, inputs - _accepted, _worst, _worstBytes, _worstLength, _largestRatio, Stopwatch.GetElapsedTime(started));
    }

    private bool IsRefused()
    {
        try
        {
            return !_target.Decode(_target.Prepare(_input));
        }
        catch (Exception error) when (_target.IsRefusal(error))
        {
            return true;
        }
    }

    private void RunOne()
    {
        var prepared = _target.Prepare(_input);
        var isAccepted = false;
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            isAccepted = _target.Decode(prepared);
        }
        catch (Exception error) when (_target.IsRefusal(error))
        {
        }
        catch (Exception error)
        {
            throw Violation($"Throws what it does not document: {error.GetType()}.", error);
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        var allowed = _target.AllowedBytes(_input);
        if (allocated > allowed)
        {
            throw Violation($"Allocates {allocated:N0} bytes for an input of {_input.Length:N0}; allowed are {allowed:N0}.", null);
        }

        if ((double)allocated / allowed > _worst)
        {
            (_worst, _worstBytes, _worstLength) = ((double)allocated / allowed, allocated, _input.Length);
        }

        if (_input.Length >= RatioLengthBytes)
        {
            _largestRatio = Math.Max(_largestRatio, (double)allocated / _input.Length);
        }

        if (!isAccepted)
        {
            return;
        }

        _accepted++;
        try
        {
            _target.Check(prepared);
        }
        catch (Exception error)
        {
            throw Violation($"What was accepted does not hold: {error.Message}", error);
        }
    }

    private FuzzViolationException Violation(string message, Exception? cause) => new(message, _seed, Volatile.Read(ref _index), _input, cause);

    private long _watched = -1;

    /// <summary>A decoder that hangs cannot be told to stop: the process ends, and says with which input.</summary>
    private void Watch(object? state)
    {
        var index = Volatile.Read(ref _index);
        if (index == _watched)
        {
            Console.Error.WriteLine($"HANG in {_target.Name}: --seed {_seed} --first {index} --inputs 1\n  input: {Convert.ToHexStringLower(_input)}");
            Environment.Exit(1);
        }

        _watched = index;
    }
}

/// <summary>What a run saw. The worst allocation is a share of what the input was allowed; the largest ratio is one to the length, of inputs of 2 KiB and more.</summary>
internal sealed record FuzzResult(
    long Inputs, long Accepted, long Refused, double WorstAllocation, long WorstBytes, int WorstLength, double LargestRatio, TimeSpan Duration);
