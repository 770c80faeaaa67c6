using System.Management.Automation;
using Telepresence.Client.Objects;
using Telepresence.Client.Sandbox;

namespace Telepresence.PowerShell.Sandbox;

/// <summary>Ends a sandbox, and no other process.</summary>
[Cmdlet(VerbsLifecycle.Stop, "TelepresenceSandbox", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class StopTelepresenceSandboxCommand : TelepresenceCmdlet
{
    /// <summary>Names of sandboxes, or wildcards.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Name { get; set; } = ["default"];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        IReadOnlyList<TelepresenceSandbox> running = [];
        Run(_ =>
        {
            running = ModuleSandboxes.Registry.List();
            return Task.CompletedTask;
        });
        foreach (var name in Name)
        {
            var pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
            var matching = running.Where(s => pattern.IsMatch(s.Name)).ToList();
            if (matching.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
            {
                WriteError(ErrorRecords.From(SandboxRegistry.Unavailable(name, "it does not run"), name));
            }
            foreach (var sandbox in matching.Where(s => ShouldProcess(s.Name, "Stop sandbox")))
            {
                Run(cancellationToken => ModuleSandboxes.Registry.StopAsync(sandbox, cancellationToken), sandbox.Name);
            }
        }
    }
}
