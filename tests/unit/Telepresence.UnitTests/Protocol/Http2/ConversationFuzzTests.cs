using Telepresence.Protocol;
using Telepresence.Protocol.Http2;
using Telepresence.Protocol.Http2.Hpack;

namespace Telepresence.UnitTests.Protocol.Http2;

/// <summary>What a server may say, changed at random and cut anywhere: calls end, and with nothing but the errors they may end with.</summary>
public class ConversationFuzzTests
{
    private const int Cases = 3000;

    [Fact]
    public async Task A_changed_conversation_ends_calls_with_typed_errors_only()
    {
        var random = new Random(9113);
        var good = Conversation();
        for (var i = 0; i < Cases; i++)
        {
            var bytes = good.ToArray();
            // The first case is the good one, cut into pieces.
            for (var change = i == 0 ? 0 : random.Next(1, 4); change > 0; change--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            using var client = Http2Connection.Start(
                new Playback(bytes, random.Next(1, 40)),
                new Http2ConnectionOptions(),
                TimeProvider.System
            );
            var ended = await Task.WhenAll(CallAsync(client), CallAsync(client)).WaitAsync(ScriptedServer.Patience);
            await client.Completion.WaitAsync(ScriptedServer.Patience);
            if (i == 0)
                Assert.Equal([5, 5], ended);
        }
    }

    private static async Task<int> CallAsync(Http2Connection client)
    {
        try
        {
            using var stream = await client.OpenAsync(ScriptedServer.Request, [1], default);
            await stream.Response;
            return (await Http2ConnectionTests.ReadToEndAsync(stream)).Length;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            return -1;
        }
    }

    private static byte[] Conversation()
    {
        using var all = new MemoryStream();
        Add(Http2FrameType.Settings, 0, 0, 0, 4, 0, 1, 0, 0);
        Add(Http2FrameType.Settings, 1, 0);
        foreach (var id in (int[])[1, 3])
        {
            Add(
                Http2FrameType.Headers,
                4,
                id,
                ScriptedServer.Block(new(":status", "200"), new("content-type", "application/grpc"))
            );
            Add(Http2FrameType.Data, 0, id, 1, 2, 3);
            Add(Http2FrameType.Ping, 0, 0, new byte[8]);
            Add(Http2FrameType.WindowUpdate, 0, id, 0, 0, 1, 0);
            Add(Http2FrameType.Data, 8, id, 3, 4, 5, 0, 0, 0);
            Add(Http2FrameType.Headers, 1, id, ScriptedServer.Block(new HeaderField("grpc-status", "0"))[..3]);
            Add(Http2FrameType.Continuation, 4, id, ScriptedServer.Block(new HeaderField("grpc-status", "0"))[3..]);
        }
        Add(Http2FrameType.GoAway, 0, 0, new byte[8]);
        return all.ToArray();

        void Add(Http2FrameType type, int flags, int id, params byte[] payload)
        {
            var header = new byte[Http2FrameHeader.Size];
            new Http2FrameHeader(payload.Length, type, (Http2FrameFlags)flags, id).Write(header);
            all.Write(header);
            all.Write(payload);
        }
    }

    /// <summary>Speaks once two requests were sent, in pieces.</summary>
    private sealed class Playback(byte[] bytes, int piece) : DuplexStream
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly MemoryStream _source = new(bytes);
        private readonly MemoryStream _sent = new();

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer,
            CancellationToken cancellationToken = default
        )
        {
            await _asked.Task.WaitAsync(cancellationToken);
            return _source.Read(buffer.Span[..Math.Min(piece, buffer.Length)]);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _sent.Write(buffer.Span);
            if (IsAsked())
                _asked.TrySetResult();
            return default;
        }

        public override void Flush() { }

        protected override void Dispose(bool disposing)
        {
            _asked.TrySetResult();
            base.Dispose(disposing);
        }

        private bool IsAsked()
        {
            var requests = 0;
            var sent = _sent.ToArray();
            for (var at = 24; at + Http2FrameHeader.Size <= sent.Length; )
            {
                var header = Http2FrameHeader.Parse(sent.AsSpan(at));
                requests += header.Type == Http2FrameType.Headers ? 1 : 0;
                at += Http2FrameHeader.Size + header.Length;
            }
            return requests == 2;
        }
    }
}
