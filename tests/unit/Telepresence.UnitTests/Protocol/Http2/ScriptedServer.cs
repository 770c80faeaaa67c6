using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Telepresence.Protocol;
using Telepresence.Protocol.Http2;
using Telepresence.Protocol.Http2.Hpack;
using Telepresence.UnitTests.TrafficManager;

namespace Telepresence.UnitTests.Protocol.Http2;

/// <summary>The server's end of a connection, frame by frame, with the client's connection in front of it.</summary>
internal sealed class ScriptedServer : IDisposable
{
    public static readonly TimeSpan Patience = ManagerFixture.Patience;
    public static readonly HeaderField[] Request = [new(":method", "POST"), new(":path", "/")];
    private const int PrefaceLength = 24;
    private static readonly PipeOptions s_unbounded = new(pauseWriterThreshold: 0, useSynchronizationContext: false);

    private readonly Pipe _toServer = new(s_unbounded);
    private readonly Pipe _toClient = new(s_unbounded);
    private readonly Stream _reader;
    private readonly Transport _transport;

    private ScriptedServer(Http2ConnectionOptions options)
    {
        _reader = _toServer.Reader.AsStream();
        _transport = new Transport(_toClient.Reader, _toServer.Writer);
        Client = Http2Connection.Start(_transport, options, TimeProvider.System);
    }

    public Http2Connection Client { get; }

    /// <summary>Past the preface, the client's SETTINGS and its first WINDOW_UPDATE.</summary>
    public static async Task<ScriptedServer> StartAsync(Http2ConnectionOptions? options = null, bool greets = true)
    {
        var server = new ScriptedServer(options ?? new Http2ConnectionOptions());
        await server._reader.ReadExactlyAsync(new byte[PrefaceLength]).AsTask().WaitAsync(Patience);
        await server.ExpectAsync(Http2FrameType.Settings);
        await server.ExpectAsync(Http2FrameType.WindowUpdate);
        if (!greets)
            return server;
        await server.SendSettingsAsync();
        Assert.True((await server.ExpectAsync(Http2FrameType.Settings)).Header.Has(Http2FrameFlags.Ack));
        return server;
    }

    public async Task SendAsync(
        Http2FrameType type,
        int streamId,
        Http2FrameFlags flags = Http2FrameFlags.None,
        params byte[] payload
    )
    {
        var frame = new byte[Http2FrameHeader.Size + payload.Length];
        new Http2FrameHeader(payload.Length, type, flags, streamId).Write(frame);
        payload.CopyTo(frame, Http2FrameHeader.Size);
        await SendAsync(frame);
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await _toClient.Writer.WriteAsync(bytes);

    public Task SendSettingsAsync(params (Http2Setting Setting, uint Value)[] settings) =>
        SendAsync(
            Http2FrameType.Settings,
            0,
            Http2FrameFlags.None,
            [.. settings.SelectMany(s => Setting(s.Setting, s.Value))]
        );

    public Task SendHeadersAsync(int streamId, Http2FrameFlags flags, params HeaderField[] fields) =>
        SendAsync(Http2FrameType.Headers, streamId, flags | Http2FrameFlags.EndHeaders, Block(fields));

    public Task AnswerAsync(int streamId) =>
        SendHeadersAsync(streamId, Http2FrameFlags.None, new HeaderField(":status", "200"));

    public async Task<(Http2FrameHeader Header, byte[] Payload)> ReadAsync()
    {
        var header = new byte[Http2FrameHeader.Size];
        await _reader.ReadExactlyAsync(header).AsTask().WaitAsync(Patience);
        var parsed = Http2FrameHeader.Parse(header);
        var payload = new byte[parsed.Length];
        await _reader.ReadExactlyAsync(payload).AsTask().WaitAsync(Patience);
        return (parsed, payload);
    }

    public async Task<(Http2FrameHeader Header, byte[] Payload)> ExpectAsync(Http2FrameType type)
    {
        var frame = await ReadAsync();
        Assert.Equal(type, frame.Header.Type);
        return frame;
    }

    /// <summary>The next frame of that type; others are passed over.</summary>
    public async Task<(Http2FrameHeader Header, byte[] Payload)> FindAsync(Http2FrameType type)
    {
        while (true)
        {
            var frame = await ReadAsync();
            if (frame.Header.Type == type)
                return frame;
        }
    }

    public async Task<Http2ErrorCode> ExpectGoAwayAsync() =>
        (Http2ErrorCode)
            BinaryPrimitives.ReadUInt32BigEndian((await FindAsync(Http2FrameType.GoAway)).Payload.AsSpan(4));

    public async Task<Http2ErrorCode> ExpectResetAsync(int streamId)
    {
        var (header, payload) = await FindAsync(Http2FrameType.RstStream);
        Assert.Equal(streamId, header.StreamId);
        return (Http2ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(payload);
    }

    public Task<Http2Stream> OpenAsync(byte[]? onlyMessage = null) =>
        Client.OpenAsync(Request, onlyMessage, default).AsTask().WaitAsync(Patience);

    /// <summary>From now on the client's writes do not end, as when nobody reads at the other end.</summary>
    public void Hold() =>
        _transport.Held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What was held goes on.</summary>
    public void Release()
    {
        var held = _transport.Held!;
        _transport.Held = null;
        held.SetResult();
    }

    /// <summary>The client's next writes throw at once.</summary>
    public void RefuseWrites(Exception refusal) => _transport.Refusal = refusal;

    public void End() => _toClient.Writer.Complete();

    public void Dispose() => Client.Dispose();

    public static byte[] Word(uint value)
    {
        var bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    public static byte[] Block(params HeaderField[] fields)
    {
        var block = new ArrayBufferWriter<byte>();
        foreach (var field in fields)
            HpackEncoder.Write(block, field);
        return block.WrittenSpan.ToArray();
    }

    private static byte[] Setting(Http2Setting setting, uint value) => [0, (byte)setting, .. Word(value)];

    private sealed class Transport(PipeReader reader, PipeWriter writer) : DuplexStream
    {
        private readonly Stream _input = reader.AsStream();
        private volatile TaskCompletionSource? _held;

        public TaskCompletionSource? Held
        {
            get => _held;
            set => _held = value;
        }

        public Exception? Refusal { get; set; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            _input.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer,
            CancellationToken cancellationToken = default
        ) => Refusal is null ? WriteHeldAsync(buffer, cancellationToken) : throw Refusal;

        public override void Flush() { }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                reader.CancelPendingRead();
                writer.Complete();
            }
            base.Dispose(disposing);
        }

        private async ValueTask WriteHeldAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
        {
            if (Held is { } held)
                await held.Task;
            await writer.WriteAsync(buffer, cancellationToken);
        }
    }
}
