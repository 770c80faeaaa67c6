using System.Net;
using Telepresence.Client.Ipc;

namespace Telepresence.Engine.Kubernetes;

/// <summary>A typed failure of anything between the kubeconfig file and a port-forward.</summary>
internal sealed class KubernetesException(
    string errorId,
    string category,
    string message,
    string? recommendedAction = null,
    Exception? innerException = null
) : Exception(message, innerException), ITypedError
{
    public string ErrorId { get; } = errorId;

    public string Category { get; } = category;

    public string? RecommendedAction { get; } = recommendedAction;

    public IReadOnlyDictionary<string, string>? Details { get; init; }

    /// <summary>The API server's answer, where it gave one.</summary>
    public V1Status? Status { get; init; }

    /// <summary>The HTTP status of the API server's answer, where it gave one.</summary>
    public HttpStatusCode? StatusCode { get; init; }
}
