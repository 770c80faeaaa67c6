namespace Telepresence.Sandbox.Demo.Steps;

/// <summary>The embedded cluster answers a Kubernetes client.</summary>
internal sealed class SandboxStep : IDemoStep
{
    /// <inheritdoc/>
    public string Name => "sandbox";

    /// <inheritdoc/>
    public string Title => "An embedded cluster answers a Kubernetes client";

    /// <inheritdoc/>
    public async Task<string> RunAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        var cluster = stage.Cluster;
        var seen =
            ForeignProgram.Exists("kubectl") ? await AskKubectlAsync(cancellationToken).ConfigureAwait(false)
            : ForeignProgram.Exists("curl") ? await AskCurlAsync(cluster, cancellationToken).ConfigureAwait(false)
            : await DotNetClient
                .RunAsync(
                    $"HttpClient GET {PathOf(cluster)}",
                    t => DotNetClient.FetchFromApiAsync(PathOf(cluster), cluster.AuthorityFile, cluster.ApiToken, t),
                    cancellationToken
                )
                .ConfigureAwait(false);
        stage.Show(seen);
        if (!seen.Succeeded || !seen.Output.Contains($"{cluster.WebAddress}", StringComparison.Ordinal))
        {
            throw new VerdictException(
                $"the API server did not name {cluster.WebAddress}: {seen.Status}: {seen.FirstLine}"
            );
        }
        return $"service {DemoCluster.WebService} has the address {cluster.WebAddress}";
    }

    /// <inheritdoc/>
    public Task BreakAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        // The API server listens on loopback.
        return DemoStage.SabotageAsync("address del 127.0.0.1/8 dev lo", cancellationToken);
    }

    private static Task<Observation> AskKubectlAsync(CancellationToken cancellationToken)
    {
        return ForeignProgram.RunAsync(
            "kubectl",
            ["-n", DemoCluster.Namespace, "get", "service", DemoCluster.WebService, "-o", "jsonpath={.spec.clusterIP}"],
            cancellationToken: cancellationToken
        );
    }

    private static Task<Observation> AskCurlAsync(DemoCluster cluster, CancellationToken cancellationToken)
    {
        return ForeignProgram.RunAsync(
            "curl",
            [
                "-sS",
                "--noproxy",
                "*",
                "--max-time",
                "8",
                "--cacert",
                cluster.AuthorityFile,
                "--oauth2-bearer",
                cluster.ApiToken,
                PathOf(cluster),
            ],
            cancellationToken: cancellationToken
        );
    }

    private static string PathOf(DemoCluster cluster)
    {
        return new Uri(
            cluster.ApiServer,
            $"/api/v1/namespaces/{DemoCluster.Namespace}/services/{DemoCluster.WebService}"
        ).AbsoluteUri;
    }
}
