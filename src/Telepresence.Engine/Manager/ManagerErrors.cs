using Telepresence.Client.Errors;
using Telepresence.Protocol.Grpc;

namespace Telepresence.Engine.Manager;

/// <summary>What a failed call to the manager means to the user.</summary>
internal static class ManagerErrors
{
    /// <param name="version">Null: the manager never told it.</param>
    public static TelepresenceException From(RpcException exception, ManagerConnectionOptions options, string? version)
    {
        var causes = Causes(exception).ToList();
        // The transport's own error (a forbidden port-forward …) says more than that there is no transport.
        if (causes.OfType<TelepresenceException>().FirstOrDefault() is { } typed)
            return typed;
        if (causes.OfType<GrpcPeerException>().FirstOrDefault() is { } peer)
            return ProtocolMismatch(options, version, peer.Message, exception);
        return exception.StatusCode switch
        {
            StatusCode.Unauthenticated or StatusCode.PermissionDenied => Unauthorized(
                options,
                $"it says: {exception.Status.Detail}",
                exception
            ),
            StatusCode.Unimplemented => ProtocolMismatch(options, version, exception.Status.Detail, exception),
            StatusCode.FailedPrecondition => ErrorCatalogue.Error(
                ErrorId.NamespaceNotFound,
                options.Namespace,
                exception,
                ("namespace", options.Namespace),
                ("context", options.Context)
            ),
            // Broken HTTP/2 from the first byte on: what listens there is something else.
            StatusCode.Internal when version is null => ProtocolMismatch(
                options,
                version,
                exception.Status.Detail,
                exception
            ),
            StatusCode.InvalidArgument => ProtocolMismatch(options, version, exception.Status.Detail, exception),
            _ => ErrorCatalogue.Error(
                ErrorId.ManagerUnavailable,
                options.ManagerNamespace,
                exception,
                ("namespace", options.ManagerNamespace),
                ("reason", exception.Status.Detail)
            ),
        };
    }

    public static TelepresenceException Unauthorized(
        ManagerConnectionOptions options,
        string reason,
        Exception? cause
    ) =>
        ErrorCatalogue.Error(
            ErrorId.ManagerUnauthorized,
            options.ManagerNamespace,
            cause,
            ("namespace", options.ManagerNamespace),
            ("reason", reason.TrimEnd('.'))
        );

    public static TelepresenceException ProtocolMismatch(
        ManagerConnectionOptions options,
        string? version,
        string reason,
        Exception? cause
    ) =>
        ErrorCatalogue.Error(
            ErrorId.ManagerProtocolMismatch,
            options.ManagerNamespace,
            cause,
            ("version", string.IsNullOrEmpty(version) ? "of an unknown release" : version),
            ("reason", reason),
            ("namespace", options.ManagerNamespace)
        );

    /// <summary>The exception and all that caused it, outermost first.</summary>
    public static IEnumerable<Exception> Causes(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
            yield return e;
    }
}
