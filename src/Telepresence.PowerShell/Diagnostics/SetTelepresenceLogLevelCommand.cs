using System.Management.Automation;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell.Diagnostics;

/// <summary>Changes what engine and traffic-manager log.</summary>
[Cmdlet(VerbsCommon.Set, "TelepresenceLogLevel", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class SetTelepresenceLogLevelCommand : TelepresenceCmdlet
{
    /// <summary>The lowest level that is logged.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public LogLevelName Level { get; set; }

    /// <summary>Whose log; without it both.</summary>
    [Parameter(Position = 1)]
    public LogComponent[] Component { get; set; } = [LogComponent.Engine, LogComponent.Manager];

    /// <summary>Seconds after which it is as before; 0: until it is changed again.</summary>
    [Parameter]
    [ValidateRange(0, 4_000_000)]
    public double Duration { get; set; } = 1_800;

    /// <summary>Name of the session whose traffic-manager it is; without it those of all.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
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
        foreach (var component in Component)
        {
            if (ShouldProcess(component.ToString(), $"Log from {Level} on"))
            {
                Run(cancellationToken => SetAsync(component, cancellationToken), component);
            }
        }
    }

    private async Task SetAsync(LogComponent component, CancellationToken cancellationToken)
    {
        var engine =
            await TryGetNetworkEngineAsync(cancellationToken)
            ?? throw ErrorCatalogue.Error(ErrorId.SessionNotFound, Session, ("session", Session ?? "*"));
        await engine.SetLogLevelAsync(
            new LogLevelParameters(component, Level, Duration > 0 ? Duration : null, Session),
            cancellationToken
        );
        Tell($"{component}: {Level}");
    }
}
