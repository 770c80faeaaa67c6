namespace Telepresence.Engine.Session.Configuration;

/// <summary>Keys that environment variables set (PROTOCOL §5.2).</summary>
internal static class EnvironmentConfiguration
{
    private static readonly (string Variable, string Key)[] _overrides =
    [
        ("TELEPRESENCE_REGISTRY", "images.registry"),
        ("TELEPRESENCE_AGENT_IMAGE", "images.agentImage"),
        ("TELEPRESENCE_CLIENT_IMAGE", "images.clientImage"),
    ];

    private static readonly (string Variable, string Key)[] _managerNamespace =
    [
        ("TELEPRESENCE_MANAGER_NAMESPACE", ConfigurationKeys.DefaultManagerNamespace.Path),
    ];

    /// <summary>What goes over the kubeconfig's extension (PROTOCOL §5.1).</summary>
    public static ClientConfiguration Overrides(Func<string, string?> environment) => Of(_overrides, environment);

    /// <summary>The manager's namespace: over config.yml, but under the kubeconfig's extension (PROTOCOL §1.1).</summary>
    public static ClientConfiguration ManagerNamespace(Func<string, string?> environment) =>
        Of(_managerNamespace, environment);

    private static ClientConfiguration Of(
        IEnumerable<(string Variable, string Key)> variables,
        Func<string, string?> environment
    ) =>
        ClientConfiguration.Of(
            from variable in variables
            let value = environment(variable.Variable)
            where !string.IsNullOrEmpty(value)
            select new ConfigurationSetting(
                ConfigurationKeys.Paths.Find(variable.Key)!,
                value,
                new ConfigurationOrigin(variable.Variable)
            ),
            []
        );
}
