using System.Net;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using NSubstitute;
using Telepresence.TrafficManager.Cluster;
using Telepresence.TrafficManager.Discovery;
using Telepresence.UnitTests.Kubernetes;

namespace Telepresence.UnitTests.TrafficManager.Discovery;

public sealed class KubernetesClusterStateTests : IAsyncLifetime, IDisposable
{
    private const string Nodes = "/api/v1/nodes";
    private const string Pods = "/api/v1/pods";
    private const string ServiceRanges = "/apis/networking.k8s.io/v1/servicecidrs";
    private const string Services = $"/api/v1/namespaces/{FakeCluster.Namespace}/services";
    private const string ConfigMaps = $"/api/v1/namespaces/{FakeCluster.Namespace}/configmaps";

    private readonly FakeCluster _cluster = new();
    private readonly RecordedLog _log = new();
    private readonly CancellationTokenSource _patience = new(ManagerFixture.Patience);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    public void Dispose() => _patience.Dispose();

    [Fact]
    public async Task Service_ranges_are_followed_where_the_API_has_them()
    {
        _cluster.SetList(ServiceRanges, Range("kubernetes", "10.96.0.0/16", "fd00:96::/112"));
        await using var state = await StartAsync();
        Assert.Equal(Networks("10.96.0.0/16 fd00:96::/112"), state.Current.ServiceSubnets);
        var changes = ChangesOf(state);
        _cluster.SetList(
            ServiceRanges,
            Range("kubernetes", "10.96.0.0/16", "fd00:96::/112"),
            Range("more", "10.97.0.0/16")
        );
        await UntilAsync(
            changes,
            () => state.Current.ServiceSubnets.SequenceEqual(Networks("10.96.0.0/16 10.97.0.0/16 fd00:96::/112"))
        );
    }

    [Fact]
    public async Task The_beta_of_the_API_will_do()
    {
        _cluster.SetList("/apis/networking.k8s.io/v1beta1/servicecidrs", Range("kubernetes", "10.96.0.0/16"));
        await using var state = await StartAsync();
        Assert.Equal(Networks("10.96.0.0/16"), state.Current.ServiceSubnets);
    }

