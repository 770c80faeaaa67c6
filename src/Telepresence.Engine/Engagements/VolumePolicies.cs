namespace Telepresence.Engine.Engagements;

/// <summary>What may be done with the volumes of a container (PROTOCOL §6.5).</summary>
internal sealed record VolumePolicies(IReadOnlyDictionary<string, int> ByPath)
{
    private const int Remote = 0;
    private const int RemoteReadOnly = 1;
    private const int Local = 2;
    private const string TemporaryFiles = "/tmp";

    public bool IsAnyRemote => ByPath.Values.Any(policy => policy is Remote or RemoteReadOnly);

    /// <summary>None of them may be written.</summary>
    public bool AreAllReadOnly => ByPath.Values.All(policy => policy != Remote);

    /// <param name="mounts">Policies by path; empty from managers before 2.22.</param>
    /// <param name="environment">Has the paths for those, in TELEPRESENCE_MOUNTS.</param>
    public static VolumePolicies Of(
        IReadOnlyDictionary<string, int> mounts,
        IReadOnlyDictionary<string, string> environment
    )
    {
        if (mounts.Count > 0)
            return new(mounts.ToDictionary());
        var paths = environment.TryGetValue("TELEPRESENCE_MOUNTS", out var joined)
            ? joined.Split(':', StringSplitOptions.RemoveEmptyEntries)
            : [];
        return new(paths.Distinct().ToDictionary(path => path, path => path == TemporaryFiles ? Local : Remote));
    }
}
