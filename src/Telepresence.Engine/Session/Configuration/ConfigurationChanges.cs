using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;

namespace Telepresence.Engine.Session.Configuration;

/// <summary>Changes the user's file, or the cluster's ConfigMap.</summary>
internal sealed class ConfigurationChanges(SessionServices services)
{
    private const string Command = "Set-TelepresenceConfiguration";

    /// <exception cref="TelepresenceException">InvalidParameter, Forbidden, ManagerNotFound, Timeout.</exception>
    /// <exception cref="InvalidConfigurationException">What is there is broken, and is left as it is.</exception>
    public async Task<ConfigurationChanged> ApplyAsync(ConfigurationChange change, CancellationToken cancellationToken)
    {
        var key =
            ConfigurationKeys.Paths.Find(change.Key)
            ?? throw Invalid(
                "Key",
                change.Key,
                $"it is not a known key{KeySuggestion.For(change.Key, ConfigurationKeys.All.Select(k => k.Path))}"
            );
        var value = change.Remove ? null : Value(key, change.Values);
        return change.Scope switch
        {
            ConfigurationScope.Client => ApplyToFile(change, key, value),
            ConfigurationScope.Cluster => await ApplyToClusterAsync(change, key, value, cancellationToken)
                .ConfigureAwait(false),
            _ => throw Invalid("Scope", change.Scope.ToString(), "it must be Client or Cluster"),
        };
    }

    private static ConfigurationChanged ApplyToFile(ConfigurationChange change, ConfigurationKey key, object? value)
    {
        var path = ConfigurationFiles.UserFile(SessionServices.EnvironmentOf(change.Cluster));
        var origin = ConfigurationFiles.Origin(path);
        var (before, after) = UserConfigurationFile.Edit(path, text => Edit(text, key, value, origin), change.DryRun);
        return Changed(change, key, path, before, after, origin);
    }

    private Task<ConfigurationChanged> ApplyToClusterAsync(
        ConfigurationChange change,
        ConfigurationKey key,
        object? value,
        CancellationToken cancellationToken
    )
    {
        var current = services.WithConfiguration(change.Cluster);
        var settings = SessionSettings.Parse(
            new ConnectParameters
            {
                Cluster = change.Cluster,
                ManagerNamespace = change.ManagerNamespace,
                TimeoutSeconds = change.TimeoutSeconds,
            }
        );
        return settings
            .DeadlineFor(Command, current)
            .RunAsync(
                null,
                null,
                async (_, token) =>
                {
                    using var access = current.OpenCluster(settings, current.LocalConfiguration);
                    var map =
                        access.ConfigMap ?? throw Invalid("Scope", "Cluster", "there is no API server to change it by");
                    var origin = ManagerOptions.ClusterOrigin;
                    var (before, after) = await map.EditAsync(
                            text => Edit(text, key, value, origin),
                            change.DryRun,
                            token
                        )
                        .ConfigureAwait(false);
                    return Changed(change, key, map.Target, before, after, origin);
                },
                cancellationToken
            );
    }

    private static string Edit(string text, ConfigurationKey key, object? value, ConfigurationOrigin origin)
    {
        var edited = value is null
            ? ConfigurationEditor.Remove(text, key, origin.Name)
            : ConfigurationEditor.Set(text, key, value, origin.Name);
        // Nothing is written that the next connect would refuse.
        ClientConfigurationReader.Read(edited, origin);
        return edited;
    }

    private static ConfigurationChanged Changed(
        ConfigurationChange change,
        ConfigurationKey key,
        string target,
        string before,
        string after,
        ConfigurationOrigin origin
    ) =>
        new()
        {
            Target = target,
            IsChanged = before != after,
            Entry = ConfigurationViews.Entry(key, ClientConfigurationReader.Read(after, origin), change.Scope),
        };

    private static object Value(ConfigurationKey key, IReadOnlyList<string> values)
    {
        try
        {
            return ConfigurationInput.Read(key, values);
        }
        catch (FormatException e)
        {
            throw Invalid("Value", string.Join(", ", values), $"{key.Path} {e.Message}");
        }
    }

    private static TelepresenceException Invalid(string parameter, string value, string reason) =>
        ErrorCatalogue.InvalidParameter(Command, parameter, value, reason);
}
