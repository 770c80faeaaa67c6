using System.Management.Automation;
using Telepresence.Client.Sandbox;

namespace Telepresence.PowerShell.Sandbox;

/// <summary>Starts an embedded cluster for a first try.</summary>
[Cmdlet(VerbsLifecycle.Start, "TelepresenceSandbox", SupportsShouldProcess = true)]
[OutputType(TypeNames.Sandbox)]
public sealed class StartTelepresenceSandboxCommand : TelepresenceCmdlet
{
    /// <summary>Name of the sandbox.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "default";

    /// <summary>Service subnet, or one of each address family.</summary>
    [Parameter]
    [ValidateCount(1, 2)]
    public string[] ServiceSubnet { get; set; } = [];

    /// <summary>Pod subnet, or one of each address family.</summary>
    [Parameter]
    [ValidateCount(1, 2)]
    public string[] PodSubnet { get; set; } = [];

    /// <summary>Gives up after so many seconds.</summary>
    [Parameter]
    [ValidateRange(0.001, 86_400)]
    public double TimeoutSeconds { get; set; } = 60;

    private protected override double? Limit => TimeoutSeconds;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ShouldProcess(Name, "Start sandbox"))
        {
            Run(
                async cancellationToken =>
                {
                    Show(new ProgressRecord(0, "Starting", $"the sandbox '{Name}' does not serve yet"));
                    Emit(
                        await ModuleSandboxes.Registry.StartAsync(
                            new SandboxStart
                            {
                                Name = Name,
                                ServiceSubnets = ServiceSubnet,
                                PodSubnets = PodSubnet,
                            },
                            cancellationToken
                        )
                    );
                },
                Name,
                terminating: true
            );
        }
    }
}
