using System.Text.Json.Nodes;
using Telepresence.Engine.Session.Configuration;
using Telepresence.Kubernetes;

namespace Telepresence.Engine.Installation.Values;

/// <summary>The values of an installation: checked, merged over the defaults, and read by name.</summary>
internal sealed class ManagerValues
{
    private const string InNames = "kubernetes.io/metadata.name";

    /// <summary>The chart's own, of the keys that are known here; the image is upstream's published one.</summary>
    private static readonly JsonObject _defaults = ValuesText.Parse(
        """
        apiPort: 8081
        logLevel: info
        hostNetwork: false
        image: {registry: ghcr.io/telepresenceio, name: tel2, tag: 2.25.0, pullPolicy: IfNotPresent}
        grpc: {maxReceiveSize: 4Mi}
        podCIDRStrategy: auto
        maxNamespaceSpecificWatchers: 10
        managerRbac: {create: true}
        clientRbac: {create: false}
        timeouts: {agentArrival: 30s}
        agentInjector: {enabled: false}
        workloads:
          deployments: {enabled: true}
          replicaSets: {enabled: true}
          statefulSets: {enabled: true}
          argoRollouts: {enabled: false}
        client:
          dns: {excludeSuffixes: [.com, .io, .net, .org, .ru]}
        """
    );

    private readonly JsonObject _tree;

    private ManagerValues(JsonObject given, IReadOnlyList<string> warnings)
    {
        Given = given;
        Warnings = warnings;
        _tree = ValuesMerge.Over(given, _defaults);
    }

    /// <summary>What users gave, without the defaults: those may be others in the next release.</summary>
    public JsonObject Given { get; }

    /// <summary>What looks like a mistake and has no effect.</summary>
    public IReadOnlyList<string> Warnings { get; }

    public int ApiPort => (int)ValueChecks.Number(At("apiPort"))!.Value;
    public string LogLevel => Text("logLevel")!;
    public bool HostNetwork => Flag("hostNetwork");
    public ImageReference Image => new(Text("image.registry") ?? "", Text("image.name") ?? "", Text("image.tag") ?? "");
    public string PullPolicy => Text("image.pullPolicy")!;
    public JsonArray? PullSecrets => At("image.imagePullSecrets") as JsonArray;
    public string MaxReceiveSize => ValueChecks.Scalar(At("grpc.maxReceiveSize"))!;
    public IReadOnlyList<string> PodCidrs => Texts("podCIDRs");
    public string PodCidrStrategy => Text("podCIDRStrategy")!;
    public long MaxNamespaceSpecificWatchers => ValueChecks.Number(At("maxNamespaceSpecificWatchers"))!.Value;
    public bool CreatesManagerRbac => Flag("managerRbac.create");
    public bool CreatesClientRbac => Flag("clientRbac.create");
    public JsonArray ClientSubjects => At("clientRbac.subjects") as JsonArray ?? [];
    public string AgentArrival => ValueChecks.Scalar(At("timeouts.agentArrival"))!;

    /// <summary>0: none.</summary>
    public int PrometheusPort => (int)(ValueChecks.Number(At("prometheus.port")) ?? 0);

    /// <summary>0: none.</summary>
    public int AgentApiPort => (int)(ValueChecks.Number(At("telepresenceAPI.port")) ?? 0);

    /// <summary>How long the manager keeps an idle client; null: its default.</summary>
    public string? ConnectionTtl => ValueChecks.Scalar(At("client.connectionTTL"));

    /// <summary>The clients' configuration, as they read it.</summary>
    public JsonObject Client => (JsonObject)At(ValueKeys.Client)!;

    /// <summary>Namespaces that alone are managed; empty: the manager is not bound to any.</summary>
    public IReadOnlyList<string> Namespaces =>
        Texts("namespaces") is { Count: > 0 } named ? named
        : At("namespaceSelector") is JsonObject selector ? StaticNamespaces(selector)
        : [];

    /// <summary>Namespaces that clients get rights in; empty: all.</summary>
    public IReadOnlyList<string> ClientNamespaces =>
        Texts("clientRbac.namespaces") is { Count: > 0 } named ? named : Namespaces;

    /// <summary>Which namespaces are managed, as the manager reads it.</summary>
    public JsonObject NamespaceSelector
    {
        get
        {
            if (Namespaces.Count > 0)
            {
                return new JsonObject { ["matchExpressions"] = new JsonArray(Names("In", Namespaces)) };
            }
            var selector = At("namespaceSelector")?.DeepClone() as JsonObject ?? [];
            var expressions = selector["matchExpressions"]?.DeepClone() as JsonArray ?? [];
            expressions.Add(Names("NotIn", ["kube-system", "kube-node-lease"]));
            selector["matchExpressions"] = expressions;
            return selector;
        }
    }

    /// <summary>Kinds of workload, as <c>ENABLED_WORKLOAD_KINDS</c> names them.</summary>
    public IReadOnlyList<string> WorkloadKinds =>
        [
            .. new[]
            {
                ("deployments", "Deployment"),
                ("statefulSets", "StatefulSet"),
                ("replicaSets", "ReplicaSet"),
                ("argoRollouts", "Rollout"),
            }
                .Where(kind => Flag($"workloads.{kind.Item1}.enabled"))
                .Select(kind => kind.Item2),
        ];