    [Fact]
    public async Task Else_a_refused_service_tells_and_a_dry_run_is_tried_first()
    {
        _cluster.Set(
            $"POST {Services}",
            """{"kind": "Status", "code": 422, "message": "no. The range of valid IPs is 10.96.0.0/16"}""",
            422
        );
        await using var state = await StartAsync();
        Assert.Equal(Networks("10.96.0.0/16"), state.Current.ServiceSubnets);
        Assert.All(
            _cluster.Requests.Where(request => request.StartsWith("POST", StringComparison.Ordinal)),
            request => Assert.EndsWith("?dryRun=All", request, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Else_it_is_guessed_around_the_API_servers_service_and_the_missing_right_is_told()
    {
        _cluster.Forbid($"POST {Services}");
        await using var state = await StartAsync(options => options with { ApiService = IPAddress.Parse("10.43.0.1") });
        Assert.Equal(Networks("10.43.0.0/16"), state.Current.ServiceSubnets);
        Assert.Contains(
            _log.Lines,
            line => line.Contains("resources: [services], verbs: [create]", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Nodes_tell_the_pods_subnets_where_the_managers_own_pod_is_in_one()
    {
        _cluster.SetList(Nodes, Node("a", "10.244.0.0/24", "fd00:1::/64"), Node("b", "10.244.1.0/24"), Node("c"));
        await using var state = await StartAsync();
        Assert.Equal(Networks("10.244.0.0/24 10.244.1.0/24 fd00:1::/64"), state.Current.PodSubnets);
        var changes = ChangesOf(state);
        _cluster.SetList(Nodes, Node("a", "10.244.0.0/24"), Node("d", "10.244.9.0/24"));
        await UntilAsync(
            changes,
            () => state.Current.PodSubnets.SequenceEqual(Networks("10.244.0.0/24 10.244.9.0/24"))
        );
    }

    [Fact]
    public async Task Where_it_is_in_none_the_pods_addresses_are_covered_and_followed()
    {
        _cluster.SetList(Nodes, Node("a", "10.99.0.0/24"));
        _cluster.SetList(Pods, Pod("a", "10.244.0.9"), Pod("b", "10.8.3.1", "fd00:2::5"), Pod("pending"));
        await using var state = await StartAsync();
        Assert.Equal(Networks("10.8.3.0/24 10.244.0.0/24 fd00:2::/120"), state.Current.PodSubnets);
        var changes = ChangesOf(state);
        _cluster.SetList(Pods, Pod("a", "10.244.0.9"), Pod("c", "10.244.3.1"));
        await UntilAsync(changes, () => state.Current.PodSubnets.SequenceEqual(Networks("10.244.0.0/22")));
        // Of kube-system upstream takes none.
        Assert.Contains(
            _cluster.Requests,
            request =>
                request.Contains(Pods, StringComparison.Ordinal)
                && request.Contains("fieldSelector=metadata.namespace%21%3Dkube-system", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Without_any_right_the_managers_own_address_and_the_rules_to_add_remain()
    {
        foreach (
            var path in new[] { Nodes, Pods, "/api/v1/namespaces/ambassador/pods", "/api/v1/namespaces", ConfigMaps }
        )
        {
            _cluster.Forbid(path);
        }
        await using var state = await StartAsync();
        Assert.Equal(Networks("10.244.0.0/24"), state.Current.PodSubnets);
        Assert.Null(state.Current.ManagedNamespaces);
        foreach (var resource in new[] { "nodes", "pods", "namespaces", "configmaps" })
        {
            Assert.Contains(
                _log.Lines,
                line => line.Contains($"resources: [{resource}], verbs: [get, list, watch]", StringComparison.Ordinal)
            );
        }
        Assert.Single(_log.Lines, line => line.Contains("resources: [nodes]", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_list_of_names_keeps_to_those_namespaces()
    {
        SetConfiguration("matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [shop, b]}]");
        _cluster.SetList("/api/v1/namespaces/shop/pods", Pod("a", "10.7.3.1"));
        _cluster.SetList("/api/v1/namespaces/b/pods", Pod("a", "10.9.3.1"));
        await using var state = await StartAsync();
        Assert.Equal(["b", "shop"], state.Current.ManagedNamespaces);
        Assert.Equal(["shop", "b"], state.Scope);
        Assert.Equal(Networks("10.7.3.0/24 10.9.3.0/24 10.244.0.0/24"), state.Current.PodSubnets);
        Assert.DoesNotContain(
            _cluster.Requests,
            request =>
                new[] { Nodes, Pods, "/api/v1/namespaces?" }.Any(path =>
                    request.StartsWith($"GET {path}", StringComparison.Ordinal)
                )
        );
    }

    [Fact]
    public async Task The_ConfigMap_is_followed()
    {
        SetConfiguration("matchLabels: {}", "dns: {}");
        await using var state = await StartAsync();
        Assert.Null(state.Current.ManagedNamespaces);
        Assert.Equal("dns: {}", state.Current.ClientConfiguration);
        Assert.Equal("the-uid", state.Current.InstallId);
        var changes = ChangesOf(state);
        SetConfiguration(
            "matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}]",
            "timeouts: {}"
        );
        await UntilAsync(
            changes,
            () =>
                state.Current is { ClientConfiguration: "timeouts: {}", ManagedNamespaces: { } managed }
                && managed.SequenceEqual(["shop"])
        );
        // The right is to this one object only.
        Assert.All(
            _cluster.Requests.Where(request => request.Contains(ConfigMaps, StringComparison.Ordinal)),
            request =>
                Assert.Contains("fieldSelector=metadata.name%3Dtraffic-manager", request, StringComparison.Ordinal)
        );
    }

    private void SetConfiguration(string selector, string client = "") =>
        _cluster.SetList(
            ConfigMaps,
            $$$"""
            {"metadata": {"name": "traffic-manager"}, "data": {"client.yaml": "{{{client}}}", "namespace-selector.yaml": "{{{selector}}}"} }
            """
        );

    private Task<KubernetesClusterState> StartAsync(Func<DiscoveryOptions, DiscoveryOptions>? adjust = null)
    {
        var options = new DiscoveryOptions
        {
            Known = new ClusterFacts
            {
                InstallId = "",
                ManagerNamespace = FakeCluster.Namespace,
                ServiceSubnets = [],
                PodSubnets = [],
                ManagerPodAddress = IPAddress.Parse("10.244.0.7"),
            },
            IsDomainKnown = true,
            Dns = Substitute.For<IClusterDns>(),
            Time = new HurriedTimeProvider(),
            Logger = _log,
        };
        return KubernetesClusterState.StartAsync(_cluster.Client, adjust?.Invoke(options) ?? options, _patience.Token);
    }

    private static ChannelReader<bool> ChangesOf(IClusterState state)
    {
        var changes = Channel.CreateUnbounded<bool>();
        state.Changed += () => changes.Writer.TryWrite(true);
        return changes.Reader;
    }

    private async Task UntilAsync(ChannelReader<bool> changes, Func<bool> condition)
    {
        while (!condition())
        {
            await changes.ReadAsync(_patience.Token);
        }
    }

    private static IEnumerable<IPNetwork> Networks(string text) => text.Split(' ').Select(IPNetwork.Parse);

    private static string Range(string name, params string[] cidrs) =>
        $$$"""{"metadata": {"name": "{{{name}}}"}, "spec": {"cidrs": [{{{Quoted(cidrs)}}}]} }""";

    private static string Node(string name, params string[] cidrs) =>
        $$$"""{"metadata": {"name": "{{{name}}}"}, "spec": {"podCIDRs": [{{{Quoted(cidrs)}}}]} }""";

    private static string Pod(string name, params string[] addresses) =>
        $$$"""
            {"metadata": {"name": "{{{name}}}", "namespace": "shop"},
             "status": {"podIPs": [{{{string.Join(',', addresses.Select(a => $$"""{"ip": "{{a}}"}"""))}}}]} }
            """;

    private static string Quoted(string[] texts) => string.Join(',', texts.Select(text => $"\"{text}\""));

    private sealed class RecordedLog : ILogger
    {
        private readonly List<string> _lines = [];

        public IReadOnlyList<string> Lines
        {
            get
            {
                lock (_lines)
                {
                    return [.. _lines];
                }
            }
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            lock (_lines)
            {
                _lines.Add(formatter(state, exception));
            }
        }
    }
}
