using System.Text;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Muxing;

namespace Sdk.Fuzz.Targets;

/// <summary>A listener's side of multistream-select: up to 16 proposals, each a text of at most 1 KiB, answered.</summary>
internal sealed class MultistreamTarget : FuzzTarget
{
    private static readonly string[] Known = ["/tls/1.0.0", "/noise"];
    private string? _agreed;

    // Both sides are run: two exceptions, each through three asynchronous methods, which a debug build makes objects of.
    public override long ConstantBytes => 64 * 1024;

    public override string Name => "multistream";

    public override IReadOnlyList<byte[]> Words { get; } =
        [.. new[] { "/multistream/1.0.0\n", "na\n", "ls\n", "/noise\n", "\u0007/noise\n", "\u0003na\n", "\n" }.Select(Encoding.Latin1.GetBytes), [0x80, 0x08], [0x81, 0x08]];

    public override bool Decode(object input)
    {
        var answering = MultistreamSelect.AnswerAsync(new ScriptedStream((byte[])input, pieceBytes: 5), name => Known.FirstOrDefault(known => known == name), default);
        var proposing = MultistreamSelect.ProposeAsync(new ScriptedStream((byte[])input), Known, default).AsTask();
        _ = proposing.ContinueWith(task => task.Exception, TaskScheduler.Default);
        Require(answering.IsCompleted && proposing.IsCompleted, "Nothing is waited for that has come.");
        Require(proposing.Exception?.InnerException is null or ProtocolViolationException, "A proposer's refusal has a name.");
        return (_agreed = answering.GetAwaiter().GetResult()) is not null;
    }

    public override void Check(object input) => Require(
        Encoding.UTF8.GetString((byte[])input).Contains(_agreed + "\n", StringComparison.Ordinal), "What is agreed on was proposed.");

    protected override IEnumerable<byte[]> MakeCorpus() =>
    [
        Messages("/multistream/1.0.0", "/tls/1.0.0"),
        Messages("/multistream/1.0.0", "/secio/1.0.0", "/plaintext/2.0.0", "/noise"),
        Messages("/multistream/1.0.0", "na", "/noise"),
    ];

    private static byte[] Messages(params string[] texts) =>
        [.. texts.SelectMany(text => (byte[])[(byte)(text.Length + 1), .. Encoding.Latin1.GetBytes(text), (byte)'\n'])];
}

/// <summary>
/// A whole session whose peer sends mutated frames, in both roles. A stream that the peer opens is two pipes, its first segment and its
/// handler; how many may be open is limited, and a stream that is reset is let go of. A frame is given a buffer once its header is read.
/// </summary>
internal sealed class YamuxTarget : FuzzTarget
{
    private const int MaxStreams = 16;
    private const int BytesPerStream = 10 * 1024;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly YamuxLimits Limits = new() { MaxInboundStreams = MaxStreams, MaxUnreadBytesPerConnection = 32 * 1024 };

    private int _opened;
    private Exception? _fault;

    public override string Name => "yamux";

