namespace Telepresence.TrafficManager.Discovery;

/// <summary>What discovery tells the administrator.</summary>
internal static partial class DiscoveryLog
{
    [LoggerMessage("{Path}: the right to {Verbs} is missing; {Role} lacks the rule {Rule}")]
    public static partial void RightMissing(
        ILogger logger,
        LogLevel level,
        string path,
        string verbs,
        string rule,
        string role
    );

    [LoggerMessage(LogLevel.Warning, "{Path} cannot be followed, which is tried again: {Reason}")]
    public static partial void Unfollowed(ILogger logger, string path, string reason);

    [LoggerMessage(LogLevel.Information, "{Path} is followed")]
    public static partial void Followed(ILogger logger, string path);

    [LoggerMessage(LogLevel.Information, "The API server has no {Path}")]
    public static partial void Unknown(ILogger logger, string path);

    [LoggerMessage(LogLevel.Warning, "The service {Name} in {Namespace} was only a question; delete it: {Reason}")]
    public static partial void DummyLeft(ILogger logger, string name, string @namespace, string reason);

    [LoggerMessage(
        LogLevel.Warning,
        "The namespace selector in the ConfigMap makes no sense and selects nothing: {Reason}"
    )]
    public static partial void SelectorMalformed(ILogger logger, string reason);

    [LoggerMessage(LogLevel.Information, "Services {Services}, pods {Pods} ({Strategy}), domain {Domain}")]
    public static partial void Discovered(
        ILogger logger,
        string services,
        string pods,
        PodSubnetStrategy strategy,
        string domain
    );
}
