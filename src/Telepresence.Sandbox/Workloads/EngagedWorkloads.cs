using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Telepresence.Sandbox.Cluster;
using Telepresence.Sandbox.Network;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.Sandbox.Workloads;

/// <summary>
/// What there is to engage with besides the plain samples: <c>orders</c> has an environment and volumes, <c>worker</c> takes
/// jobs off <c>queue</c>, <c>caller</c> is a pod to call services from.
/// </summary>
internal static class EngagedWorkloads
{
    public const string Orders = "orders";
    public const string Caller = "caller";

    private const string Ns = SandboxCluster.DemoNamespace;
    private const int QueuePort = 5672;

    // PROTOCOL §6.5.
    private const int Remote = 0;
    private const int ReadOnly = 1;
    private const int Local = 2;

    /// <returns>What must be disposed with the sandbox.</returns>
    public static async Task<object> AddAsync(
        ClusterModel model,
        ClusterNetwork network,
        string stateDirectory,
        CancellationToken cancellationToken
    )
    {
        var owned = new OwnedWorkloads();
        try
        {
            var web = await WebWorkload.StartAsync(Orders, 1, network.PeerOf, cancellationToken).ConfigureAwait(false);
            owned.Add(web);
            AddOrders(model, web.EndPoints[0], stateDirectory);
            var queue = new JobQueue();
            owned.Add(queue);
            AddQueue(model, network, queue);
            Add(model, Caller, [], null);
            return owned;
        }
        catch
        {
            await owned.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static void AddOrders(ClusterModel model, IPEndPoint listener, string stateDirectory)
    {
        var http = new ServicePort("http", ProtocolType.Tcp, 80, 8080);
        var services = model.Topology.Services.Where(s => s.Namespace == Ns && s.Addresses.Count > 0);
        var echo = services.First(s => s.Name == "echo").Addresses;
        var web = services.First(s => s.Name == "web").Addresses;
        var environment = new Dictionary<string, string>
        {
            ["PATH"] = "/usr/local/bin:/usr/bin:/bin",
            ["HOME"] = "/root",
            ["HOSTNAME"] = Orders,
            ["ORDERS_GREETING"] = "good day",
            ["DATABASE_URL"] = $"postgres://orders@{Url(echo[0])}:7/orders?sslmode=disable",
            ["UPSTREAMS"] = string.Join(',', web.Select(a => $"{Url(a)}:80").Concat(echo.Select(a => $"{Url(a)}:7"))),
            ["TOKEN_FILE"] = "/var/run/secrets/orders/token",
        };
        var mounts = new Dictionary<string, int>
        {
            ["/etc/orders"] = ReadOnly,
            ["/var/run/secrets/orders"] = ReadOnly,
            ["/data"] = Remote,
            ["/tmp"] = Local,
        };
        var root = Path.Combine(stateDirectory, "volumes", Ns, Orders);
        foreach (var path in mounts.Keys)
        {
            Directory.CreateDirectory(Path.Combine(root, path.TrimStart('/')));
        }
        File.WriteAllText(Path.Combine(root, "etc/orders/orders.yaml"), "currency: EUR\nlimit: 100\n");
        File.WriteAllText(
            Path.Combine(root, "var/run/secrets/orders/token"),
            Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))
        );
        Add(
            model,
            Orders,
            new Dictionary<ServicePort, IPEndPoint> { [http] = listener },
            new ContainerSpec(environment, mounts)
        );
        AddService(model, Orders, http);
    }

    private static void AddQueue(ClusterModel model, ClusterNetwork network, JobQueue queue)
    {
        var port = new ServicePort("queue", ProtocolType.Tcp, QueuePort, QueuePort);
        Add(model, "queue", new Dictionary<ServicePort, IPEndPoint> { [port] = queue.EndPoint }, null);
        var address = AddService(model, "queue", port).Addresses[0];
        var environment = new Dictionary<string, string> { ["QUEUE"] = $"{Url(address)}:{QueuePort}" };
        var end = new IPEndPoint(address, QueuePort);
        Add(
            model,
            "worker",
            [],
            new ContainerSpec(environment, new Dictionary<string, int>(), ct => JobWorker.RunAsync(network, end, ct))
        );
    }

    private static void Add(
        ClusterModel model,
        string name,
        Dictionary<ServicePort, IPEndPoint> listeners,
        ContainerSpec? container
    ) =>
        model.AddWorkload(
            new WorkloadSpec(WorkloadKind.Deployment, Ns, name, "", "sandbox/" + name, Labels(name), container),
            [listeners]
        );

    private static ServiceSpec AddService(ClusterModel model, string name, ServicePort port) =>
        model.AddService(new ServiceSpec(Ns, name, model.NextServiceAddresses(), Labels(name), [port]));

    private static Dictionary<string, string> Labels(string name) => new() { ["app"] = name };

    private static string Url(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();

    private sealed class OwnedWorkloads : IAsyncDisposable
    {
        private readonly Stack<IAsyncDisposable> _owned = new();

        public void Add(IAsyncDisposable owned) => _owned.Push(owned);

        public async ValueTask DisposeAsync()
        {
            while (_owned.TryPop(out var owned))
            {
                await owned.DisposeAsync().ConfigureAwait(false);
            }
        }
    }
}
