using Telepresence.Client.Objects;

namespace Telepresence.Client.Contract;

/// <summary>What the cmdlets for the cluster's side ask for.</summary>
public sealed record InstallationParameters
{
    /// <summary>Chosen by the client; comes back in <see cref="InstallationProgress.Operation"/>.</summary>
    public string? Operation { get; set; }

    /// <summary>Cluster and user.</summary>
    public ClusterSelection Cluster { get; set; } = new();

    /// <summary>Namespace of the traffic-manager; null: chosen as for a connect.</summary>
    public string? ManagerNamespace { get; set; }

    /// <summary>Whole paths of YAML files; a later one wins.</summary>
    public IReadOnlyList<string> ValuesFiles { get; set; } = [];

    /// <summary>Values over the files', in helm's --set syntax.</summary>
    public IReadOnlyList<string> Set { get; set; } = [];

    /// <summary>Values over those, in helm's --set-string syntax.</summary>
    public IReadOnlyList<string> SetString { get; set; } = [];

    /// <summary>REGISTRY/NAME:TAG over image.* of all values; null: theirs.</summary>
    public string? Image { get; set; }

    /// <summary>For an update: begins with the defaults, and not with the values that the last one kept.</summary>
    public bool ResetValues { get; set; }

    /// <summary>Drives the upstream chart with the helm that the user has.</summary>
    public bool UseHelm { get; set; }

    /// <summary>Version of the chart; null: the newest. Only with <see cref="UseHelm"/>.</summary>
    public string? ChartVersion { get; set; }

    /// <summary>Takes over fields that others changed, instead of an error that names them.</summary>
    public bool Force { get; set; }

    /// <summary>Changes nothing: tells what would be applied or deleted.</summary>
    public bool DryRun { get; set; }

    /// <summary>The whole ends by then; null: the engine's default.</summary>
    public double? TimeoutSeconds { get; set; }
}

/// <summary>What was done.</summary>
public sealed record InstallationResult
{
    /// <summary>In the order in which they were applied or deleted.</summary>
    public IReadOnlyList<TelepresenceManagerObject> Objects { get; set; } = [];

    /// <summary>Values that have no effect, and what could not be removed.</summary>
    public IReadOnlyList<string> Warnings { get; set; } = [];
}

/// <summary>A step of a running installation.</summary>
/// <param name="Operation"><see cref="InstallationParameters.Operation"/>.</param>
/// <param name="Status">What is done, in words.</param>
/// <param name="PercentComplete">0 to 100; -1: not known.</param>
public sealed record InstallationProgress(string Operation, string Status, int PercentComplete);
