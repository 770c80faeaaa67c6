using System.Management.Automation;
using Telepresence.Client.Contract;

namespace Telepresence.PowerShell.Manager;

/// <summary>Applies a traffic-manager with values, those of the upstream chart.</summary>
public abstract class ManagerValuesCmdlet : ManagerCmdlet
{
    /// <summary>YAML files with values; a later one wins.</summary>
    [Parameter]
    [Alias("f")]
    [ValidateNotNullOrEmpty]
    public string[] Values { get; set; } = [];

    /// <summary>Values over the files', in helm's syntax: a.b=c,d={e,f}.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] Set { get; set; } = [];

    /// <summary>As -Set; no value is anything but text.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] SetString { get; set; } = [];

    /// <summary>Image of the traffic-manager, REGISTRY/NAME:TAG; without it that of the values, or upstream's published one.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Image { get; set; }

    /// <summary>With -UseHelm: version of the chart; without it the newest.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ChartVersion { get; set; }

    /// <summary>Overwrites fields that others changed.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override InstallationParameters Parameters =>
        base.Parameters with
        {
            ValuesFiles = [.. Values.Select(GetUnresolvedProviderPathFromPSPath)],
            Set = Set,
            SetString = SetString,
            Image = Image,
            ChartVersion = ChartVersion,
            Force = Force,
        };
}
