using System.Management.Automation;
using Telepresence.Client.Contract;
using Telepresence.Client.Objects;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell.Configuration;

/// <summary>Each key of the configuration with its value, its default and where the value was set.</summary>
[Cmdlet(VerbsCommon.Get, "TelepresenceConfiguration")]
[OutputType(TypeNames.ConfigurationEntry)]
public sealed class GetTelepresenceConfigurationCommand : ConfigurationCmdlet
{
    /// <summary>Keys, or wildcards; without it all.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ConfigurationKeyCompleter))]
    [SupportsWildcards]
    public string[] Key { get; set; } = [];

    /// <summary>Whose: what counts, this machine's, or the cluster's.</summary>
    [Parameter]
    public ConfigurationScope Scope { get; set; }

    /// <summary>Names of sessions, or wildcards, whose configuration it is.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [SupportsWildcards]
    public string[] Session { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord() =>
        Run(
            async cancellationToken =>
            {
                foreach (var result in await ResultsAsync(cancellationToken))
                {
                    foreach (var warning in result.Warnings)
                    {
                        Warn(warning);
                    }
                    Emit(result.Entries.Where(e => Wildcards.Match(Key, e.Key)));
                }
            },
            Context,
            terminating: true
        );

    private async Task<IReadOnlyList<ConfigurationResult>> ResultsAsync(CancellationToken cancellationToken)
    {
        var parameters = new ConfigurationParameters
        {
            Scope = Scope,
            Cluster = ClusterSelection,
            AskCluster = NamesCluster,
            ManagerNamespace = ManagerNamespace,
            TimeoutSeconds = TimeoutSeconds,
        };
        if (!NamesCluster && (Session.Length > 0 || Scope == ConfigurationScope.Effective))
        {
            var network = await TryGetNetworkEngineAsync(cancellationToken);
            var sessions = await SessionNames.FindAsync(
                network,
                Session,
                missing => EmitError(missing, missing.TargetObject),
                cancellationToken
            );
            if (sessions.Count > 0 || Session.Length > 0)
            {
                var results = new List<ConfigurationResult>();
                foreach (var session in sessions)
                {
                    var ofSession = parameters with { Session = session.Name };
                    results.Add(await network!.ConfigurationAsync(ofSession, cancellationToken));
                }
                return results;
            }
        }
        var engine = await GetAnyEngineAsync(cancellationToken);
        return [await engine.ConfigurationAsync(parameters, cancellationToken)];
    }
}
