using Telepresence.Client.Errors;
using Telepresence.Protocol.Grpc;

namespace Telepresence.Engine.Manager;

/// <summary>Why traffic cannot leave through a workload's agent, as the user shall read it.</summary>
internal static class AgentErrors
{
    /// <summary>What a failed EnsureAgent means.</summary>
    public static TelepresenceException From(RpcException exception, string workload, AgentOptions options)
    {
        if (exception.StatusCode == StatusCode.Unimplemented)
            return LinksUnavailable(options.Namespace, "this traffic-manager has no agents", exception);
        return IsNotFound(exception, workload)
            ? ErrorCatalogue.Error(
                ErrorId.WorkloadNotFound,
                workload,
                exception,
                ("workload", workload),
                ("namespace", options.Namespace)
            )
            : NotArrived(
                workload,
                options,
                exception.Status.Detail.Length > 0
                    ? $"the traffic-manager says: {exception.Status.Detail.TrimEnd('.')}"
                    : $"the traffic-manager answered {exception.StatusCode}",
                exception
            );
    }

    public static TelepresenceException NotArrived(
        string workload,
        AgentOptions options,
        string reason,
        Exception? cause = null
    ) =>
        ErrorCatalogue.Error(
            ErrorId.AgentNotArrived,
            workload,
            cause,
            ("workload", workload),
            ("namespace", options.Namespace),
            ("reason", reason)
        );

    public static TelepresenceException LinksUnavailable(string space, string reason, Exception? cause = null) =>
        ErrorCatalogue.Error(ErrorId.AgentLinksUnavailable, space, cause, ("namespace", space), ("reason", reason));

    /// <summary>
    /// Of the workload, not of the session. Managers pass on the API server's words, which name the object, under whatever
    /// code they have for it.
    /// </summary>
    private static bool IsNotFound(RpcException exception, string workload) =>
        exception.Status.Detail.Contains(workload, StringComparison.Ordinal)
        && (
            exception.StatusCode == StatusCode.NotFound
            || (
                exception.StatusCode is StatusCode.Unknown or StatusCode.Internal
                && exception.Status.Detail.Contains("not found", StringComparison.OrdinalIgnoreCase)
            )
        );
}
