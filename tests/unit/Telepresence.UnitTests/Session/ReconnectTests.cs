using System.Collections.Concurrent;
using System.Net;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging.Abstractions;
using Telepresence.Client.Errors;
using Telepresence.Engine.Manager;
using Telepresence.Engine.Session;
using Telepresence.Engine.Session.Configuration;
using Telepresence.Protocol;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Cluster;
using Telepresence.TrafficManager.Compatibility;
using Telepresence.TrafficManager.Grpc;
using Telepresence.UnitTests.Manager;
using Telepresence.UnitTests.TrafficManager;

namespace Telepresence.UnitTests.Session;

/// <summary>What a link does when the way to its manager is lost.</summary>
public class ReconnectTests
{
    private static readonly ManagerConnectionOptions Options = new()
    {
        Name = "me@here",
        InstallId = "id",
        Namespace = "default",
        ManagerNamespace = "manager",
        ReconnectWait = ManagerFixture.Patience,
    };

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task Open_flows_end_at_once_and_new_ones_wait_for_the_same_session_to_be_back()
    {
        await using var manager = await ManagerFixture.StartAsync();
        using var listener = TunnelTests.Listener();
        using var access = new Access(manager.ConnectAsync);
        await using var link = new ClusterLink(access, Options, NullLoggerFactory.Instance);
        await link.ConnectAsync(null, default);
        var session = link.Connection.Session.SessionId;
        var open = new FakeTcpFlow();
        var carrying = link.CarryAsync(open, TunnelTests.EndPointOf(listener), "", default);
        Assert.Equal("accept", await open.Answer.WaitAsync(ManagerFixture.Patience));

        var outage = access.BeginOutage();
        await access.CutAsync();
        await open.Aborted.WaitAsync(ManagerFixture.Patience);
        await carrying.WaitAsync(ManagerFixture.Patience);

        var late = new FakeTcpFlow();
        var waiting = link.CarryAsync(late, TunnelTests.EndPointOf(listener), "", default);
        await access.Tried.WaitAsync(ManagerFixture.Patience);
        Assert.False(late.Answer.IsCompleted);
        outage.SetResult();
        Assert.Equal("accept", await late.Answer.WaitAsync(ManagerFixture.Patience));
        Assert.Equal(session, link.Connection.Session.SessionId);
        late.ApplicationResets();
        await waiting.WaitAsync(ManagerFixture.Patience);
    }

    [Fact]
    public async Task The_state_is_lost_until_the_manager_has_answered_and_names_the_reason()
    {
        await using var manager = await ManagerFixture.StartAsync();
        using var access = new Access(manager.ConnectAsync);
        await using var link = new ClusterLink(access, Options, NullLoggerFactory.Instance);
        await link.ConnectAsync(null, default);
        var states = new BlockingCollection<(bool Lost, Exception? Why)>();
        link.LostChanged += (lost, why) => states.Add((lost, why));
        access.Open = _ => throw ErrorCatalogue.Error(ErrorId.ClusterUnreachable, null);
        await access.CutAsync();
        Assert.Equal((true, null), Take(states));
        (bool Lost, Exception? Why) refused;
        // The first attempt may have gone over the connection that was just cut.
        while (!Assert.IsType<TelepresenceException>((refused = Take(states)).Why).Is(ErrorId.ClusterUnreachable))
            Assert.True(refused.Lost);
        Assert.True(refused.Lost);
        access.Open = manager.ConnectAsync;
        (bool Lost, Exception? Why) state;
        while ((state = Take(states)).Lost)
            Assert.NotNull(state.Why);
        Assert.Null(state.Why);
    }

