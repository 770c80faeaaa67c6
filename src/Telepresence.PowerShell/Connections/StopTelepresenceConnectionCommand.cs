using System.Management.Automation;
using Telepresence.Client.Objects;

namespace Telepresence.PowerShell.Connections;

/// <summary>Ends connections into the cluster.</summary>
[Cmdlet(
    VerbsLifecycle.Stop,
    "TelepresenceConnection",
    SupportsShouldProcess = true,
    ConfirmImpact = ConfirmImpact.Medium,
    DefaultParameterSetName = InputSet
)]
[OutputType(typeof(void))]
public sealed class StopTelepresenceConnectionCommand : ConnectionCmdlet
{
    private const string InputSet = "InputObject";

    /// <summary>Connections of Get-TelepresenceConnection.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = InputSet)]
    public TelepresenceConnection[] InputObject { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        IReadOnlyList<TelepresenceConnection> found = InputObject;
        if (ParameterSetName == FilterSet)
        {
            Run(async cancellationToken => found = await FindAsync(cancellationToken), Session);
        }
        foreach (var connection in found)
        {
            if (ShouldProcess(connection.ToString(), "Stop"))
            {
                Run(
                    async cancellationToken =>
                    {
                        if (await TryGetNetworkEngineAsync(cancellationToken) is { } engine)
                        {
                            await engine.StopConnectionsAsync([connection], cancellationToken);
                        }
                    },
                    connection
                );
            }
        }
    }
}
