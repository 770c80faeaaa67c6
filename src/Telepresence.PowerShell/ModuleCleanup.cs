using System.Management.Automation;
using System.Management.Automation.Runspaces;
using Telepresence.PowerShell.Events;

namespace Telepresence.PowerShell;

/// <summary>Remove-Module leaves nothing open.</summary>
public sealed class ModuleCleanup : IModuleAssemblyCleanup
{
    /// <summary>Ends the event subscriptions of the runspace that removes the module.</summary>
    public void OnRemove(PSModuleInfo psModuleInfo) => EventSources.End(Runspace.DefaultRunspace?.Events);
}
