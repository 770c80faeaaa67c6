using System.Net;
using Telepresence.Engine.Dns;
using Telepresence.Engine.Kubernetes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Telepresence.Engine.Session.Configuration;

/// <summary>
/// Reads config.yml, the manager's client.yaml and the kubeconfig extension (PROTOCOL §5.2, §5.3). Unknown keys are
/// somebody else's and are passed over; a known key with an unusable value is reported by its full name.
/// </summary>
internal static class ClientConfigurationReader
{
    /// <exception cref="InvalidConfigurationException">Not YAML, or a key's value cannot be used.</exception>
    public static ClientConfiguration Read(string yaml, string source)
    {
        YamlStream stream;
        try
        {
            stream = YamlAccess.Load(new StringReader(yaml));
        }
        catch (YamlException e)
        {
            throw new InvalidConfigurationException(source, "", $"not valid YAML at line {e.Start.Line}: {e.Message}");
        }
        // An empty file must be accepted (PROTOCOL §5.1).
        return stream.Documents is [{ RootNode: YamlMappingNode root }, ..]
            ? Read(new Section(source, "", root))
            : ClientConfiguration.Empty;
    }

    private static ClientConfiguration Read(Section root)
    {
        var timeouts = root.Child("timeouts");
        var cluster = root.Child("cluster");
        var dns = root.Child("dns");
        var routing = root.Child("routing");
        return new ClientConfiguration
        {
            ClusterConnect = timeouts?.Duration("clusterConnect"),
            EndpointDial = timeouts?.Duration("endpointDial"),
            RoundtripLatency = timeouts?.Duration("roundtripLatency"),
            TrafficManagerApi = timeouts?.Duration("trafficManagerAPI"),
            TrafficManagerConnect = timeouts?.Duration("trafficManagerConnect"),
            DefaultManagerNamespace = cluster?.Text("defaultManagerNamespace"),
            MappedNamespaces = cluster?.List("mappedNamespaces"),
            DnsLookup = dns?.Duration("lookupTimeout"),
            DnsExcludeSuffixes = dns?.List("excludeSuffixes"),
            DnsIncludeSuffixes = dns?.List("includeSuffixes"),
            DnsExcludes = dns?.List("excludes"),
            DnsMappings = dns?.Mappings("mappings"),
            AlsoProxy = routing?.Networks("alsoProxySubnets") ?? routing?.Networks("alsoProxy"),
            NeverProxy = routing?.Networks("neverProxySubnets") ?? routing?.Networks("neverProxy"),
            AllowConflicting = routing?.Networks("allowConflictingSubnets") ?? routing?.Networks("allowConflicting"),
            VirtualSubnet = routing?.Network("virtualSubnet"),
            AutoResolveConflicts = routing?.Flag("autoResolveConflicts"),
        };
    }

    /// <summary>A YAML mapping with its path, so that a complaint can name the key.</summary>
    private sealed record Section(string Source, string Path, YamlMappingNode Node)
    {
        public Section? Child(string key) =>
            Find(key) switch
            {
                null => null,
                YamlMappingNode mapping => new Section(Source, Full(key), mapping),
                var node when IsEmpty(node) => null,
                _ => throw Bad(key, "must be a mapping"),
            };

        public string? Text(string key) =>
            Find(key) switch
            {
                null => null,
                YamlScalarNode { Value: { Length: > 0 } value } => value,
                var node when IsEmpty(node) => null,
                _ => throw Bad(key, "must be text"),
            };

        public TimeSpan? Duration(string key) =>
            Text(key) is not { } text ? null
            : GoDuration.TryParse(text, out var value) ? value
            : throw Bad(key, $"'{text}' is not a duration such as 4s or 1m30s");

        public bool? Flag(string key) =>
            Text(key) is not { } text ? null
            : bool.TryParse(text, out var value) ? value
            : throw Bad(key, $"'{text}' must be true or false");

        public IPNetwork? Network(string key) => Text(key) is { } text ? ParseNetwork(key, text) : null;

        public IReadOnlyList<string>? List(string key) => Items(key)?.Select(item => ScalarOf(key, item)).ToArray();

        public IReadOnlyList<IPNetwork>? Networks(string key) =>
            List(key)?.Select(text => ParseNetwork(key, text)).ToArray();

        public IReadOnlyList<DnsMapping>? Mappings(string key) =>
            Items(key)
                ?.Select(item =>
                    item is YamlMappingNode mapping
                    && new Section(Source, Full(key), mapping) is var entry
                    && entry.Text("name") is { } name
                    && entry.Text("aliasFor") is { } alias
                        ? new DnsMapping(name, alias)
                        : throw Bad(key, "each entry needs name and aliasFor")
                )
                .ToArray();

        private IList<YamlNode>? Items(string key) =>
            Find(key) switch
            {
                null => null,
                YamlSequenceNode sequence => sequence.Children,
                var node when IsEmpty(node) => null,
                _ => throw Bad(key, "must be a list"),
            };

        private YamlNode? Find(string key) =>
            Node.Children.TryGetValue(new YamlScalarNode(key), out var node) ? node : null;

        private static bool IsEmpty(YamlNode node) => node is YamlScalarNode { Value: null or "" or "~" or "null" };

        private string ScalarOf(string key, YamlNode node) =>
            node is YamlScalarNode { Value: { } value } ? value : throw Bad(key, "must be a list of text");

        private IPNetwork ParseNetwork(string key, string text) =>
            IPNetwork.TryParse(text, out var network) ? network
            : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
            : throw Bad(key, $"'{text}' is not a subnet such as 10.0.0.0/8");

        private string Full(string key) => Path.Length == 0 ? key : $"{Path}.{key}";

        private InvalidConfigurationException Bad(string key, string complaint) => new(Source, Full(key), complaint);
    }
}

/// <summary>A configuration source cannot be used; the message names source and key.</summary>
internal sealed class InvalidConfigurationException(string source, string key, string complaint)
    : Exception(key.Length == 0 ? $"{source}: {complaint}" : $"{source}: {key} {complaint}")
{
    /// <summary>File name or the words that say where the text came from.</summary>
    public string ConfigurationSource { get; } = source;
}
