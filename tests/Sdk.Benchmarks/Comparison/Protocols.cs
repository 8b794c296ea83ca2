using System.Buffers.Binary;
using Sdk.Core.Networking;

namespace Sdk.Benchmarks.Comparison;

/// <summary>Counts what comes to the end, and answers the count: 8 bytes, big-endian. <c>js/traffic.mjs</c> has the twin.</summary>
internal sealed class SinkProtocol : IProtocol
{
    public const string Name = "/interop/sink/1.0.0";

    public string Id => Name;

    public async Task HandleAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        long count = 0;
        while (true)
        {
            var result = await stream.Input.ReadAsync(cancellationToken);
            count += result.Buffer.Length;
            stream.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                break;
            }
        }

        BinaryPrimitives.WriteInt64BigEndian(stream.Output.GetSpan(sizeof(long)), count);
        stream.Output.Advance(sizeof(long));
        await stream.Output.FlushAsync(cancellationToken);
    }
}

/// <summary>What comes goes back.</summary>
internal sealed class EchoProtocol : IProtocol
{
    public const string Name = "/interop/echo/1.0.0";

    public string Id => Name;

    public Task HandleAsync(PeerStream stream, CancellationToken cancellationToken) => stream.Input.CopyToAsync(stream.Output, cancellationToken);
}
