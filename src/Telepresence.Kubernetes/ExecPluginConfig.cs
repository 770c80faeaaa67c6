namespace Telepresence.Kubernetes;

/// <summary>The <c>exec</c> part of a user: a program that prints credentials.</summary>
/// <param name="Command">A name to look up in the user's PATH, or a path.</param>
internal sealed record ExecPluginConfig(string Command)
{
    public string ApiVersion { get; init; } = "client.authentication.k8s.io/v1";
    public IReadOnlyList<string> Arguments { get; init; } = [];
    public IReadOnlyList<KeyValuePair<string, string>> Environment { get; init; } = [];
    public bool ProvideClusterInfo { get; init; }

    /// <summary><c>Never</c>, <c>IfAvailable</c> or <c>Always</c>: whether the program wants the user's terminal.</summary>
    public string InteractiveMode { get; init; } = "IfAvailable";
    public string? InstallHint { get; init; }
}
