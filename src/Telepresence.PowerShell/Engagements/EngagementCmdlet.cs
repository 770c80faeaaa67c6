using System.Management.Automation;
using System.Text;
using Telepresence.Client.Contract;
using Telepresence.Client.Engagements;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell.Engagements;

/// <summary>What all engagements are made with.</summary>
public abstract class EngagementCmdlet : TelepresenceCmdlet
{
    /// <summary>The workload: a Deployment, ReplicaSet, StatefulSet or Rollout of the session's namespace.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(WorkloadCompleter))]
    [ValidateNotNullOrEmpty]
    public string Workload { get; set; } = "";

    /// <summary>Name of the engagement; without it one after the workload.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>Container whose environment and volumes are wanted.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Container { get; set; }

    /// <summary>Where the volumes are mounted: a directory, none; with :ro at the end they cannot be written.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Mount { get; set; }

    /// <summary>Port of the loopback that leads to the pod's SFTP server, instead of a mount.</summary>
    [Parameter]
    [ValidateRange(1, 65535)]
    public int? LocalMountPort { get; set; }

    /// <summary>File to write the container's environment to.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? EnvironmentFile { get; set; }

    /// <summary>Who reads that file.</summary>
    [Parameter]
    [ValidateSet("docker", "compose", "sh", "sh:export", "csh", "csh:export", "ps", "ps:export", "cmd", "json")]
    public string EnvironmentSyntax { get; set; } = "docker";

    /// <summary>Ports of the pod that are reached at the loopback: PORT or LOCAL:PORT, with /UDP where it is.</summary>
    [Parameter]
    public string[] ToPod { get; set; } = [];

    /// <summary>Name of the session; without it the only one.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Session { get; set; }

    /// <summary>Gives up after so many seconds.</summary>
    [Parameter]
    [ValidateRange(0.001, 86_400)]
    public double? TimeoutSeconds { get; set; }

    private protected override double? Limit => TimeoutSeconds;

    private protected abstract EngagementKind Kind { get; }

    /// <summary>For the question and the progress: Intercepting.</summary>
    private protected abstract string Activity { get; }

    /// <summary>The rest of the request.</summary>
    private protected virtual EngagementRequest Request => CommonRequest;

    private protected EngagementRequest CommonRequest
    {
        get
        {
            var (mounts, point, isReadOnly) = MountParameter.Parse(Mount);
            return new EngagementRequest
            {
                Kind = Kind,
                Session = Session,
                Name = Name,
                Workload = Workload,
                Container = Container,
                ToPod = ToPod,
                Mounts = mounts,
                MountPoint = point is null ? null : GetUnresolvedProviderPathFromPSPath(point),
                MountReadOnly = isReadOnly,
                LocalMountPort = LocalMountPort,
                TimeoutSeconds = TimeoutSeconds,
            };
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        EngagementRequest request;
        string? file;
        try
        {
            request = Request;
            file = EnvironmentFile is { } path ? GetUnresolvedProviderPathFromPSPath(path) : null;
        }
        catch (TelepresenceException e)
        {
            WriteError(ErrorRecords.From(e, Workload));
            return;
        }
        if (ShouldProcess(Workload, Activity))
        {
            Run(cancellationToken => EngageAsync(request, file, cancellationToken), Workload);
        }
    }

    private async Task EngageAsync(EngagementRequest request, string? file, CancellationToken cancellationToken)
    {
        var engine =
            await TryGetNetworkEngineAsync(cancellationToken)
            ?? throw ErrorCatalogue.Error(ErrorId.SessionNotFound, Session, ("session", Session ?? "*"));
        var engagement = await engine.EngageAsync(
            request,
            step =>
            {
                Tell(step.Status);
                Show(new ProgressRecord(0, Activity, step.Status));
            },
            cancellationToken
        );
        Show(new ProgressRecord(0, Activity, "done") { RecordType = ProgressRecordType.Completed });
        if (engagement.MountError.Length > 0)
        {
            Warn(engagement.MountError);
        }
        Emit(engagement);
        if (file is not null)
        {
            await WriteEnvironmentAsync(engagement, file, cancellationToken);
        }
    }

    /// <summary>For the user alone: environments hold passwords.</summary>
    private async Task WriteEnvironmentAsync(
        TelepresenceEngagement engagement,
        string path,
        CancellationToken cancellationToken
    )
    {
        var text = EnvironmentText.Write(
            engagement.Environment,
            EnvironmentText.ParseSyntax(EnvironmentSyntax),
            out var leftOut
        );
        if (leftOut.Count > 0)
        {
            Warn(
                $"Left out of {path}, because {EnvironmentSyntax} does not take such names: {string.Join(", ", leftOut)}"
            );
        }
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        await using var writer = new StreamWriter(path, new UTF8Encoding(false), options);
        await writer.WriteAsync(text.AsMemory(), cancellationToken);
    }
}
