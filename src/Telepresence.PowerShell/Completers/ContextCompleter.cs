using System.Collections;
using Telepresence.Client;
using Telepresence.Client.Contract;
using Telepresence.Client.Sessions;

namespace Telepresence.PowerShell.Completers;

/// <summary>Contexts of the kubeconfig.</summary>
public sealed class ContextCompleter : EngineCompleter
{
    private protected override async Task<IEnumerable<string>> CandidatesAsync(
        EngineAccess engines,
        IDictionary bound,
        string typed,
        CancellationToken cancellationToken
    )
    {
        await using var engine = await engines.GetAnyAsync(cancellationToken);
        return (await engine.ContextsAsync(BoundCluster.From(bound), cancellationToken)).Select(c => c.Name);
    }
}

/// <summary>Namespaces of the cluster that the command line names so far.</summary>
public sealed class NamespaceCompleter : EngineCompleter
{
    private protected override async Task<IEnumerable<string>> CandidatesAsync(
        EngineAccess engines,
        IDictionary bound,
        string typed,
        CancellationToken cancellationToken
    )
    {
        await using var engine = await engines.GetAnyAsync(cancellationToken);
        return (await engine.NamespacesAsync(BoundCluster.From(bound), cancellationToken)).Select(n => n.Name);
    }
}

/// <summary>The cluster that a command line under completion names.</summary>
internal static class BoundCluster
{
    public static ClusterSelection From(IDictionary bound) =>
        UserContext.Complete(
            new ClusterSelection
            {
                Kubeconfig = bound["Kubeconfig"]?.ToString(),
                Context = bound["Context"]?.ToString(),
                Cluster = bound["Cluster"]?.ToString(),
                User = bound["User"]?.ToString(),
            },
            Environment.CurrentDirectory,
            UserContext.ProcessEnvironment()
        );
}
