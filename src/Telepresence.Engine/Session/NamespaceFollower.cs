using System.Threading.Channels;
using Telepresence.Kubernetes;

namespace Telepresence.Engine.Session;

/// <summary>Tells the namespaces of a cluster whenever there are others.</summary>
internal static class NamespaceFollower
{
    private static readonly ReflectedKind<V1Namespace, string> _kind = new(
        "api/v1/namespaces",
        KubernetesJsonContext.Default.V1ListV1Namespace,
        KubernetesJsonContext.Default.V1Namespace,
        ns => ns.Metadata,
        ns => ns.Metadata.Name ?? ""
    );

    /// <summary>Until cancelled. Changes that come while <paramref name="changed"/> runs are told together.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static async Task RunAsync(
        KubernetesClient client,
        Func<IReadOnlyList<string>, CancellationToken, Task> changed,
        CancellationToken cancellationToken
    )
    {
        var news = Channel.CreateBounded<bool>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
        );
        var reflector = new Reflector<V1Namespace, string>(client, _kind, TimeProvider.System, Random.Shared);
        reflector.Changed += () => news.Writer.TryWrite(true);
        var following = FollowAsync();
        await foreach (var _ in news.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            await changed(reflector.Current, cancellationToken).ConfigureAwait(false);
        }
        await following.ConfigureAwait(false);

        async Task FollowAsync()
        {
            try
            {
                await reflector.RunAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                news.Writer.Complete();
            }
        }
    }
}
