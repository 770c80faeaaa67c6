using System.Management.Automation;
using Telepresence.Client.Contract;
using Telepresence.Client.Objects;
using Telepresence.PowerShell.Completers;
using Telepresence.PowerShell.Sandbox;

namespace Telepresence.PowerShell.Sessions;

/// <summary>Joins this machine to a cluster.</summary>
[Cmdlet(
    VerbsCommunications.Connect,
    "Telepresence",
    SupportsShouldProcess = true,
    DefaultParameterSetName = KubeconfigSet
)]
[OutputType(TypeNames.Session)]
[OutputType(TypeNames.ConnectPlan)]
public sealed class ConnectTelepresenceCommand : ClusterCmdlet
{
    private const string SandboxSet = "Sandbox";
    private const string Activity = "Connecting";

    /// <summary>Connects to the sandbox; starts one when none runs.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SandboxSet)]
    public SwitchParameter Sandbox { get; set; }

    /// <summary>Namespaces whose names resolve; without it all.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public string[] MappedNamespace { get; set; } = [];

    /// <summary>Name of the session; without it context and namespace.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>With -WhatIf: writes the plan as an object.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var target =
            Sandbox ? "the sandbox"
            : Context is null ? "the current context"
            : $"context '{Context}'";
        var go = ShouldProcess(
            $"Connect this machine to {target}: network interface, routes and DNS.",
            $"Connect this machine to {target}?",
            "Connect-Telepresence",
            out var reason
        );
        if (!go && !(reason == ShouldProcessReason.WhatIf && PassThru))
        {
            return;
        }
        var parameters = new ConnectParameters
        {
            Cluster = ClusterSelection,
            Namespace = Namespace,
            MappedNamespaces = MappedNamespace,
            ManagerNamespace = ManagerNamespace,
            Name = Name,
            Subnets = SubnetSelection,
            TimeoutSeconds = TimeoutSeconds,
        };
        Run(
            async cancellationToken =>
            {
                if (Sandbox)
                {
                    var sandbox = await SandboxForConnectAsync(start: go, cancellationToken);
                    parameters = parameters with
                    {
                        Cluster = parameters.Cluster with { Kubeconfig = sandbox.Kubeconfig },
                    };
                }
                await (go ? ConnectAsync(parameters, cancellationToken) : PlanAsync(parameters, cancellationToken));
            },
            Context,
            terminating: true
        );
    }

    private async Task ConnectAsync(ConnectParameters parameters, CancellationToken cancellationToken)
    {
        Show(Stage("waiting for the engine, which may ask for a password", percent: 0));
        var engine = await GetNetworkEngineAsync(cancellationToken);
        var session = await engine.ConnectAsync(
            parameters,
            stage =>
            {
                Tell($"{stage.Stage}: {stage.Status}");
                Show(Stage(stage.Status, 100 * ((int)stage.Stage + 1) / ((int)ConnectStage.Connected + 1)));
            },
            cancellationToken
        );
        Show(new ProgressRecord(0, Activity, "done") { RecordType = ProgressRecordType.Completed });
        Emit(session);
    }

    private async Task PlanAsync(ConnectParameters parameters, CancellationToken cancellationToken)
    {
        var engine = await GetAnyEngineAsync(cancellationToken);
        Emit(await engine.PlanAsync(parameters, cancellationToken));
    }

    private async Task<TelepresenceSandbox> SandboxForConnectAsync(bool start, CancellationToken cancellationToken)
    {
        if (ModuleSandboxes.Registry.List() is [.., var running])
        {
            return running;
        }
        if (!start)
        {
            throw Client.Errors.ErrorCatalogue.Error(
                Client.Errors.ErrorId.SandboxUnavailable,
                null,
                ("sandbox", "default"),
                ("reason", "none runs")
            );
        }
        Show(Stage("starting the sandbox", percent: 0));
        return await ModuleSandboxes.Registry.StartAsync(new(), cancellationToken);
    }

    private static ProgressRecord Stage(string status, int percent) =>
        new(0, Activity, status) { PercentComplete = Math.Min(percent, 100) };
}
