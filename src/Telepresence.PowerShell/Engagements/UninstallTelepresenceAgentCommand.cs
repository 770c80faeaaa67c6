using System.Management.Automation;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell.Engagements;

/// <summary>Takes traffic-agents out of workloads; their pods are made anew.</summary>
[Cmdlet(
    VerbsLifecycle.Uninstall,
    "TelepresenceAgent",
    SupportsShouldProcess = true,
    DefaultParameterSetName = WorkloadSet
)]
[OutputType(typeof(void))]
public sealed class UninstallTelepresenceAgentCommand : TelepresenceCmdlet
{
    private const string WorkloadSet = "Workload";
    private const string AllSet = "All";

    /// <summary>The workloads.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true,
        ParameterSetName = WorkloadSet
    )]
    [ArgumentCompleter(typeof(WorkloadCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Workload { get; set; } = [];

    /// <summary>Every workload of the session's namespace that has one.</summary>
    [Parameter(Mandatory = true, ParameterSetName = AllSet)]
    public SwitchParameter All { get; set; }

    /// <summary>Name of the session; without it the only one.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Session { get; set; }

    /// <summary>Gives up after so many seconds.</summary>
    [Parameter]
    [ValidateRange(0.001, 86_400)]
    public double? TimeoutSeconds { get; set; }

    private protected override double? Limit => TimeoutSeconds;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var target = All ? "every workload of the session's namespace" : string.Join(", ", Workload);
        if (!ShouldProcess(target, "Uninstall the traffic-agent"))
        {
            return;
        }
        Run(
            async cancellationToken =>
            {
                var engine =
                    await TryGetNetworkEngineAsync(cancellationToken)
                    ?? throw ErrorCatalogue.Error(ErrorId.SessionNotFound, Session, ("session", Session ?? "*"));
                var removed = await engine.UninstallAgentsAsync(
                    new AgentRemoval { Session = Session, Workloads = Workload },
                    cancellationToken
                );
                Tell(removed.Length > 0 ? $"removed from {string.Join(", ", removed)}" : "no workload has an agent");
            },
            target
        );
    }
}
