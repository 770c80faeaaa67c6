using System.Collections.Immutable;
using System.Net;
using Telepresence.Engine.Dns;

namespace Telepresence.Engine.Session.Configuration;

/// <summary>
/// One layer of client configuration (PROTOCOL §5), or several merged: config.yml, the manager's GetClientConfig, a
/// kubeconfig extension. Each value knows where it was set. Null means "not set here", so that a lower layer shows through.
/// </summary>
internal sealed record ClientConfiguration
{
    private static readonly ConfigurationOrigin _unknown = new("");

    private ImmutableDictionary<string, ConfigurationSetting> _settings = ImmutableDictionary<
        string,
        ConfigurationSetting
    >.Empty;

    public static ClientConfiguration Empty { get; } = new();

    /// <summary>What is set, by path of the key.</summary>
    public IReadOnlyDictionary<string, ConfigurationSetting> Settings => _settings;

    /// <summary>What looks like a mistake in the sources.</summary>
    public ImmutableArray<ConfigurationWarning> Warnings { get; init; } = [];

    /// <summary>First contact with the API server. Default 20 s.</summary>
    public TimeSpan? ClusterConnect
    {
        get => Value<TimeSpan>(ConfigurationKeys.ClusterConnect);
        init => Put(ConfigurationKeys.ClusterConnect, value);
    }

    /// <summary>Dial time-out carried in StreamInfo. Default 3 s.</summary>
    public TimeSpan? EndpointDial
    {
        get => Value<TimeSpan>(ConfigurationKeys.EndpointDial);
        init => Put(ConfigurationKeys.EndpointDial, value);
    }

    /// <summary>Added to the dial time-out before a dial counts as lost. Default 2 s.</summary>
    public TimeSpan? RoundtripLatency
    {
        get => Value<TimeSpan>(ConfigurationKeys.RoundtripLatency);
        init => Put(ConfigurationKeys.RoundtripLatency, value);
    }

    /// <summary>First gRPC answer of the traffic-manager. Default 15 s.</summary>
    public TimeSpan? TrafficManagerApi
    {
        get => Value<TimeSpan>(ConfigurationKeys.TrafficManagerApi);
        init => Put(ConfigurationKeys.TrafficManagerApi, value);
    }

    /// <summary>The whole connect. Default 60 s.</summary>
    public TimeSpan? TrafficManagerConnect
    {
        get => Value<TimeSpan>(ConfigurationKeys.TrafficManagerConnect);
        init => Put(ConfigurationKeys.TrafficManagerConnect, value);
    }

    /// <summary>One look-up at the traffic-manager. Default 4 s.</summary>
    public TimeSpan? DnsLookup
    {
        get => Value<TimeSpan>(ConfigurationKeys.DnsLookup);
        init => Put(ConfigurationKeys.DnsLookup, value);
    }

    /// <summary>Until a workload's agent has arrived. Default 30 s.</summary>
    public TimeSpan? Intercept
    {
        get => Value<TimeSpan>(ConfigurationKeys.Intercept);
        init => Put(ConfigurationKeys.Intercept, value);
    }

    /// <summary>How long a new connection waits for a lost cluster to come back. Default 10 s.</summary>
    public TimeSpan? ReconnectWait
    {
        get => Value<TimeSpan>(ConfigurationKeys.ReconnectWait);
        init => Put(ConfigurationKeys.ReconnectWait, value);
    }

    /// <summary>True: nothing but SPDY carries port-forwards. Default false.</summary>
    public bool? ForceSpdy
    {
        get => Value<bool>(ConfigurationKeys.ForceSpdy);
        init => Put(ConfigurationKeys.ForceSpdy, value);
    }

    /// <summary>False: agents are not linked to directly. Default true.</summary>
    public bool? AgentPortForward
    {
        get => Value<bool>(ConfigurationKeys.AgentPortForward);
        init => Put(ConfigurationKeys.AgentPortForward, value);
    }

