using System.Management.Automation;
using Telepresence.Client.Contract;
using Telepresence.Client.Objects;
using Telepresence.Client.Sessions;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell.Configuration;

/// <summary>Sets or removes a key in the user's config.yml or in the cluster's ConfigMap; all else there stays as it is.</summary>
[Cmdlet(
    VerbsCommon.Set,
    "TelepresenceConfiguration",
    SupportsShouldProcess = true,
    ConfirmImpact = ConfirmImpact.Medium,
    DefaultParameterSetName = ValueSet
)]
[OutputType(TypeNames.ConfigurationEntry)]
public sealed class SetTelepresenceConfigurationCommand : ConfigurationCmdlet
{
    private const string ValueSet = "Value";
    private const string RemoveSet = "Remove";

    /// <summary>The key.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ConfigurationKeyCompleter))]
    [ValidateNotNullOrEmpty]
    public string Key { get; set; } = "";

    /// <summary>The value; several for a list, none (@()) for an empty one.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = ValueSet, ValueFromPipelineByPropertyName = true)]
    [AllowEmptyCollection]
    [AllowEmptyString]
    public object[] Value { get; set; } = [];

    /// <summary>Removes the key, so that lower layers and the default show through.</summary>
    [Parameter(Mandatory = true, ParameterSetName = RemoveSet)]
    public SwitchParameter Remove { get; set; }

    /// <summary>Client: the user's config.yml. Cluster: what the traffic-manager gives all its clients.</summary>
    [Parameter]
    [ValidateSet(nameof(ConfigurationScope.Client), nameof(ConfigurationScope.Cluster))]
    public ConfigurationScope Scope { get; set; } = ConfigurationScope.Client;

    /// <summary>Writes the key as it then is in that scope.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var change = new ConfigurationChange
        {
            Scope = Scope,
            Key = Key,
            Values = [.. Value.SelectMany(v => ConfigurationText.Of((v as PSObject)?.BaseObject ?? v))],
            Remove = Remove,
            DryRun = true,
            Cluster = ClusterSelection,
            ManagerNamespace = ManagerNamespace,
            TimeoutSeconds = TimeoutSeconds,
        };
        // First a try that writes nothing: it checks key and value, and tells what the prompt is to name.
        if (Apply(change) is not { } planned)
        {
            return;
        }
        var action = Remove ? $"Remove {Key}" : $"Set {Key} to {planned.Entry.Value}";
        if (ShouldProcess(planned.Target, action) && Apply(change with { DryRun = false }) is { } done && PassThru)
        {
            WriteObject(TypeNames.Tag(done.Entry));
        }
    }

    /// <summary>Null after an error.</summary>
    private ConfigurationChanged? Apply(ConfigurationChange change)
    {
        ConfigurationChanged? changed = null;
        Run(
            async cancellationToken =>
            {
                var engine = await GetUserEngineAsync(cancellationToken);
                changed = await engine.SetConfigurationAsync(change, cancellationToken);
            },
            Key
        );
        return changed;
    }
}
