using System.Management.Automation;
using System.Reflection;
using Telepresence.Client.Contract;
using Telepresence.Client.Diagnostics;

namespace Telepresence.PowerShell.Diagnostics;

/// <summary>Writes what a fault is found by to a zip file, without secrets.</summary>
[Cmdlet(VerbsData.Export, "TelepresenceDiagnostic", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class ExportTelepresenceDiagnosticCommand : TelepresenceCmdlet
{
    private const string Activity = "Collecting";

    /// <summary>File to write; without it telepresence-TIME.zip of the current location.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>Replaces a file of that name.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Gives up after so many seconds.</summary>
    [Parameter]
    [ValidateRange(0.001, 86_400)]
    public double? TimeoutSeconds { get; set; }

    private protected override double? Limit => TimeoutSeconds;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var path = GetUnresolvedProviderPathFromPSPath(
            Path ?? FormattableString.Invariant($"telepresence-{DateTime.Now:yyyyMMdd-HHmmss}.zip")
        );
        if (!ShouldProcess(path, "Write versions, sessions, routes, rules, DNS settings, configuration and logs"))
        {
            return;
        }
        var about = new Dictionary<string, string>
        {
            ["Module"] = typeof(ExportTelepresenceDiagnosticCommand)
                .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
                .InformationalVersion,
            ["PowerShell"] =
                $"{SessionState.PSVariable.GetValue("PSVersionTable") switch
            {
                System.Collections.IDictionary table => table["PSVersion"],
                _ => "unknown",
            }}",
        };
        var cluster = Complete(new ClusterSelection());
        Run(cancellationToken => ExportAsync(path, about, cluster, cancellationToken), path, terminating: true);
    }

    private async Task ExportAsync(
        string path,
        Dictionary<string, string> about,
        ClusterSelection cluster,
        CancellationToken cancellationToken
    )
    {
        var network = await TryGetNetworkEngineAsync(cancellationToken);
        var any = await GetAnyEngineAsync(cancellationToken);
        try
        {
            using var archive = DiagnosticArchive.Create(path, Force);
            await new DiagnosticExport(network, any).WriteAsync(
                archive,
                about,
                cluster,
                name =>
                {
                    Tell(name);
                    Show(new ProgressRecord(0, Activity, name));
                },
                cancellationToken
            );
        }
        catch (OperationCanceledException)
        {
            // Half of it would mislead.
            File.Delete(path);
            throw;
        }
        Show(new ProgressRecord(0, Activity, "done") { RecordType = ProgressRecordType.Completed });
        Emit(new FileInfo(path));
    }
}