    /// <summary>What goes into the pod's specification as it is; null: nothing was said.</summary>
    public JsonNode? PodPart(string key) => At(key) is { } value && !IsEmpty(value) ? value.DeepClone() : null;

    /// <param name="given">Of files and command line, merged.</param>
    /// <exception cref="InvalidValueException">A value is of the wrong type, or two exclude each other.</exception>
    public static ManagerValues Read(JsonObject given)
    {
        List<string> warnings = [];
        Check(given, "", warnings);
        ManagerValues values = new(given, warnings);
        if (values.Image is { Name: "" })
        {
            throw new InvalidValueException("image.name", "is empty");
        }
        if (values.Texts("namespaces").Count > 0 && values.At("namespaceSelector") is JsonObject { Count: > 0 })
        {
            throw new InvalidValueException("namespaces", "and namespaceSelector exclude each other");
        }
        if (values.CreatesClientRbac && values.ClientSubjects.Count == 0)
        {
            throw new InvalidValueException(
                "clientRbac.subjects",
                "must name who gets the clients' rights, since clientRbac.create is true"
            );
        }
        if (values.PodCidrStrategy == "environment" && values.PodCidrs.Count == 0)
        {
            throw new InvalidValueException("podCIDRs", "must name the subnets, since podCIDRStrategy is environment");
        }
        if (values.Flag("agentInjector.enabled"))
        {
            warnings.Add("agentInjector.enabled has no effect: traffic-agents are not injected by this installation");
        }
        return values;
    }

    private static void Check(JsonObject section, string prefix, List<string> warnings)
    {
        foreach (var (name, value) in section)
        {
            var path = prefix + name;
            if (value is null)
            {
                continue;
            }
            if (ValueKeys.All.TryGetValue(path, out var key))
            {
                if (ValueChecks.Complaint(key.Type, value) is { } complaint)
                {
                    throw new InvalidValueException(path, complaint);
                }
            }
            else if (path == ValueKeys.Client)
            {
                CheckClient(value, warnings);
            }
            else if (ValueKeys.IsSection(path))
            {
                Check(
                    value as JsonObject ?? throw new InvalidValueException(path, "must be a mapping"),
                    path + ".",
                    warnings
                );
            }
            else if (ValueKeys.Foreign.Contains(path.Split('.')[0]))
            {
                warnings.Add($"{path} has no effect: it is for installations with helm (-UseHelm)");
            }
            else
            {
                warnings.Add($"{path} is not a known key{KeySuggestion.For(path, ValueKeys.All.Keys)}");
            }
        }
    }

    /// <summary>As clients will read it.</summary>
    private static void CheckClient(JsonNode value, List<string> warnings)
    {
        if (value is not JsonObject client)
        {
            throw new InvalidValueException(ValueKeys.Client, "must be a mapping");
        }
        if (client["connectionTTL"] is { } ttl && ValueChecks.Complaint(ValueType.Duration, ttl) is { } complaint)
        {
            throw new InvalidValueException("client.connectionTTL", complaint);
        }
        try
        {
            var read = ClientConfigurationReader.Read(
                BlockYaml.Write(client),
                new ConfigurationOrigin(ValueKeys.Client)
            );
            warnings.AddRange(read.Warnings.Select(warning => $"client: {warning.Message}"));
        }
        catch (InvalidConfigurationException e)
        {
            throw new InvalidValueException("", e.Message);
        }
    }

    /// <summary>Upstream's rule for a selector that names its namespaces: one term, and that by name.</summary>
    private static IReadOnlyList<string> StaticNamespaces(JsonObject selector)
    {
        var labels = selector["matchLabels"] as JsonObject ?? [];
        var expressions = selector["matchExpressions"] as JsonArray ?? [];
        return (labels.Count, expressions.Count) switch
        {
            (1, 0) when ValueChecks.Text(labels[InNames]) is { } name => [name],
            (0, 1)
                when expressions[0] is JsonObject expression
                    && ValueChecks.Text(expression["key"]) == InNames
                    && ValueChecks.Text(expression["operator"]) == "In" => ToTexts(expression["values"]),
            _ => [],
        };
    }

    private static JsonObject Names(string verb, IEnumerable<string> names) =>
        new()
        {
            ["key"] = InNames,
            ["operator"] = verb,
            ["values"] = new JsonArray([.. names.Select(name => (JsonNode)name)]),
        };

    private JsonNode? At(string path) =>
        path.Split('.').Aggregate((JsonNode?)_tree, (node, name) => (node as JsonObject)?[name]);

    private string? Text(string path) => ValueChecks.Text(At(path));

    private bool Flag(string path) => At(path)?.GetValue<bool>() ?? false;

    private IReadOnlyList<string> Texts(string path) => ToTexts(At(path));

    private static IReadOnlyList<string> ToTexts(JsonNode? value) =>
        value is JsonArray list ? [.. list.Select(ValueChecks.Text).OfType<string>()] : [];

    private static bool IsEmpty(JsonNode value) =>
        value is JsonObject { Count: 0 } or JsonArray { Count: 0 } || ValueChecks.Text(value) == "";
}
