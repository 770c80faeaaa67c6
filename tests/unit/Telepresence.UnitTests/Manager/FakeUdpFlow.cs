using System.Net;
using System.Threading.Channels;
using Telepresence.Engine.NetStack;

namespace Telepresence.UnitTests.Manager;

/// <summary>A UDP flow whose application is the test.</summary>
internal sealed class FakeUdpFlow : IUdpFlow
{
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Channel<byte[]> FromApplication { get; } = Channel.CreateUnbounded<byte[]>();

    public Channel<byte[]> ToApplication { get; } = Channel.CreateUnbounded<byte[]>();

    public FlowEndpoints Endpoints { get; } =
        new(IPEndPoint.Parse("192.0.2.1:40000"), IPEndPoint.Parse("192.0.2.2:53"));

    public FlowStatistics Statistics => default;

    public Task Closed => _closed.Task;

    public bool WasUnreachable { get; private set; }

    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken) =>
        await FromApplication.Reader.WaitToReadAsync(cancellationToken)
        && FromApplication.Reader.TryRead(out var datagram)
            ? datagram
            : default(ReadOnlyMemory<byte>?);

    public bool Send(ReadOnlySpan<byte> payload) => ToApplication.Writer.TryWrite(payload.ToArray());

    public void Unreachable()
    {
        WasUnreachable = true;
        Close();
    }

    public void Close() => _closed.TrySetResult();
}
