using System.Buffers.Binary;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Threading.Tasks.Sources;
using Telepresence.Kubernetes;
using Telepresence.Protocol;
using Telepresence.Protocol.Http2;
using Telepresence.Protocol.Http2.Hpack;

namespace Telepresence.UnitTests.Protocol.Http2;

/// <summary>
/// A stream whose transport always has to wait, also below a port-forward. It is completed by the test's own thread, on which
/// everything then runs: what that thread allocates is all there is.
/// </summary>
[SuppressMessage("Reliability", "CA2012", Justification = "Each is asserted to have completed.")]
public class SteadyStateAllocationTests
{
    private const int Length = 32 * 1024;
    private const int Rounds = 200;

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Writing_allocates_nothing(bool isForwarded)
    {
        using var scene = Start(isForwarded);
        var message = new byte[Length];
        Assert.Equal(0, Measure(() => scene.Write(message)));
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Reading_allocates_nothing(bool isForwarded)
    {
        using var scene = Start(isForwarded);
        var frame = scene.Frame(Http2FrameType.Data, 1, new byte[Length]);
        var buffer = new byte[Length];
        Assert.Equal(0, Measure(() => scene.Read(frame, buffer)));
    }

    private static Scene Start(bool isForwarded)
    {
        var build = typeof(PortForwardStream).Assembly.GetCustomAttribute<DebuggableAttribute>();
        // Nothing to pool there: each call of an asynchronous method allocates its state, whatever its builder.
        Skip.If(isForwarded && build is { IsJITOptimizerDisabled: true }, "needs a release build of the port-forward");
        return new Scene(isForwarded);
    }

    private static long Measure(Action round)
    {
        for (var i = 0; i < Rounds; i++)
            round();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Rounds; i++)
            round();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private sealed class Scene : IDisposable
    {
        private readonly WaitingTransport _transport = new();
        private readonly bool _isForwarded;
        private readonly Http2Connection _connection;
        private readonly Http2Stream _stream;

        public Scene(bool isForwarded)
        {
            _isForwarded = isForwarded;
            _connection = Http2Connection.Start(
                isForwarded ? new PortForwardStream(_transport, "a pod") : _transport,
                new Http2ConnectionOptions(),
                TimeProvider.System
            );
            _transport.FinishWrites();
            // Each channel begins with its port.
            if (isForwarded)
                _transport.Receive([0x82, 3, 0, 0, 80, 0x82, 3, 1, 0, 80]);
            const uint most = int.MaxValue;
            _transport.Receive(Frame(Http2FrameType.Settings, 0, [0, 4, .. ScriptedServer.Word(most)]));
            _transport.Receive(Frame(Http2FrameType.WindowUpdate, 0, ScriptedServer.Word(most - ushort.MaxValue)));
            var opening = _connection.OpenAsync(ScriptedServer.Request, null, default);
            Assert.True(opening.IsCompletedSuccessfully);
            _stream = opening.Result;
            Write([0]);
            var status = ScriptedServer.Block(new HeaderField(":status", "200"));
            _transport.Receive(Frame(Http2FrameType.Headers, 1, status, Http2FrameFlags.EndHeaders));
            Assert.True(_stream.Response.IsCompletedSuccessfully);
        }

        /// <summary>Forwarded, in a WebSocket frame of its own, on the channel for data.</summary>
        public byte[] Frame(
            Http2FrameType type,
            int streamId,
            byte[] payload,
            Http2FrameFlags flags = Http2FrameFlags.None
        )
        {
            var header = new byte[Http2FrameHeader.Size];
            new Http2FrameHeader(payload.Length, type, flags, streamId).Write(header);
            if (!_isForwarded)
                return [.. header, .. payload];
            var length = new byte[sizeof(ushort)];
            BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)(1 + header.Length + payload.Length));
            return [0x82, 126, .. length, 0, .. header, .. payload];
        }

        public void Write(byte[] message)
        {
            var writing = _stream.WriteAsync(default, message, flush: true, default);
            _transport.FinishWrites();
            Assert.True(writing.IsCompletedSuccessfully);
        }

        public void Read(byte[] frame, byte[] buffer)
        {
            _transport.Receive(frame);
            for (var read = 0; read < Length; )
            {
                var reading = _stream.ReadAsync(buffer.AsMemory(read), default);
                Assert.True(reading.IsCompletedSuccessfully);
                read += reading.Result;
            }
            _transport.FinishWrites();
        }

        public void Dispose() => _connection.Dispose();
    }

    /// <summary>No read and no write ends before the test says so.</summary>
    private sealed class WaitingTransport : DuplexStream
    {
        private readonly Pending _read = new();
        private readonly Pending _write = new();
        private Memory<byte> _destination;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _destination = buffer;
            return _read.Begin();
        }

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer,
            CancellationToken cancellationToken = default
        ) => _write.BeginWithoutResult();

        public void Receive(byte[] bytes)
        {
            for (var left = bytes.AsSpan(); !left.IsEmpty; )
            {
                var count = Math.Min(left.Length, _destination.Length);
                left[..count].CopyTo(_destination.Span);
                left = left[count..];
                _read.End(count);
            }
        }

        public void FinishWrites()
        {
            while (_write.IsBegun)
                _write.End(0);
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override void Flush() { }
    }

    /// <summary>Goes on within <see cref="End"/>.</summary>
    private sealed class Pending : IValueTaskSource<int>, IValueTaskSource
    {
        private ManualResetValueTaskSourceCore<int> _core;

        public bool IsBegun { get; private set; }

        public ValueTask<int> Begin()
        {
            Reset();
            return new ValueTask<int>(this, _core.Version);
        }

        public ValueTask BeginWithoutResult()
        {
            Reset();
            return new ValueTask(this, _core.Version);
        }

        public void End(int result)
        {
            IsBegun = false;
            _core.SetResult(result);
        }

        public int GetResult(short token) => _core.GetResult(token);

        void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

        public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

        public void OnCompleted(
            Action<object?> continuation,
            object? state,
            short token,
            ValueTaskSourceOnCompletedFlags flags
        ) => _core.OnCompleted(continuation, state, token, flags);

        private void Reset()
        {
            _core.Reset();
            IsBegun = true;
        }
    }
}
