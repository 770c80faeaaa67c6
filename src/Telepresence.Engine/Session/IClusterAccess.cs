using System.Net;
using Telepresence.Client.Objects;
using Telepresence.Engine.Manager;
using Telepresence.Engine.Session.Configuration;

namespace Telepresence.Engine.Session;

/// <summary>The way into a cluster: whom it belongs to, and byte streams to its traffic-manager.</summary>
internal interface IClusterAccess : IDisposable
{
    private const string NoPodStreams = "this way into the cluster leads to its traffic-manager only";

    /// <summary>Kubeconfig context, or empty.</summary>
    string Context { get; }

    /// <summary>URL of the API server, or of whatever stands for it.</summary>
    string Server { get; }

    /// <summary>Namespace to connect to where the user named none.</summary>
    string DefaultNamespace { get; }

    /// <summary>Namespace of the traffic-manager.</summary>
    string ManagerNamespace { get; }

    /// <summary>What the kubeconfig's cluster entry says besides (its <c>telepresence.io</c> extension).</summary>
    ClientConfiguration Configuration { get; }

    /// <summary>
    /// Where the streams go: never proxied, or the port-forward would swallow itself (PROTOCOL §4.2).
    /// </summary>
    Task<IReadOnlyList<IPAddress>> GetServerAddressesAsync(CancellationToken cancellationToken);

    /// <summary>Namespaces of the cluster; null when they may not be listed.</summary>
    Task<IReadOnlyList<string>?> GetNamespacesAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Tells the namespaces whenever there are others, until cancelled. Returns where they may not be watched, and where
    /// there is no API server to ask.
    /// </summary>
    Task FollowNamespacesAsync(
        Func<IReadOnlyList<string>, CancellationToken, Task> changed,
        CancellationToken cancellationToken
    ) => Task.CompletedTask;

    /// <summary>
    /// Follows what has which address in the cluster, when it is run. Null for an access without an API server to ask.
    /// </summary>
    ObjectFollower? FollowObjects(TimeProvider time, Random random) => null;

    /// <summary>
    /// Workloads of a namespace, and which have a traffic-agent. An access without an API server to ask knows none.
    /// </summary>
    Task<IReadOnlyList<TelepresenceWorkload>> GetWorkloadsAsync(
        string namespaceParameter,
        CancellationToken cancellationToken
    ) => Task.FromResult<IReadOnlyList<TelepresenceWorkload>>([]);

    /// <summary>Ports of the containers of a workload's pods, as -Port of an engagement takes them.</summary>
    Task<IReadOnlyList<string>> GetWorkloadPortsAsync(
        string podNamespace,
        string workload,
        CancellationToken cancellationToken
    ) => Task.FromResult<IReadOnlyList<string>>([]);

    /// <summary>Tokens for a traffic-manager that asks who calls; null: nobody is known here.</summary>
    IBearerTokens? Tokens => null;

    /// <summary>The object behind what the traffic-manager gives its clients; null without an API server to ask.</summary>
    ClusterConfigMap? ConfigMap => null;

    /// <summary>A new stream to the traffic-manager's gRPC port, found anew each time: its pod may have moved.</summary>
    /// <param name="progress">Told what is being waited for.</param>
    Task<Stream> OpenManagerStreamAsync(IProgress<ConnectStep>? progress, CancellationToken cancellationToken);

    /// <summary>Checks that <see cref="OpenPodStreamAsync"/> is allowed. An access that leads to the manager alone is refused.</summary>
    /// <exception cref="Client.Errors.TelepresenceException">AgentLinksUnavailable.</exception>
    Task RequirePodStreamsAsync(string podNamespace, CancellationToken cancellationToken) =>
        Task.FromException(AgentErrors.LinksUnavailable(podNamespace, NoPodStreams));

    /// <summary>A new stream to a port of any pod.</summary>
    Task<Stream> OpenPodStreamAsync(string podNamespace, string pod, int port, CancellationToken cancellationToken) =>
        Task.FromException<Stream>(AgentErrors.LinksUnavailable(podNamespace, NoPodStreams));
}
