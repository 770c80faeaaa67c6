using System.Net;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.Engine.Addressing;
using Telepresence.Engine.Session.Planning;

namespace Telepresence.Engine.Session;

/// <summary>
/// A connect's parameters, read and checked. Two connects with equal <see cref="Fingerprint"/> mean the same session.
/// </summary>
internal sealed record SessionSettings
{
    /// <summary>What <see cref="Configuration.ClientConfiguration.TrafficManagerConnect"/> is when nobody sets it.</summary>
    public static readonly TimeSpan DefaultConnectTimeout = TimeSpan.FromSeconds(60);

    /// <summary>What -ProxyVia names where it means -Vnat (PROTOCOL §4.5).</summary>
    private const string NoWorkload = "local";

    public required ClusterSelection Cluster { get; init; }
    public string? Namespace { get; init; }
    public IReadOnlyList<string> MappedNamespaces { get; init; } = [];
    public string? ManagerNamespace { get; init; }
    public string? Name { get; init; }
    public IReadOnlyList<TranslationRequest> Translate { get; init; } = [];

    /// <summary>Whose agents traffic shall leave through, each once.</summary>
    public IReadOnlyList<string> Workloads =>
        [.. Translate.Select(t => t.Workload).Where(w => w.Length > 0).Distinct(StringComparer.Ordinal)];

    public IReadOnlyList<IPNetwork> AlsoProxy { get; init; } = [];
    public IReadOnlyList<IPNetwork> NeverProxy { get; init; } = [];
    public IReadOnlyList<IPNetwork> AllowConflicting { get; init; } = [];
    public IPNetwork? VirtualSubnet { get; init; }
    public bool? AutoResolveConflicts { get; init; }

    /// <summary>Null: the configuration's, else <see cref="DefaultConnectTimeout"/>.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Each setting that makes a session what it is, in words, by parameter name.</summary>
    public required IReadOnlyDictionary<string, string> Fingerprint { get; init; }

    /// <exception cref="TelepresenceException">InvalidCidr, UnknownSymbol, InvalidProxyVia, InvalidParameter.</exception>
    public static SessionSettings Parse(ConnectParameters parameters) =>
        Parse(parameters.Cluster, parameters.Subnets, parameters.TimeoutSeconds) with
        {
            Namespace = parameters.Namespace,
            MappedNamespaces = parameters.MappedNamespaces,
            ManagerNamespace = parameters.ManagerNamespace,
            Name = parameters.Name,
            Fingerprint = FingerprintOf(parameters),
        };

    /// <exception cref="TelepresenceException">As the other overload.</exception>
    public static SessionSettings Parse(ConflictParameters parameters) =>
        Parse(parameters.Cluster ?? new ClusterSelection(), parameters.Subnets, parameters.TimeoutSeconds) with
        {
            Namespace = parameters.Namespace,
            ManagerNamespace = parameters.ManagerNamespace,
        };

    /// <summary>The user's time-out, else the configuration's, else <see cref="DefaultConnectTimeout"/>.</summary>
    public Deadline DeadlineFor(string command, SessionServices services) =>
        new(
            Timeout ?? services.LocalConfiguration.TrafficManagerConnect ?? DefaultConnectTimeout,
            command,
            services.Time
        );

    /// <summary>Parameter names in which the two differ.</summary>
    public static IReadOnlyList<string> Differences(SessionSettings one, SessionSettings other) =>
        [
            .. one
                .Fingerprint.Keys.Union(other.Fingerprint.Keys)
                .Where(key => one.Fingerprint.GetValueOrDefault(key) != other.Fingerprint.GetValueOrDefault(key))
                .Order(StringComparer.Ordinal),
        ];

    private static SessionSettings Parse(ClusterSelection cluster, SubnetSelection subnets, double? timeoutSeconds) =>
        new()
        {
            Cluster = cluster,
            Translate =
            [
                .. SubnetParser.ParseSelectors(subnets.Vnat, "Vnat").Select(v => ToRequest(v, "")),
                .. subnets.ProxyVia.Select(ParseProxyVia),
            ],
            AlsoProxy = SubnetParser.ParseNetworks(subnets.AlsoProxy, "AlsoProxy"),
            NeverProxy = SubnetParser.ParseNetworks(subnets.NeverProxy, "NeverProxy"),
            AllowConflicting = SubnetParser.ParseNetworks(subnets.AllowConflictingSubnet, "AllowConflictingSubnet"),
            VirtualSubnet = subnets.VirtualSubnet is { } text ? SubnetParser.ParseNetwork(text, "VirtualSubnet") : null,
            AutoResolveConflicts = subnets.AutoResolveConflicts,
            Timeout = ParseTimeout(timeoutSeconds),
            Fingerprint = new Dictionary<string, string>(),
        };

    private static TranslationRequest ParseProxyVia(string text)
    {
        var (subnet, workload) = SubnetParser.ParseProxyVia(text);
        return ToRequest(subnet, workload == NoWorkload ? "" : workload);
    }

    private static TranslationRequest ToRequest(SubnetSelector selector, string workload) =>
        new(
            selector.Network,
            selector.Symbol switch
            {
                SubnetSymbol.Also => SubnetKind.Also,
                SubnetSymbol.Service => SubnetKind.Service,
                SubnetSymbol.Pods => SubnetKind.Pod,
                _ => null,
            },
            workload
        );

    private static TimeSpan? ParseTimeout(double? seconds) =>
        seconds switch
        {
            null => null,
            > 0 and <= 86_400 => TimeSpan.FromSeconds(seconds.Value),
            _ => throw ErrorCatalogue.InvalidParameter(
                "Connect-Telepresence",
                "TimeoutSeconds",
                seconds,
                "it must be more than 0 and at most 86400"
            ),
        };

    private static Dictionary<string, string> FingerprintOf(ConnectParameters p) =>
        new()
        {
            ["Kubeconfig"] = p.Cluster.Kubeconfig ?? "",
            ["Context"] = p.Cluster.Context ?? "",
            ["Cluster"] = p.Cluster.Cluster ?? "",
            ["User"] = p.Cluster.User ?? "",
            ["Server"] = p.Cluster.Server ?? "",
            ["As"] = p.Cluster.As ?? "",
            ["AsGroup"] = Join(p.Cluster.AsGroup),
            ["Namespace"] = p.Namespace ?? "",
            ["MappedNamespace"] = Join(p.MappedNamespaces),
            ["ManagerNamespace"] = p.ManagerNamespace ?? "",
            ["Vnat"] = Join(p.Subnets.Vnat),
            ["ProxyVia"] = Join(p.Subnets.ProxyVia),
            ["AlsoProxy"] = Join(p.Subnets.AlsoProxy),
            ["NeverProxy"] = Join(p.Subnets.NeverProxy),
            ["AllowConflictingSubnet"] = Join(p.Subnets.AllowConflictingSubnet),
            ["VirtualSubnet"] = p.Subnets.VirtualSubnet ?? "",
            ["NoAutoResolve"] = p.Subnets.AutoResolveConflicts is false ? "true" : "",
        };

    private static string Join(IReadOnlyList<string> values) => string.Join(',', values.Order(StringComparer.Ordinal));
}
