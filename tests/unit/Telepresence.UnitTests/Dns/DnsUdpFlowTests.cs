using System.Threading.Channels;
using Telepresence.Engine.Dns;
using Telepresence.Engine.NetStack;

namespace Telepresence.UnitTests.Dns;

public sealed class DnsUdpFlowTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_query_that_waits_does_not_hold_up_the_next_one()
    {
        var release = new TaskCompletionSource();
        var cluster = new FakeCluster { Before = (name, _, _) => name == "slow." ? release.Task : Task.CompletedTask }
            .HasAddress("slow.", "10.0.0.1")
            .HasAddress("fast.", "10.0.0.2");
        using var server = Servers.Create(cluster);
        var incoming = Channel.CreateUnbounded<byte[]?>();
        var outgoing = Channel.CreateUnbounded<string>();
        var sending = new ChannelFlow(incoming, outgoing);

        var serving = new DnsFlows(Servers.Front(null, null, server), TimeProvider.System).ServeAsync(
            sending,
            CancellationToken.None
        );
        incoming.Writer.TryWrite(DnsMessages.Query("slow.", 1));
        incoming.Writer.TryWrite(DnsMessages.Query("fast.", 1));
        Assert.Equal("fast. 4 1 10.0.0.2", await outgoing.Reader.ReadAsync().AsTask().WaitAsync(Deadline));
        release.SetResult();
        Assert.Equal("slow. 4 1 10.0.0.1", await outgoing.Reader.ReadAsync().AsTask().WaitAsync(Deadline));
        incoming.Writer.TryWrite(null);
        await serving.WaitAsync(Deadline);

        Assert.True(sending.IsClosed);
    }

    private sealed class ChannelFlow(Channel<byte[]?> incoming, Channel<string> sent) : IUdpFlow
    {
        public bool IsClosed { get; private set; }

        public FlowEndpoints Endpoints => throw new NotSupportedException();

        public FlowStatistics Statistics => default;

        public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken) =>
            await incoming.Reader.ReadAsync(cancellationToken) is { } query ? (ReadOnlyMemory<byte>)query : null;

        public bool Send(ReadOnlySpan<byte> payload) =>
            sent.Writer.TryWrite(DnsMessages.Read(payload).Answers.Single());

        public void Unreachable() => throw new NotSupportedException();

        public void Close() => IsClosed = true;
    }
}