    [Fact]
    public async Task What_waits_longer_than_it_may_is_unreachable()
    {
        var time = new ManualTimeProvider();
        await using var manager = await ManagerFixture.StartAsync();
        using var access = new Access(manager.ConnectAsync);
        var options = Options with
        {
            TimeProvider = time,
            Tunnels = new TunnelOptions { TimeProvider = time },
            ReconnectWait = TimeSpan.FromSeconds(7),
            LookupTimeout = TimeSpan.FromSeconds(3.5),
        };
        await using var link = new ClusterLink(access, options, NullLoggerFactory.Instance);
        await link.ConnectAsync(null, default);
        access.BeginOutage();
        await access.CutAsync();
        // The first attempt may have gone over the connection that was just cut.
        while (await Task.WhenAny(access.Tried, time.TimerIsSetAsync(FirstPause)) != access.Tried)
            time.Advance(FirstPause);

        var flow = new FakeTcpFlow();
        var carrying = link.CarryAsync(flow, IPEndPoint.Parse("10.96.0.9:80"), "", default);
        var datagrams = new FakeUdpFlow();
        var carryingDatagrams = link.CarryAsync(datagrams, IPEndPoint.Parse("10.96.0.9:80"), "", default);
        var lookup = link.LookupAsync("web.", 1, default).AsTask();
        await time.TimerIsSetAsync(options.LookupTimeout);
        time.Advance(options.LookupTimeout);
        await Assert.ThrowsAsync<TimeoutException>(() => lookup);
        Assert.False(flow.Answer.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(3.5));
        Assert.Equal("unreachable", await flow.Answer.WaitAsync(ManagerFixture.Patience));
        await carrying.WaitAsync(ManagerFixture.Patience);
        await carryingDatagrams.WaitAsync(ManagerFixture.Patience);
        Assert.True(datagrams.WasUnreachable);
    }

    [Fact]
    public async Task A_look_up_during_the_outage_is_answered_after_it()
    {
        await using var manager = await ManagerFixture.StartAsync();
        manager.Names[("web.default.svc.cluster.local.", 1)] = new ClusterDnsAnswer(
            0,
            [new ClusterDnsRecord("web.default.svc.cluster.local.", 1, [10, 96, 0, 9], 30)]
        );
        using var access = new Access(manager.ConnectAsync);
        var options = Options with { LookupTimeout = ManagerFixture.Patience };
        await using var link = new ClusterLink(access, options, NullLoggerFactory.Instance);
        await link.ConnectAsync(null, default);
        var outage = access.BeginOutage();
        await access.CutAsync();
        var lookup = link.LookupAsync("web.", 1, default).AsTask();
        await access.Tried.WaitAsync(ManagerFixture.Patience);
        outage.SetResult();
        Assert.Equal(0, (await lookup.WaitAsync(ManagerFixture.Patience)).ResponseCode);
    }

    [Theory]
    [InlineData("2.22", false)]
    [InlineData("2.25", true)]
    public async Task A_manager_that_was_replaced_is_followed_with_the_session_or_a_new_one(string release, bool keeps)
    {
        var old = await ManagerFixture.StartAsync();
        await using var replacement = await ManagerFixture.StartAsync(adjust: o =>
            o.Emulating(ManagerRelease.Parse(release))
        );
        using var listener = TunnelTests.Listener();
        using var access = new Access(old.ConnectAsync);
        await using var link = new ClusterLink(access, Options, NullLoggerFactory.Instance);
        await link.ConnectAsync(null, default);
        var session = link.Connection.Session.SessionId;
        var told = new TaskCompletionSource<ManagerClusterInfo>();
        link.InfoChanged += info => told.TrySetResult(info);
        replacement.Current = replacement.Current with { PodSubnets = [IPNetwork.Parse("10.250.0.0/16")] };
        access.Open = replacement.ConnectAsync;
        await old.DisposeAsync();
        var flow = new FakeTcpFlow();
        var carrying = link.CarryAsync(flow, TunnelTests.EndPointOf(listener), "", default);
        Assert.Equal("accept", await flow.Answer.WaitAsync(ManagerFixture.Patience));
        Assert.Equal(keeps, session == link.Connection.Session.SessionId);
        Assert.Equal(replacement.Current.PodSubnets, (await told.Task.WaitAsync(ManagerFixture.Patience)).PodSubnets);
        flow.ApplicationResets();
        await carrying.WaitAsync(ManagerFixture.Patience);
    }

