using System.Net;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Ipc;

namespace Telepresence.Kubernetes;

/// <summary>A typed failure of anything between the kubeconfig file and a port-forward.</summary>
internal sealed class KubernetesException(
    string errorId,
    string category,
    string message,
    string recommendedAction,
    Exception? innerException = null
) : Exception(message, innerException), ITypedError
{
    /// <summary>One of <see cref="KubernetesErrorId"/>.</summary>
    public string ErrorId { get; } = errorId;

    /// <summary>Name of PowerShell's category.</summary>
    public string Category { get; } = category;

    /// <summary>A command line to paste; the way out in words is the message's.</summary>
    public string RecommendedAction { get; } = recommendedAction;

    /// <summary>What it is about: a file, a server, a namespace.</summary>
    public string? TargetObject { get; init; }

    /// <summary>The API server's answer, where it gave one.</summary>
    public V1Status? Status { get; init; }

    /// <summary>The HTTP status of the API server's answer, where it gave one.</summary>
    public HttpStatusCode? StatusCode { get; init; }

    public ErrorData ToData() =>
        new(ErrorId, Category, Message, RecommendedAction, TargetObject, ErrorEntry.AnchorOf(ErrorId));
}
