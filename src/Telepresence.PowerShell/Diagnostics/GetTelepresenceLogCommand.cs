using System.Management.Automation;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Logs;
using Telepresence.Client.Objects;

namespace Telepresence.PowerShell.Diagnostics;

/// <summary>Entries of an engine's log; no engine needs to run.</summary>
[Cmdlet(VerbsCommon.Get, "TelepresenceLog")]
[OutputType(TypeNames.LogEntry)]
public sealed class GetTelepresenceLogCommand : TelepresenceCmdlet
{
    /// <summary>How many entries at most, the newest.</summary>
    [Parameter(Position = 0)]
    [Alias("Tail")]
    [ValidateRange(1, int.MaxValue)]
    public int Last { get; set; } = 100;

    /// <summary>The lowest level that is shown.</summary>
    [Parameter]
    public LogLevelName Level { get; set; } = LogLevelName.Trace;

    /// <summary>Entries from then on.</summary>
    [Parameter]
    public DateTime? After { get; set; }

    /// <summary>Whose log: Network, which connects, or User, which plans, installs and configures.</summary>
    [Parameter]
    public EngineRole Engine { get; set; } = EngineRole.Network;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var path = EngineLog.DefaultPath(Engine);
        WriteVerbose(path);
        var after = After?.ToUniversalTime();
        Run(
            _ =>
            {
                try
                {
                    Emit(
                        new LogReader(Engine, path).Read(
                            e => e.Level >= Level && (after is null || e.Time >= after),
                            Last
                        )
                    );
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    throw ErrorCatalogue.Error(ErrorId.FileNotReadable, path, e, ("path", path), ("reason", e.Message));
                }
                return Task.CompletedTask;
            },
            path
        );
    }
}
