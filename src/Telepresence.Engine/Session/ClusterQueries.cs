using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.Engine.Manager;
using Telepresence.Kubernetes;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;

namespace Telepresence.Engine.Session;

/// <summary>What can be asked of a kubeconfig and of the cluster behind it, with a session or without.</summary>
internal sealed class ClusterQueries(SessionRegistry registry, SessionServices services)
{
    /// <summary>Managers before 2.21 send nothing until something changes.</summary>
    private static readonly TimeSpan _firstDelta = TimeSpan.FromSeconds(2);

    /// <exception cref="KubernetesException">The kubeconfig cannot be used.</exception>
    public static TelepresenceContext[] Contexts(ClusterSelection selection)
    {
        var kubeconfig = KubeconfigReader.Load(KubernetesClusterAccess.ToOptions(selection));
        return
        [
            .. kubeconfig
                .Contexts.Values.Select(context => new TelepresenceContext
                {
                    Name = context.Name,
                    Cluster = context.Cluster ?? "",
                    User = context.User ?? "",
                    Namespace = context.Namespace ?? "default",
                    Server = kubeconfig.Clusters.GetValueOrDefault(context.Cluster ?? "")?.Server ?? "",
                    IsCurrent = context.Name == kubeconfig.CurrentContext,
                    File = context.File,
                })
                .OrderByDescending(context => context.IsCurrent)
                .ThenBy(context => context.Name, StringComparer.Ordinal),
        ];
    }

    /// <summary>All, or the one to connect to where they may not be listed.</summary>
    public async Task<TelepresenceNamespace[]> NamespacesAsync(
        ClusterSelection selection,
        CancellationToken cancellationToken
    )
    {
        using var access = Open(selection);
        var names = await access.GetNamespacesAsync(cancellationToken).ConfigureAwait(false);
        return
        [
            .. (names ?? [access.DefaultNamespace])
                .Order(StringComparer.Ordinal)
                .Select(name => new TelepresenceNamespace
                {
                    Name = name,
                    Context = access.Context,
                    Server = access.Server,
                    IsCurrent = name == access.DefaultNamespace,
                }),
        ];
    }

    /// <summary>As the sessions' managers tell, or the API server where no session or no such manager is asked.</summary>
    /// <exception cref="TelepresenceException">SessionNotFound and what any call throws.</exception>
    public async Task<TelepresenceWorkload[]> WorkloadsAsync(
        WorkloadsParameters parameters,
        CancellationToken cancellationToken
    )
    {
        List<TelepresenceWorkload> workloads = [];
        var sessions = parameters.NamesCluster ? [] : registry.Find(parameters.Session);
        foreach (var session in sessions)
        {
            foreach (var ns in NamespacesOr(parameters, session.View().Namespace))
            {
                workloads.AddRange(await OfSessionAsync(session, ns, cancellationToken).ConfigureAwait(false));
            }
        }
        if (sessions.Count == 0)
        {
            using var access = Open(parameters.Cluster);
            foreach (var ns in NamespacesOr(parameters, access.DefaultNamespace))
            {
                workloads.AddRange(await access.GetWorkloadsAsync(ns, cancellationToken).ConfigureAwait(false));
            }
        }
        return [.. workloads];
    }

    private static IEnumerable<string> NamespacesOr(WorkloadsParameters parameters, string otherwise) =>
        parameters.Namespaces.Count > 0 ? parameters.Namespaces.Distinct(StringComparer.Ordinal) : [otherwise];

    private async Task<IReadOnlyList<TelepresenceWorkload>> OfSessionAsync(
        EngineSession session,
        string ns,
        CancellationToken cancellationToken
    )
    {
        using var late = new CancellationTokenSource(_firstDelta, services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            return await ManagedWorkloads
                .ListAsync(session.Manager, session.Name, ns, either.Token)
                .ConfigureAwait(false);
        }
        catch (Exception e)
            when (e is OperationCanceledException or RpcException && !cancellationToken.IsCancellationRequested)
        {
            using var access = Open(session.Settings.Cluster);
            return await access.GetWorkloadsAsync(ns, cancellationToken).ConfigureAwait(false);
        }
    }

    private IClusterAccess Open(ClusterSelection selection) =>
        services.OpenCluster(
            SessionSettings.Parse(new ConnectParameters { Cluster = selection }),
            services.WithConfiguration(selection).LocalConfiguration
        );
}