    [Fact]
    public async Task No_failure_on_the_way_to_a_new_session_ends_the_search_for_it()
    {
        var old = await ManagerFixture.StartAsync();
        await using var replacement = await ManagerFixture.StartAsync(adjust: o =>
            o.Emulating(ManagerRelease.Parse("2.22"))
        );
        using var listener = TunnelTests.Listener();
        using var access = new Access(old.ConnectAsync);
        await using var link = new ClusterLink(access, Options, NullLoggerFactory.Instance);
        await link.ConnectAsync(null, default);
        var opened = 0;
        // The first finds that its session is not known.
        access.Open = token =>
            Interlocked.Increment(ref opened) switch
            {
                2 => throw new InvalidOperationException("as a fault of ours"),
                3 => throw new OperationCanceledException("as a stream that was given up"),
                _ => replacement.ConnectAsync(token),
            };
        await old.DisposeAsync();
        var flow = new FakeTcpFlow();
        var carrying = link.CarryAsync(flow, TunnelTests.EndPointOf(listener), "", default);
        Assert.Equal("accept", await flow.Answer.WaitAsync(ManagerFixture.Patience));
        Assert.True(opened > 3);
        flow.ApplicationResets();
        await carrying.WaitAsync(ManagerFixture.Patience);
    }

    [Fact]
    public async Task A_way_that_went_silent_is_noticed_by_the_heartbeat_and_replaced()
    {
        await using var manager = await ManagerFixture.StartAsync();
        using var listener = TunnelTests.Listener();
        using var access = new Access(manager.ConnectAsync);
        var options = Options with
        {
            RemainInterval = TimeSpan.FromMilliseconds(50),
            RemainTimeout = TimeSpan.FromSeconds(2),
        };
        await using var link = new ClusterLink(access, options, NullLoggerFactory.Instance);
        await link.ConnectAsync(null, default);
        var flow = new FakeTcpFlow();
        var carrying = link.CarryAsync(flow, TunnelTests.EndPointOf(listener), "", default);
        Assert.Equal("accept", await flow.Answer.WaitAsync(ManagerFixture.Patience));
        access.Last!.FallSilent();
        await flow.Aborted.WaitAsync(ManagerFixture.Patience);
        await carrying.WaitAsync(ManagerFixture.Patience);
        var again = new FakeTcpFlow();
        carrying = link.CarryAsync(again, TunnelTests.EndPointOf(listener), "", default);
        Assert.Equal("accept", await again.Answer.WaitAsync(ManagerFixture.Patience));
        Assert.True(access.Opened > 1);
        again.ApplicationResets();
        await carrying.WaitAsync(ManagerFixture.Patience);
    }

    [Fact]
    public async Task A_link_that_is_lost_closes_at_once()
    {
        await using var manager = await ManagerFixture.StartAsync();
        using var access = new Access(manager.ConnectAsync);
        // A close that waited for the attempt would never end.
        var options = Options with
        {
            RemainTimeout = TimeSpan.FromDays(1),
        };
        var link = new ClusterLink(access, options, NullLoggerFactory.Instance);
        await link.ConnectAsync(null, default);
        access.BeginOutage();
        await access.CutAsync();
        await access.Tried.WaitAsync(ManagerFixture.Patience);
        await link.DisposeAsync().AsTask().WaitAsync(ManagerFixture.Patience);
        await access.GivenUp.WaitAsync(ManagerFixture.Patience);
    }