    public string? DefaultManagerNamespace
    {
        get => Reference<string>(ConfigurationKeys.DefaultManagerNamespace);
        init => Put(ConfigurationKeys.DefaultManagerNamespace, value);
    }

    public IReadOnlyList<string>? MappedNamespaces
    {
        get => Reference<IReadOnlyList<string>>(ConfigurationKeys.MappedNamespaces);
        init => Put(ConfigurationKeys.MappedNamespaces, value);
    }

    public IReadOnlyList<string>? DnsExcludeSuffixes
    {
        get => Reference<IReadOnlyList<string>>(ConfigurationKeys.DnsExcludeSuffixes);
        init => Put(ConfigurationKeys.DnsExcludeSuffixes, value);
    }

    public IReadOnlyList<string>? DnsIncludeSuffixes
    {
        get => Reference<IReadOnlyList<string>>(ConfigurationKeys.DnsIncludeSuffixes);
        init => Put(ConfigurationKeys.DnsIncludeSuffixes, value);
    }

    public IReadOnlyList<string>? DnsExcludes
    {
        get => Reference<IReadOnlyList<string>>(ConfigurationKeys.DnsExcludes);
        init => Put(ConfigurationKeys.DnsExcludes, value);
    }

    public IReadOnlyList<DnsMapping>? DnsMappings
    {
        get => Reference<IReadOnlyList<DnsMapping>>(ConfigurationKeys.DnsMappings);
        init => Put(ConfigurationKeys.DnsMappings, value);
    }

    public IReadOnlyList<IPNetwork>? AlsoProxy
    {
        get => Reference<IReadOnlyList<IPNetwork>>(ConfigurationKeys.AlsoProxy);
        init => Put(ConfigurationKeys.AlsoProxy, value);
    }

    public IReadOnlyList<IPNetwork>? NeverProxy
    {
        get => Reference<IReadOnlyList<IPNetwork>>(ConfigurationKeys.NeverProxy);
        init => Put(ConfigurationKeys.NeverProxy, value);
    }

    public IReadOnlyList<IPNetwork>? AllowConflicting
    {
        get => Reference<IReadOnlyList<IPNetwork>>(ConfigurationKeys.AllowConflicting);
        init => Put(ConfigurationKeys.AllowConflicting, value);
    }

    public IPNetwork? VirtualSubnet
    {
        get => Value<IPNetwork>(ConfigurationKeys.VirtualSubnet);
        init => Put(ConfigurationKeys.VirtualSubnet, value);
    }

    public bool? AutoResolveConflicts
    {
        get => Value<bool>(ConfigurationKeys.AutoResolveConflicts);
        init => Put(ConfigurationKeys.AutoResolveConflicts, value);
    }

    /// <summary>A layer of these settings.</summary>
    public static ClientConfiguration Of(
        IEnumerable<ConfigurationSetting> settings,
        IEnumerable<ConfigurationWarning> warnings
    ) => new() { _settings = settings.ToImmutableDictionary(s => s.Key.Path), Warnings = [.. warnings] };

    /// <summary>
    /// This layer over <paramref name="lower"/>: what is set here wins, lists as a whole; but what is set to its built-in
    /// value lets a lower layer's other value show through (PROTOCOL §5.1).
    /// </summary>
    public ClientConfiguration Over(ClientConfiguration lower) =>
        new()
        {
            _settings = lower._settings.SetItems(
                _settings.Where(s => !s.Value.IsDefault || !lower._settings.ContainsKey(s.Key))
            ),
            Warnings = lower.Warnings.AddRange(Warnings),
        };

    private T? Value<T>(ConfigurationKey key)
        where T : struct => _settings.GetValueOrDefault(key.Path)?.Value as T?;

    private T? Reference<T>(ConfigurationKey key)
        where T : class => _settings.GetValueOrDefault(key.Path)?.Value as T;

    private void Put(ConfigurationKey key, object? value)
    {
        _settings = value is null
            ? _settings.Remove(key.Path)
            : _settings.SetItem(key.Path, new ConfigurationSetting(key, value, _unknown));
    }
}
