using System.Net;
using Telepresence.Engine.Manager;

namespace Telepresence.Engine.Session.Configuration;

/// <summary>What a connect's parameters set, over all layers (PROTOCOL §5.1).</summary>
internal static class ParameterConfiguration
{
    /// <summary>
    /// The three lists of subnets are added to, by parameters and by the cluster's own (PROTOCOL §4.2); all else is replaced.
    /// </summary>
    /// <param name="cluster">What the manager says besides its client.yaml; null where it was not asked.</param>
    public static ClientConfiguration Over(
        ClientConfiguration layers,
        SessionSettings settings,
        ManagerClusterInfo? cluster
    )
    {
        List<ConfigurationSetting> set = [];
        AddList(ConfigurationKeys.AlsoProxy, settings.AlsoProxy, "-AlsoProxy", cluster?.AlsoProxy);
        AddList(ConfigurationKeys.NeverProxy, settings.NeverProxy, "-NeverProxy", cluster?.NeverProxy);
        AddList(
            ConfigurationKeys.AllowConflicting,
            settings.AllowConflicting,
            "-AllowConflictingSubnet",
            cluster?.AllowConflicting
        );
        Add(ConfigurationKeys.VirtualSubnet, settings.VirtualSubnet, "-VirtualSubnet");
        Add(ConfigurationKeys.AutoResolveConflicts, settings.AutoResolveConflicts, "-NoAutoResolve");
        Add(ConfigurationKeys.DefaultManagerNamespace, settings.ManagerNamespace, "-ManagerNamespace");
        Add(ConfigurationKeys.TrafficManagerConnect, settings.Timeout, "-TimeoutSeconds");
        if (settings.MappedNamespaces.Count > 0)
            Add(ConfigurationKeys.MappedNamespaces, settings.MappedNamespaces, "-MappedNamespace");
        var parameters = set.ToDictionary(s => s.Key);
        return ClientConfiguration.Of(
            layers.Settings.Values.Where(s => !parameters.ContainsKey(s.Key)).Concat(parameters.Values),
            layers.Warnings
        );

        void Add(ConfigurationKey key, object? value, string parameter)
        {
            if (value is not null)
                set.Add(new ConfigurationSetting(key, value, new ConfigurationOrigin(parameter)));
        }

        void AddList(
            ConfigurationKey key,
            IReadOnlyList<IPNetwork> given,
            string parameter,
            IReadOnlyList<IPNetwork>? supplied
        )
        {
            layers.Settings.TryGetValue(key.Path, out var configured);
            var networks = configured?.Value as IReadOnlyList<IPNetwork> ?? [];
            (IReadOnlyList<IPNetwork> Networks, ConfigurationOrigin Origin)[] parts =
            [
                (given, new ConfigurationOrigin(parameter)),
                (networks, configured?.Origin ?? new ConfigurationOrigin("")),
                (supplied?.Except(networks).ToArray() ?? [], new ConfigurationOrigin("cluster")),
            ];
            parts = [.. parts.Where(p => p.Networks.Count > 0)];
            if (parts.Length == 0)
                return;
            var sources = string.Join('+', parts.Select(p => p.Origin.Source).Distinct());
            var file = parts.Select(p => p.Origin).FirstOrDefault(o => o.File.Length > 0) ?? parts[0].Origin;
            set.Add(
                new ConfigurationSetting(
                    key,
                    parts.SelectMany(p => p.Networks).Distinct().ToArray(),
                    file with
                    {
                        Source = sources,
                    }
                )
            );
        }
    }
}