    [Fact]
    public async Task A_manager_that_takes_the_session_over_keeps_it()
    {
        var forgot = false;
        ReconnectClientRequest? asked = null;
        var methods = new MethodTable();
        methods.Unary(
            ManagerMethods.Version,
            (_, _) => ValueTask.FromResult(new VersionInfo2 { Name = "fake", Version = "v2.25.0" })
        );
        methods.Unary(
            ManagerMethods.ArriveAsClient,
            (_, _) => ValueTask.FromResult(new SessionInfo { SessionId = "first" })
        );
        methods.Unary(ManagerMethods.GetClientConfig, (_, _) => ValueTask.FromResult(new CLIConfig()));
        methods.Unary(ManagerMethods.Depart, (_, _) => ValueTask.FromResult(new Empty()));
        methods.Unary(
            ManagerMethods.Remain,
            (_, _) =>
                forgot && asked is null
                    ? throw new RpcException(StatusCode.NotFound, "unknown session")
                    : ValueTask.FromResult(new Empty())
        );
        methods.Unary(
            ManagerMethods.ReconnectClient,
            (request, _) =>
            {
                asked = request;
                return ValueTask.FromResult(new Empty());
            }
        );
        await using var listener = await GrpcListener.StartAsync(methods);
        await using var connection = await ManagerConnection.OpenAsync(listener.ConnectAsync, Options, default);
        var back = new TaskCompletionSource();
        connection.ReachableChanged += (isReachable, _) =>
        {
            if (isReachable)
                back.TrySetResult();
        };
        forgot = true;
        await listener.Last!.DisposeAsync();
        await back.Task.WaitAsync(ManagerFixture.Patience);
        Assert.Equal("first", asked!.Session.SessionId);
        Assert.Equal("me@here", asked.Client.Name);
        Assert.False(connection.Lost.IsCompleted);
    }

    private static (bool Lost, Exception? Why) Take(BlockingCollection<(bool Lost, Exception? Why)> states)
    {
        Assert.True(states.TryTake(out var state, ManagerFixture.Patience));
        return state;
    }

    /// <summary>A way to a manager that a test cuts, blocks and leads elsewhere.</summary>
    private sealed class Access(Func<CancellationToken, ValueTask<Stream>> open) : IClusterAccess
    {
        private readonly TaskCompletionSource _tried = NewSignal();
        private readonly TaskCompletionSource _givenUp = NewSignal();
        private int _opened;

        public Func<CancellationToken, ValueTask<Stream>> Open { get; set; } = open;
        public SilenceableStream? Last { get; private set; }
        public int Opened => Volatile.Read(ref _opened);

        /// <summary>During an outage somebody has asked for a stream.</summary>
        public Task Tried => _tried.Task;

        /// <summary>Whoever asked for one during an outage wants it no more.</summary>
        public Task GivenUp => _givenUp.Task;

        public string Context => "";
        public string Server => "";
        public string DefaultNamespace => "default";
        public string ManagerNamespace => "manager";
        public ClientConfiguration Configuration => ClientConfiguration.Empty;

        /// <summary>Streams are not opened before the result is set.</summary>
        public TaskCompletionSource BeginOutage()
        {
            var before = Open;
            var over = NewSignal();
            Open = async cancellationToken =>
            {
                _tried.TrySetResult();
                try
                {
                    await over.Task.WaitAsync(cancellationToken);
                }
                catch (OperationCanceledException)
                {
                    _givenUp.TrySetResult();
                    throw;
                }
                return await before(cancellationToken);
            };
            return over;
        }

        public async Task CutAsync() => await Last!.DisposeAsync();

        public Task<IReadOnlyList<IPAddress>> GetServerAddressesAsync(CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<IPAddress>>([]);

        public Task<IReadOnlyList<string>?> GetNamespacesAsync(CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<string>?>(null);

        public async Task<Stream> OpenManagerStreamAsync(
            IProgress<ConnectStep>? progress,
            CancellationToken cancellationToken
        )
        {
            var stream = new SilenceableStream(await Open(cancellationToken));
            Interlocked.Increment(ref _opened);
            return Last = stream;
        }

        public void Dispose() { }

        private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>A stream that can become what a connection is after the laptop slept: open, and nothing comes.</summary>
    private sealed class SilenceableStream(Stream inner) : DuplexStream
    {
        private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile bool _isSilent;

        public void FallSilent() => _isSilent = true;

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer,
            CancellationToken cancellationToken = default
        )
        {
            var count = await inner.ReadAsync(buffer, cancellationToken);
            if (!_isSilent)
                return count;
            await _closed.Task.WaitAsync(cancellationToken);
            throw new IOException("closed");
        }

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer,
            CancellationToken cancellationToken = default
        ) => _isSilent ? ValueTask.CompletedTask : inner.WriteAsync(buffer, cancellationToken);

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override void Flush() { }

        protected override void Dispose(bool disposing)
        {
            _closed.TrySetResult();
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
