using Google.Protobuf.WellKnownTypes;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Health;
using Telepresence.Protocol.Manager;

namespace Telepresence.UnitTests.TrafficManager;

public class SessionTests
{
    [Fact]
    public async Task A_client_arrives_remains_and_departs()
    {
        await using var manager = await ManagerFixture.StartAsync();
        var version = await manager.Client.Version();
        Assert.Equal("v2.25.0", version.Version);
        var session = await manager.ArriveAsync();
        Assert.Equal("install", session.ManagerInstallId);
        Assert.Equal("id", session.InstallId);
        await manager.Client.Remain(new RemainRequest { Session = session });
        var kinds = await manager.Client.GetKnownWorkloadKinds(session);
        Assert.Contains(WorkloadInfo.Types.Kind.Deployment, kinds.Kinds);
        Assert.Equal("dns: {}\n", (await manager.Client.GetClientConfig()).ConfigYaml.ToStringUtf8());
        await manager.Client.Depart(session);
        await FailsAsync(
            StatusCode.NotFound,
            () => manager.Client.Remain(new RemainRequest { Session = session }).ResponseAsync
        );
    }

    [Fact]
    public async Task An_incomplete_client_is_refused()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await FailsAsync(
            StatusCode.InvalidArgument,
            () => manager.Client.ArriveAsClient(new ClientInfo()).ResponseAsync
        );
    }

    [Fact]
    public async Task An_unmanaged_namespace_is_refused()
    {
        await using var manager = await ManagerFixture.StartAsync();
        manager.Current = manager.Current with { ManagedNamespaces = ["other"] };
        await FailsAsync(StatusCode.FailedPrecondition, () => manager.ArriveAsync());
    }

    [Fact]
    public async Task Cluster_info_comes_at_once_in_both_encodings_and_again_on_change()
    {
        await using var manager = await ManagerFixture.StartAsync();
        var session = await manager.ArriveAsync();
        using var call = manager.Client.WatchClusterInfo(session);
        await using var infos = call.ReadAllAsync().GetAsyncEnumerator();
        Assert.True(await infos.MoveNextAsync());
        Assert.Equal([10, 96, 0, 0, 16], infos.Current.ServiceCidrsOrKubeDnsIp[0].ToByteArray());
        Assert.Equal(17, infos.Current.ServiceCidrsOrKubeDnsIp[1].Length);
        Assert.Equal(16, infos.Current.ServiceSubnet.Mask);
        Assert.Equal("cluster.local.", infos.Current.Dns.ClusterDomain);
        Assert.Single(infos.Current.Routing.AlsoProxySubnets);
        manager.Current = manager.Current with { ClusterDomain = "other." };
        Assert.True(await infos.MoveNextAsync());
        Assert.Equal("other.", infos.Current.Dns.ClusterDomain);
    }

    [Fact]
    public async Task Departing_ends_a_watch_with_Cancelled()
    {
        await using var manager = await ManagerFixture.StartAsync();
        var session = await manager.ArriveAsync();
        using var call = manager.Client.WatchIntercepts(session);
        await using var snapshots = call.ReadAllAsync().GetAsyncEnumerator();
        Assert.True(await snapshots.MoveNextAsync());
        Assert.Empty(snapshots.Current.Intercepts);
        var next = snapshots.MoveNextAsync().AsTask();
        await manager.Client.Depart(session);
        await FailsAsync(StatusCode.Cancelled, () => next);
    }

    [Fact]
    public async Task A_watch_with_nothing_to_tell_stays_alive()
    {
        await using var manager = await ManagerFixture.StartAsync();
        var session = await manager.ArriveAsync();
        using var call = manager.Client.WatchDial(session);
        await call.ResponseHeadersAsync;
        var next = call.ReadAllAsync().GetAsyncEnumerator().MoveNextAsync().AsTask();
        await manager.Client.Remain(new RemainRequest { Session = session });
        Assert.False(next.IsCompleted);
        await manager.Client.Depart(session);
        await FailsAsync(StatusCode.Cancelled, () => next);
    }

    [Fact]
    public async Task Health_is_serving()
    {
        await using var manager = await ManagerFixture.StartAsync();
        var health = new HealthClient(manager.Channel);
        var answer = await health.Check(new HealthCheckRequest { Service = ManagerMethods.ServiceName });
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, answer.Status);
        await FailsAsync(
            StatusCode.NotFound,
            () => health.Check(new HealthCheckRequest { Service = "nobody" }).ResponseAsync
        );
    }

    [Fact]
    public async Task What_is_not_served_is_Unimplemented()
    {
        var license = new Method<Empty, Empty>(MethodType.Unary, ManagerMethods.ServiceName, "GetLicense");
        await using var manager = await ManagerFixture.StartAsync();
        await FailsAsync(
            StatusCode.Unimplemented,
            () => manager.Channel.AsyncUnaryCall(license, default, new Empty()).ResponseAsync
        );
    }

    internal static async Task FailsAsync(StatusCode expected, Func<Task> call)
    {
        var e = await Assert.ThrowsAsync<RpcException>(call).WaitAsync(ManagerFixture.Patience);
        Assert.Equal(expected, e.StatusCode);
    }
}
