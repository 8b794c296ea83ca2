namespace Sdk.Core.Networking.Relay;

/// <summary>
/// One end of a circuit as the bare connection that the ordinary upgrade secures. A reset of the circuit is to the layers above what a
/// broken socket is.
/// </summary>
internal sealed class CircuitStream(PeerStream circuit) : AsyncStream
{
    private readonly DuplexStream _bytes = new(circuit.Input, circuit.Output);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes, never with an error, when this end was disposed.</summary>
    public Task Closed => _closed.Task;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await _bytes.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (StreamResetException error)
        {
            throw new IOException("The circuit was broken off.", error);
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await _bytes.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (StreamResetException error)
        {
            throw new IOException("The circuit was broken off.", error);
        }
    }

    protected override void Dispose(bool disposing)
    {
        _bytes.Dispose();
        _closed.TrySetResult();
        base.Dispose(disposing);
    }
}
