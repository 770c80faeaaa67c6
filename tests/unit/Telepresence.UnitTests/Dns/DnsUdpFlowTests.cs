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

    [Fact]
    public async Task A_forwarder_with_a_hundred_queries_under_way_loses_none()
    {
        const int queries = 100;
        var release = new TaskCompletionSource();
        var cluster = new FakeCluster { Before = (_, _, _) => release.Task };
        var names = Enumerable.Range(0, queries).Select(i => $"n{i}.").ToArray();
        Array.ForEach(names, name => cluster.HasAddress(name, "10.0.0.1"));
        using var server = Servers.Create(cluster);
        var incoming = Channel.CreateUnbounded<byte[]?>();
        var outgoing = Channel.CreateUnbounded<string>();
        var sending = new ChannelFlow(incoming, outgoing);
        var serving = new DnsFlows(Servers.Front(null, null, server), TimeProvider.System).ServeAsync(
            sending,
            CancellationToken.None
        );
        foreach (var name in names)
            incoming.Writer.TryWrite(DnsMessages.Query(name, 1));
        incoming.Writer.TryWrite(null);
        await sending.Ended.WaitAsync(Deadline);
        release.SetResult();
        await serving.WaitAsync(Deadline);

        Assert.Equal(queries, outgoing.Reader.Count);
    }

    private sealed class ChannelFlow(Channel<byte[]?> incoming, Channel<string> sent) : IUdpFlow
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsClosed { get; private set; }

        /// <summary>Completes when all that comes in has been taken.</summary>
        public Task Ended => _ended.Task;

        public FlowEndpoints Endpoints => throw new NotSupportedException();

        public FlowStatistics Statistics => default;

        public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
        {
            if (await incoming.Reader.ReadAsync(cancellationToken) is { } query)
                return query;
            _ended.TrySetResult();
            return null;
        }

        public bool Send(ReadOnlySpan<byte> payload) =>
            sent.Writer.TryWrite(DnsMessages.Read(payload).Answers.Single());

        public void Unreachable() => throw new NotSupportedException();

        public void Close() => IsClosed = true;
    }
}
