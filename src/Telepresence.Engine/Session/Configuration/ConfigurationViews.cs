using Telepresence.Client.Contract;
using Telepresence.Client.Objects;

namespace Telepresence.Engine.Session.Configuration;

/// <summary>The configuration as users see it.</summary>
internal static class ConfigurationViews
{
    private const string Default = "default";

    public static ConfigurationResult Result(
        ClientConfiguration configuration,
        ConfigurationScope scope,
        string session
    ) =>
        new()
        {
            Entries = [.. ConfigurationKeys.All.Select(key => Entry(key, configuration, scope, session))],
            Warnings = [.. configuration.Warnings.Select(w => w.ToString())],
        };

    public static TelepresenceConfigurationEntry Entry(
        ConfigurationKey key,
        ClientConfiguration configuration,
        ConfigurationScope scope,
        string session = ""
    )
    {
        configuration.Settings.TryGetValue(key.Path, out var setting);
        return new TelepresenceConfigurationEntry
        {
            Key = key.Path,
            Value = setting?.Text ?? key.Default,
            Default = key.Default,
            Source = setting?.Origin.Source ?? Default,
            File = setting?.Origin.File ?? "",
            Line = setting?.Origin.Line ?? 0,
            Scope = scope,
            IsDefault = setting?.IsDefault ?? true,
            Type = key.Type.ToString(),
            Description = key.Description,
            IsUsed = key.IsUsed,
            Session = session,
        };
    }
}
