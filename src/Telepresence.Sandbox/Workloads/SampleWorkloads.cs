using System.Net;
using System.Net.Sockets;
using Telepresence.Sandbox.Cluster;
using Telepresence.Sandbox.ClusterDns;
using Telepresence.Sandbox.Network;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.Sandbox.Workloads;

/// <summary>What runs in the namespaces <c>demo</c> and <c>other</c>.</summary>
internal static class SampleWorkloads
{
    private const string Demo = SandboxCluster.DemoNamespace;
    private const string Other = "other";
    private const int WebReplicas = 2;
    private const int OtherWeb = WebReplicas;
    private const int WhoAmIWeb = WebReplicas + 1;
    private const int WebListeners = WebReplicas + 2;

    /// <summary>Records of types that Services do not bring about; the names are reserved for such use.</summary>
    public static readonly IReadOnlyList<ClusterDnsRecord> DnsSamples =
    [
        new(
            $"mail.{Demo}.svc.{ClusterDnsZone.Domain}",
            RecordType.Mx,
            ResourceData.MailExchange(10, $"web.{Demo}.svc.{ClusterDnsZone.Domain}"),
            30
        ),
        new($"info.{Demo}.svc.{ClusterDnsZone.Domain}", RecordType.Txt, ResourceData.Text("telepresence sandbox"), 30),
        new("static.sandbox.test.", RecordType.A, ResourceData.Address(IPAddress.Parse("192.0.2.80")), 30),
        new("static.sandbox.test.", RecordType.Aaaa, ResourceData.Address(IPAddress.Parse("2001:db8::80")), 30),
        new(
            $"mesh.{Demo}.svc.{ClusterDnsZone.Domain}",
            RecordType.A,
            ResourceData.Address(SandboxCluster.MeshAddress),
            30
        ),
        new("sandbox.test.", RecordType.Ns, ResourceData.Name("ns.sandbox.test."), 30),
    ];

    /// <param name="model">Where to add them.</param>
    /// <param name="network">Tells who connects.</param>
    /// <param name="pageToken">Of the web page.</param>
    /// <param name="own">Takes over what must be disposed with the sandbox.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    /// <returns>The ports of <c>whoami</c> with their listeners.</returns>
    public static async Task<IReadOnlyDictionary<ServicePort, IPEndPoint>> AddAsync(
        ClusterModel model,
        ClusterNetwork network,
        string pageToken,
        Action<object> own,
        CancellationToken cancellationToken
    )
    {
        var web = await WebWorkload
            .StartAsync(pageToken, WebListeners, network.PeerOf, cancellationToken)
            .ConfigureAwait(false);
        own(web);
        var closed = new ClosedPort();
        own(closed);
        var http = new ServicePort("http", ProtocolType.Tcp, 80, 8080);
        var refused = new ServicePort("closed", ProtocolType.Tcp, 81, 8081);
        AddPods(
            model,
            Demo,
            "web",
            [.. web.EndPoints.Take(WebReplicas).Select(e => Listeners(http, e, refused, closed))]
        );
        AddService(model, Demo, "web", [http, refused]);
        model.AddService(new ServiceSpec(Demo, "web-headless", [], Labels("web"), [http with { Port = 8080 }]));
        AddPods(model, Other, "web", [One(http, web.EndPoints[OtherWeb])]);
        AddService(model, Other, "web", [http]);

        var tcpEcho = new TcpWorkload(Echo.ServeAsync);
        own(tcpEcho);
        var udpEcho = new UdpEcho();
        own(udpEcho);
        var tcp = new ServicePort("tcp-echo", ProtocolType.Tcp, 7, 7);
        var udp = new ServicePort("udp-echo", ProtocolType.Udp, 7, 7);
        var echo = new Dictionary<ServicePort, IPEndPoint> { [tcp] = tcpEcho.EndPoint, [udp] = udpEcho.EndPoint };
        AddPods(model, Demo, "echo", [echo]);
        AddService(model, Demo, "echo", [tcp, udp]);
        AddService(model, Demo, "tcp-echo", [tcp], "echo");
        AddService(model, Demo, "udp-echo", [udp], "echo");

        var bulkTcp = new TcpWorkload(Bulk.ServeAsync);
        own(bulkTcp);
        var bulkPort = new ServicePort("bulk", ProtocolType.Tcp, 9000, 9000);
        var bulk = new Dictionary<ServicePort, IPEndPoint> { [http] = web.EndPoints[0], [bulkPort] = bulkTcp.EndPoint };
        AddPods(model, Demo, "bulk", [bulk]);
        AddService(model, Demo, "bulk", [http, bulkPort]);

        AddPods(model, Demo, "closed", [One(http, closed.EndPoint)]);
        AddService(model, Demo, "closed", [http]);

        var silent = await SilentPort.StartAsync(cancellationToken).ConfigureAwait(false);
        own(silent);
        AddPods(model, Demo, "silent", [One(http, silent.EndPoint)]);
        AddService(model, Demo, "silent", [http]);

        var none = new Dictionary<string, string>();
        model.AddService(new ServiceSpec(Demo, "alias", [], none, [], $"web.{Demo}.svc.{ClusterDnsZone.Domain}"));
        model.AddService(new ServiceSpec(Demo, "outside", [], none, [], "static.sandbox.test."));

        var whoAmITcp = new TcpWorkload((socket, ct) => WhoAmI.ServeAsync(socket, network.PeerOf, ct));
        own(whoAmITcp);
        var whoAmIPort = new ServicePort("whoami", ProtocolType.Tcp, 5000, 5000);
        var whoAmI = new Dictionary<ServicePort, IPEndPoint>
        {
            [http] = web.EndPoints[WhoAmIWeb],
            [whoAmIPort] = whoAmITcp.EndPoint,
        };
        AddPods(model, Demo, "whoami", [whoAmI]);
        AddService(model, Demo, "whoami", [http, whoAmIPort]);
        return whoAmI;
    }

    private static void AddPods(
        ClusterModel model,
        string ns,
        string name,
        IReadOnlyList<IReadOnlyDictionary<ServicePort, IPEndPoint>> replicas
    ) =>
        model.AddWorkload(
            new WorkloadSpec(WorkloadKind.Deployment, ns, name, "", "sandbox/" + name, Labels(name)),
            replicas
        );

    /// <param name="app">Label of its pods; the service's own name when null.</param>
    private static void AddService(
        ClusterModel model,
        string ns,
        string name,
        IReadOnlyList<ServicePort> ports,
        string? app = null
    ) => model.AddService(new ServiceSpec(ns, name, model.NextServiceAddresses(), Labels(app ?? name), ports));

    private static Dictionary<ServicePort, IPEndPoint> Listeners(
        ServicePort port,
        IPEndPoint listener,
        ServicePort refused,
        ClosedPort closed
    ) => new() { [port] = listener, [refused] = closed.EndPoint };

    private static Dictionary<string, string> Labels(string name) => new() { ["app"] = name };

    private static Dictionary<ServicePort, IPEndPoint> One(ServicePort port, IPEndPoint listener) =>
        new() { [port] = listener };
}
