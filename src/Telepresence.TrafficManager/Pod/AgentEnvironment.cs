using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization;
using Telepresence.Protocol;
using Telepresence.TrafficManager.Agents;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.TrafficManager.Pod;

/// <summary>
/// The environment of an agent's container (PROTOCOL §7.5): <c>AGENT_CONFIG</c> is the JSON of the sidecar's configuration, of
/// which <c>workloadName</c>, <c>workloadKind</c>, <c>namespace</c>, <c>managerHost</c>, <c>managerPort</c> and <c>apiPort</c>
/// are read; <c>_TEL_AGENT_NAME</c>, <c>_TEL_AGENT_POD_IP</c> and <c>_TEL_AGENT_POD_UID</c> are the pod's.
/// </summary>
internal sealed partial record AgentEnvironment(TrafficAgentOptions Options)
{
    private const string Configuration = "AGENT_CONFIG";
    private const string PodName = "_TEL_AGENT_NAME";
    private const int DefaultManagerPort = 8081;

    /// <exception cref="FormatException">A variable is missing or makes no sense; the message names it.</exception>
    public static AgentEnvironment Read(
        Func<string, string?> variable,
        string resolvConf,
        LogLevelSwitch logLevel,
        ILoggerFactory loggerFactory
    )
    {
        var environment = new EnvironmentVariables(variable);
        var sidecar = Parse(environment.Text(Configuration) ?? throw Missing(Configuration));
        var manager = new DnsEndPoint(
            sidecar.ManagerHost,
            sidecar.ManagerPort > 0 ? sidecar.ManagerPort : DefaultManagerPort
        );
        return new AgentEnvironment(
            new TrafficAgentOptions
            {
                ConnectManager = ct => ConnectAsync(manager, ct),
                Dialer = new SocketDialer(),
                Dns = NameServerDns.From(ResolverConfiguration.Parse(resolvConf)),
                Workload = sidecar.WorkloadName,
                Kind = sidecar.WorkloadKind,
                Namespace = sidecar.Namespace,
                PodName = environment.Text(PodName) ?? throw Missing(PodName),
                PodUid = environment.Text("_TEL_AGENT_POD_UID") ?? "",
                PodAddress = environment.Address("_TEL_AGENT_POD_IP", IPAddress.Loopback),
                Listen = new IPEndPoint(IPAddress.IPv6Any, sidecar.ApiPort),
                LogLevel = logLevel,
                LoggerFactory = loggerFactory,
            }
        );
    }

    private static Sidecar Parse(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, SidecarContext.Default.Sidecar)
                ?? throw EnvironmentVariables.Malformed(Configuration, json);
        }
        catch (JsonException e)
        {
            throw new FormatException($"The environment variable {Configuration} makes no sense: {e.Message}", e);
        }
    }

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint manager, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        UnsentLimit.Apply(socket);
        try
        {
            await socket.ConnectAsync(manager, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static FormatException Missing(string name) => new($"The environment variable {name} is not set.");

    private sealed record Sidecar
    {
        public required string WorkloadName { get; init; }

        public WorkloadKind? WorkloadKind { get; init; }

        public required string Namespace { get; init; }

        public required string ManagerHost { get; init; }

        public int ManagerPort { get; init; }

        public ushort ApiPort { get; init; }
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
    [JsonSerializable(typeof(Sidecar))]
    private sealed partial class SidecarContext : JsonSerializerContext;
}
