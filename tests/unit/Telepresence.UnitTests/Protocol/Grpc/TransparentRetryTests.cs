using Google.Protobuf.WellKnownTypes;
using Telepresence.Protocol;
using Telepresence.Protocol.Grpc;
using Telepresence.TrafficManager.Grpc;
using Telepresence.UnitTests.Manager;
using Telepresence.UnitTests.TrafficManager;

namespace Telepresence.UnitTests.Protocol.Grpc;

/// <summary>A connection that breaks under a call: which calls another connection serves, and which only their caller can repeat.</summary>
public class TransparentRetryTests
{
    private static readonly TimeSpan Patience = ManagerFixture.Patience;

    [Fact]
    public async Task A_call_that_never_left_goes_out_on_another_connection_and_one_that_may_have_is_Unavailable()
    {
        var methods = new MethodTable();
        methods.Unary(GrpcServerFixture.Unary, (request, _) => new(request));
        await using var listener = await GrpcListener.StartAsync(methods);
        BreakableStream? last = null;
        using var channel = new GrpcChannel(async token =>
            last = new BreakableStream(await listener.ConnectAsync(token))
        );
        Assert.Equal("zero", await CallAsync(channel, "zero"));

        last!.Hold();
        var left = CallAsync(channel, "left");
        var waits = CallAsync(channel, "waits");
        await last.DisposeAsync();
        var e = await Assert.ThrowsAsync<RpcException>(() => left.WaitAsync(Patience));
        Assert.Equal(StatusCode.Unavailable, e.StatusCode);
        Assert.Equal("waits", await waits.WaitAsync(Patience));
        Assert.Equal(2, listener.Connections);
    }

    private static async Task<string> CallAsync(GrpcChannel channel, string text)
    {
        using var call = channel.AsyncUnaryCall(GrpcServerFixture.Unary, default, new StringValue { Value = text });
        return (await call).Value;
    }

    /// <summary>A transport whose writes can be stopped; what is given to it then never arrives.</summary>
    private sealed class BreakableStream(Stream inner) : DuplexStream
    {
        private volatile bool _isHeld;

        public override bool CanWrite => inner.CanWrite;

        public void Hold() => _isHeld = true;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer,
            CancellationToken cancellationToken = default
        ) =>
            _isHeld
                ? new(Task.Delay(Timeout.Infinite, cancellationToken))
                : inner.WriteAsync(buffer, cancellationToken);

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override void Flush() => inner.Flush();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
