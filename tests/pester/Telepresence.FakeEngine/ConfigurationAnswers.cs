using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Ipc;
using Telepresence.Client.Objects;

namespace Telepresence.FakeEngine;

/// <summary>A configuration with a value of each source, and a warning.</summary>
internal static class ConfigurationAnswers
{
    private const string File = "/home/me/.config/telepresence/config.yml";

    public static void Register(JsonRpcMethods methods, Action<string, string> note)
    {
        methods.Register<ConfigurationParameters, ConfigurationResult>(
            EngineMethods.Configuration,
            (parameters, _, _) =>
            {
                note("configuration", $"{parameters.Scope}|{parameters.Session}|{parameters.AskCluster}");
                return Task.FromResult(
                    new ConfigurationResult
                    {
                        Entries = Entries(parameters),
                        Warnings = [$"{File}: line 3: x is not a known key"],
                    }
                );
            }
        );
        methods.Register<ConfigurationChange, ConfigurationChanged>(
            EngineMethods.SetConfiguration,
            (change, _, _) => Task.FromResult(Change(change, note))
        );
        methods.Register<SessionParameters, string[]>(
            EngineMethods.ConfigurationKeys,
            (_, _, _) => Task.FromResult<string[]>(["dns.lookupTimeout", "routing.neverProxySubnets"])
        );
    }

    private static TelepresenceConfigurationEntry[] Entries(ConfigurationParameters parameters) =>
        [
            Entry("cluster.defaultManagerNamespace", "tools", "TELEPRESENCE_MANAGER_NAMESPACE", parameters),
            Entry("dns.lookupTimeout", "4s", "default", parameters),
            Entry("routing.neverProxySubnets", "10.0.0.0/8, 192.168.0.0/16, 172.16.0.0/12", "config.yml", parameters),
        ];

    private static TelepresenceConfigurationEntry Entry(
        string key,
        string value,
        string source,
        ConfigurationParameters parameters
    ) =>
        new()
        {
            Key = key,
            Value = value,
            Default = key == "dns.lookupTimeout" ? "4s" : "",
            Source = source,
            File = source == "config.yml" ? File : "",
            Line = source == "config.yml" ? 7 : 0,
            Scope = parameters.Scope,
            IsDefault = source == "default",
            Type = "Text",
            Description = "What it is for.",
            IsUsed = true,
            Session = parameters.Session ?? "",
        };

    private static ConfigurationChanged Change(ConfigurationChange change, Action<string, string> note)
    {
        if (!change.Key.Contains('.', StringComparison.Ordinal))
        {
            throw ErrorCatalogue.Error(
                ErrorId.InvalidParameter,
                change.Key,
                ("parameter", "Key"),
                ("value", change.Key),
                ("reason", "it is not a known key"),
                ("command", "Set-TelepresenceConfiguration")
            );
        }
        if (!change.DryRun)
        {
            note("set", $"{change.Scope}|{change.Key}|{string.Join(';', change.Values)}|{change.Remove}");
        }
        return new ConfigurationChanged
        {
            Target = File,
            IsChanged = true,
            Entry = new()
            {
                Key = change.Key,
                Value = string.Join(", ", change.Values),
                Scope = change.Scope,
            },
        };
    }
}
