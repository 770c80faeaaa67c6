using System.Management.Automation;
using Telepresence.Client.Errors;
using Telepresence.Client.Measurements;

namespace Telepresence.PowerShell.Diagnostics;

/// <summary>Measures how fast targets in the cluster answer.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "Telepresence")]
[OutputType(TypeNames.Measurement)]
public sealed class MeasureTelepresenceCommand : TelepresenceCmdlet
{
    /// <summary>HOST, HOST:PORT or a http(s) URL to download.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("RemoteAddress", "IPAddress", "Name")]
    [ValidateNotNullOrEmpty]
    public string[] Target { get; set; } = [];

    /// <summary>Port of targets that name none.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("RemotePort")]
    [ValidateRange(1, 65_535)]
    public int? Port { get; set; }

    /// <summary>Seconds for each target.</summary>
    [Parameter]
    [ValidateRange(0.1, 86_400)]
    public double Duration { get; set; } = 5;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var text in Target)
        {
            Run(cancellationToken => MeasureAsync(text, cancellationToken), text);
        }
    }

    private async Task MeasureAsync(string text, CancellationToken cancellationToken)
    {
        if (!MeasurementTarget.TryParse(text, Port, out var target))
        {
            throw ErrorCatalogue.Error(
                ErrorId.InvalidParameter,
                text,
                ("parameter", nameof(Target)),
                ("value", text),
                ("reason", "it is not HOST:PORT, HOST with -Port, or a http(s) URL"),
                ("command", MyInvocation.MyCommand.Name)
            );
        }
        var measurement = new Measurement(await TryGetNetworkEngineAsync(cancellationToken), TimeProvider.System);
        Emit(
            await measurement.RunAsync(
                target,
                TimeSpan.FromSeconds(Duration),
                step =>
                {
                    Tell($"{text}: {step}");
                    Show(new ProgressRecord(0, "Measuring", $"{text}: {step}"));
                },
                cancellationToken
            )
        );
        Show(new ProgressRecord(0, "Measuring", "done") { RecordType = ProgressRecordType.Completed });
    }
}
