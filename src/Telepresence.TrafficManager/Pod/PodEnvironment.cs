using System.Globalization;
using System.Net;
using Telepresence.Protocol.Grpc;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.TrafficManager.Pod;

/// <summary>
/// The environment that the chart gives the manager's container. Subnets come from <c>POD_CIDRS</c> and
/// <c>SERVICE_CIDRS</c> (ours; the chart of the upstream manager has none, it asks the Kubernetes API).
/// </summary>
internal sealed record PodEnvironment(TrafficManagerOptions Options)
{
    private const int DefaultPort = 8081;

    /// <exception cref="FormatException">A variable makes no sense; the message names it.</exception>
    public static PodEnvironment Read(Func<string, string?> variable, string resolvConf, ILoggerFactory loggerFactory)
    {
        var resolver = ResolverConfiguration.Parse(resolvConf);
        var port = Number(variable, "SERVER_PORT", DefaultPort);
        var facts = new ClusterFacts
        {
            InstallId = variable("MANAGER_NAMESPACE_UID") ?? "",
            ManagerNamespace = variable("MANAGER_NAMESPACE") ?? "ambassador",
            ServiceSubnets = Networks(variable, "SERVICE_CIDRS"),
            PodSubnets = Networks(variable, "POD_CIDRS"),
            ManagerPodAddress = Address(variable, "POD_IP", IPAddress.Loopback),
            ManagerPodPort = port,
            ClusterDomain = resolver.ClusterDomain,
            AlsoProxy = Networks(variable, "CLIENT_ROUTING_ALSO_PROXY_SUBNETS"),
            NeverProxy = Networks(variable, "CLIENT_ROUTING_NEVER_PROXY_SUBNETS"),
            AllowConflicting = Networks(variable, "CLIENT_ROUTING_ALLOW_CONFLICTING_SUBNETS"),
        };
        return new PodEnvironment(
            new TrafficManagerOptions
            {
                Dialer = new SocketDialer(),
                Dns = new NameServerDns([.. resolver.NameServers.Select(address => new IPEndPoint(address, 53))]),
                State = new FixedClusterState(facts),
                Listen = new IPEndPoint(Address(variable, "SERVER_HOST", IPAddress.IPv6Any), port),
                ClientTimeToLive = Duration(variable, "CLIENT_CONNECTION_TTL", TimeSpan.FromHours(24)),
                MaxReceiveMessageSize = Size(variable, "GRPC_MAX_RECEIVE_SIZE", GrpcFraming.DefaultMaxMessageSize),
                LoggerFactory = loggerFactory,
            }
        );
    }

    private static int Number(Func<string, string?> variable, string name, int otherwise) =>
        variable(name) is not { Length: > 0 } text ? otherwise
        : ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw Malformed(name, text);

    private static IPAddress Address(Func<string, string?> variable, string name, IPAddress otherwise) =>
        variable(name) is not { Length: > 0 } text ? otherwise
        : IPAddress.TryParse(text, out var address) ? address
        : throw Malformed(name, text);

    private static List<IPNetwork> Networks(Func<string, string?> variable, string name) =>
        [
            .. (variable(name) ?? "")
                .Split((char[])[' ', ','], StringSplitOptions.RemoveEmptyEntries)
                .Select(text => IPNetwork.TryParse(text, out var network) ? network : throw Malformed(name, text)),
        ];

    /// <summary>Go's way to write durations, one unit: <c>24h</c>, <c>90m</c>, <c>30s</c>.</summary>
    private static TimeSpan Duration(Func<string, string?> variable, string name, TimeSpan otherwise)
    {
        if (variable(name) is not { Length: > 0 } text)
            return otherwise;
        if (!double.TryParse(text.AsSpan(..^1), CultureInfo.InvariantCulture, out var value) || value <= 0)
            throw Malformed(name, text);
        return text[^1] switch
        {
            'h' => TimeSpan.FromHours(value),
            'm' => TimeSpan.FromMinutes(value),
            's' => TimeSpan.FromSeconds(value),
            _ => throw Malformed(name, text),
        };
    }

    /// <summary>Kubernetes' way to write sizes: <c>4Mi</c>, <c>512Ki</c>, bytes.</summary>
    private static int Size(Func<string, string?> variable, string name, int otherwise)
    {
        if (variable(name) is not { Length: > 0 } text)
            return otherwise;
        var (digits, unit) =
            text.EndsWith("Mi", StringComparison.Ordinal) ? (text[..^2], 1024 * 1024)
            : text.EndsWith("Ki", StringComparison.Ordinal) ? (text[..^2], 1024)
            : (text, 1);
        return
            int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            && value > 0
            && value <= int.MaxValue / unit / 2
            ? value * unit
            : throw Malformed(name, text);
    }

    private static FormatException Malformed(string name, string value) =>
        new($"The environment variable {name} has the value '{value}', which makes no sense.");

    private sealed class FixedClusterState(ClusterFacts facts) : IClusterState
    {
        public ClusterFacts Current => facts;

        // Subnets of the environment never change.
        public event Action? Changed
        {
            add { }
            remove { }
        }
    }
}
