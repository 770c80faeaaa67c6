using System.Text.RegularExpressions;
using Telepresence.Client.Errors;
using Telepresence.Engine.Manager;
using Telepresence.Protocol.Grpc;

namespace Telepresence.Engine.Engagements;

/// <summary>Why there is no engagement, as the user shall read it.</summary>
internal static partial class EngagementErrors
{
    /// <summary>What a manager answers to PrepareIntercept, or an agent to the intercept, in words.</summary>
    public static TelepresenceException Refused(string said, string workload, string space)
    {
        var reason = said.TrimEnd('.', '\n');
        if (OtherClient().Match(reason) is { Success: true } other)
        {
            return ErrorCatalogue.Error(
                ErrorId.EngagementConflict,
                workload,
                ("workload", workload),
                ("client", other.Groups[1].Value),
                ("reason", reason)
            );
        }
        if (Conflict().IsMatch(reason))
        {
            return ErrorCatalogue.Error(
                ErrorId.EngagementConflict,
                workload,
                ("workload", workload),
                ("client", "another client"),
                ("reason", reason)
            );
        }
        return IsNoWorkload(reason, workload)
            ? ErrorCatalogue.Error(ErrorId.WorkloadNotFound, workload, ("workload", workload), ("namespace", space))
            : ErrorCatalogue.Error(
                ErrorId.EngagementRefused,
                workload,
                ("workload", workload),
                ("namespace", space),
                ("reason", reason)
            );
    }

    /// <summary>What a failed call means.</summary>
    public static TelepresenceException From(RpcException exception, EngagementPlan plan, EngagementContext context)
    {
        var said = exception.Status.Detail;
        return exception.StatusCode switch
        {
            StatusCode.AlreadyExists => Exists(plan.Name, context.Session, exception),
            StatusCode.Unimplemented => Unsupported(context, "it has no agents", exception),
            StatusCode.Unavailable or StatusCode.Cancelled => ErrorCatalogue.Error(
                ErrorId.ManagerUnavailable,
                context.Session,
                exception,
                ("namespace", context.ManagerNamespace),
                ("reason", said.TrimEnd('.'))
            ),
            StatusCode.InvalidArgument or StatusCode.FailedPrecondition => Refused(
                said,
                plan.Workload,
                context.Namespace
            ),
            _ when OtherClient().IsMatch(said) => Refused(said, plan.Workload, context.Namespace),
            _ => AgentErrors.From(
                exception,
                plan.Workload,
                new AgentOptions { Namespace = context.Namespace, Workloads = [plan.Workload] }
            ),
        };
    }

    public static TelepresenceException Exists(string name, string session, Exception? cause = null) =>
        ErrorCatalogue.Error(ErrorId.EngagementExists, name, cause, ("name", name), ("session", session));

    public static TelepresenceException NotActive(EngagementPlan plan, string space, string reason) =>
        ErrorCatalogue.Error(
            ErrorId.EngagementNotActive,
            plan.Workload,
            ("workload", plan.Workload),
            ("namespace", space),
            ("reason", reason.TrimEnd('.'))
        );

    public static TelepresenceException Unsupported(
        EngagementContext context,
        string reason,
        Exception? cause = null
    ) =>
        ErrorCatalogue.Error(
            ErrorId.EngagementUnsupported,
            context.Session,
            cause,
            ("version", context.Connection().ManagerVersion),
            ("reason", reason)
        );

    public static TelepresenceException NoContainer(
        EngagementPlan plan,
        string space,
        IReadOnlyCollection<string> containers
    ) =>
        ErrorCatalogue.Error(
            ErrorId.ContainerNotFound,
            plan.Workload,
            ("workload", plan.Workload),
            ("namespace", space),
            (
                "containers",
                containers.Count == 0 ? "no container that could be used" : string.Join(", ", containers.Order())
            ),
            ("named", plan.Request.Container is { } named ? $", but no '{named}'" : "")
        );

    /// <summary>The object itself is not there: managers pass on the API server's words, which name its kind and then it.</summary>
    private static bool IsNoWorkload(string reason, string workload) =>
        Missing().Match(reason) is { Success: true } missing && missing.Groups[1].Value.Split('.')[0] == workload;

    [GeneratedRegex("created by client \"([^\"]+)\"")]
    private static partial Regex OtherClient();

    [GeneratedRegex(
        @"\b(?:workload|deployment|replicaset|statefulset|rollout)s?(?:\.\S+)? ""?([a-z0-9.-]+)""? (?:was )?not found",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex Missing();

    [GeneratedRegex("^conflict|conflicts with", RegexOptions.IgnoreCase)]
    private static partial Regex Conflict();
}