    public override long ConstantBytes => YamuxLimits.MaxFrameBytes + (48 * 1024);

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        Frame(YamuxType.Data, YamuxFlags.Syn, 5, 0), Frame(YamuxType.Data, YamuxFlags.Fin, 1, 0), Frame(YamuxType.WindowUpdate, YamuxFlags.Reset, 1, 0),
        Frame(YamuxType.WindowUpdate, YamuxFlags.Ack, 1, uint.MaxValue), Frame(YamuxType.Ping, YamuxFlags.Syn, 0, 1), Frame(YamuxType.GoAway, YamuxFlags.None, 0, 0),
        Frame(YamuxType.Data, YamuxFlags.None, 1, 4, 1, 2, 3, 4),
    ];

    public override long AllowedBytes(byte[] input) => base.AllowedBytes(input) + ((long)_opened * BytesPerStream);

    public override bool Decode(object input)
    {
        var bytes = (byte[])input;
        var isDialer = bytes.Length > 0 && (bytes[0] & 1) == 1;
        var wire = new ScriptedStream(bytes.AsMemory(Math.Min(1, bytes.Length)), pieceBytes: 4096);
        (_opened, _fault) = (0, null);
        var session = new Yamux(wire, wire, isDialer, Limits, TimeProvider.System, OnInbound);
        for (var i = 0; i < 2; i++)
        {
            var opening = session.OpenAsync(default);
            Require(opening.IsCompletedSuccessfully, "A stream is opened at once.");
            Play(opening.GetAwaiter().GetResult());
        }

        if ((bytes.FirstOrDefault() & 2) != 0)
        {
            // It says goodbye while the peer still talks.
            _ = session.DisposeAsync().AsTask();
        }

        // What the peer has said is received here and now, since it has all come.
        session.Start();
        Require(session.Closed.Wait(Limit), "A session whose peer is gone ends.");
        Require(session.Failure is StreamResetException or ProtocolViolationException or IOException, $"A session ends by name, not by {session.Failure}.");
        Require(_fault is null, $"A stream fails by name, not by {_fault}.");
        return session.Failure is StreamResetException;
    }

    protected override IEnumerable<byte[]> MakeCorpus() =>
    [
        [0, .. Frame(YamuxType.Data, YamuxFlags.Syn, 1, 5, [.. "hello"u8]), .. Frame(YamuxType.Data, YamuxFlags.None, 1, 3, 1, 2, 3),
            .. Frame(YamuxType.WindowUpdate, YamuxFlags.None, 1, 1000), .. Frame(YamuxType.Data, YamuxFlags.Fin, 1, 0)],
        [0, .. Frame(YamuxType.WindowUpdate, YamuxFlags.Syn, 1, 0), .. Frame(YamuxType.WindowUpdate, YamuxFlags.Syn, 3, 9),
            .. Frame(YamuxType.Data, YamuxFlags.Syn, 5, 1, 7), .. Frame(YamuxType.Data, YamuxFlags.Syn, 7, 1, 7), .. Frame(YamuxType.WindowUpdate, YamuxFlags.Reset, 3, 0)],
        [1, .. Frame(YamuxType.WindowUpdate, YamuxFlags.Ack, 1, 0), .. Frame(YamuxType.Data, YamuxFlags.Ack, 3, 4, 1, 2, 3, 4),
            .. Frame(YamuxType.Data, YamuxFlags.Fin, 3, 0), .. Frame(YamuxType.Data, YamuxFlags.Syn | YamuxFlags.Fin, 2, 2, 1, 2)],
        [0, .. Frame(YamuxType.Ping, YamuxFlags.Syn, 0, 77), .. Frame(YamuxType.Ping, YamuxFlags.Ack, 0, 1), .. Frame(YamuxType.GoAway, YamuxFlags.None, 0, 0)],
        [0, .. Enumerable.Range(0, MaxStreams + 4).SelectMany(i => Frame(YamuxType.WindowUpdate, YamuxFlags.Syn, (uint)((2 * i) + 1), 0))],
        [2, .. Frame(YamuxType.Data, YamuxFlags.Syn, 1, 5, [.. "hello"u8]), .. Frame(YamuxType.WindowUpdate, YamuxFlags.Syn, 3, 0)],
        [1, .. Frame(YamuxType.Data, YamuxFlags.Syn, 2, 300, new byte[300]), .. Frame(YamuxType.Data, YamuxFlags.None, 9, 20, new byte[20])],
    ];

    private static byte[] Frame(YamuxType type, YamuxFlags flags, uint id, uint length, params byte[] payload)
    {
        var header = new byte[YamuxHeader.Bytes];
        new YamuxHeader(type, flags, id, length).Write(header);
        return [.. header, .. payload];
    }

    private void OnInbound(YamuxStream stream)
    {
        _opened++;
        Play(stream);
    }

    /// <summary>What users do with streams: nothing, reset, close both ends, echo.</summary>
    private void Play(YamuxStream stream)
    {
        switch ((stream.Id >> 1) & 3)
        {
            case 0:
                _ = EchoAsync(stream);
                break;
            case 1:
                break;
            case 2:
                stream.Input.Complete();
                stream.Output.Complete();
                break;
            default:
                stream.Session.Reset(stream);
                break;
        }
    }

    private async Task EchoAsync(YamuxStream stream)
    {
        try
        {
            await stream.Input.CopyToAsync(stream.Output);
            await stream.Output.CompleteAsync();
            await stream.Input.CompleteAsync();
        }
        catch (StreamResetException)
        {
            // As documented.
        }
        catch (Exception error)
        {
            _fault = error;
        }
    }
}
