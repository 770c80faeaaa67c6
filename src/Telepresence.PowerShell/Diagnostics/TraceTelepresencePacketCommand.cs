using System.Management.Automation;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell.Diagnostics;

/// <summary>Captures the packets of a session's interface.</summary>
[Cmdlet(VerbsDiagnostic.Trace, "TelepresencePacket", SupportsShouldProcess = true)]
[OutputType(TypeNames.Trace)]
public sealed class TraceTelepresencePacketCommand : TelepresenceCmdlet
{
    private const string Activity = "Tracing";

    /// <summary>File to write.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>Which packets; without it all.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? Filter { get; set; }

    /// <summary>Ends after so many seconds; without it with Ctrl+C or the session.</summary>
    [Parameter]
    [Alias("TimeoutSeconds")]
    [ValidateRange(0.001, 86_400)]
    public double? Duration { get; set; }

    /// <summary>Name of the session; without it the only one.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Session { get; set; }

    /// <summary>Replaces a file of that name.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var path = GetUnresolvedProviderPathFromPSPath(Path);
        if (ShouldProcess(path, "Write the packets of the session's interface"))
        {
            Run(cancellationToken => TraceAsync(path, cancellationToken), path, terminating: true);
        }
    }

    private async Task TraceAsync(string path, CancellationToken cancellationToken)
    {
        var engine =
            await TryGetNetworkEngineAsync(cancellationToken)
            ?? throw ErrorCatalogue.Error(ErrorId.SessionNotFound, Session, ("session", Session ?? "*"));
        Tell($"writing {path}");
        Show(new ProgressRecord(0, Activity, "waiting for packets"));
        var trace = await engine.TraceAsync(
            new TraceParameters("", path, Session, Filter, Duration, Force),
            progress => Show(new ProgressRecord(0, Activity, $"{progress.Packets} packets, {progress.Bytes} bytes")),
            cancellationToken
        );
        Show(new ProgressRecord(0, Activity, "done") { RecordType = ProgressRecordType.Completed });
        if (trace.Dropped > 0)
        {
            Warn($"{trace.Dropped} packets are not in the file: they came faster than they could be written.");
        }
        Emit(trace);
    }
}
