namespace Telepresence.Sandbox.Demo.Steps;

/// <summary>A page of the cluster holds the token that only this sandbox knows.</summary>
internal sealed class FetchStep : IDemoStep
{
    /// <inheritdoc/>
    public string Name => "fetch";

    /// <inheritdoc/>
    public string Title => "A page comes from the cluster, with this sandbox's random token";

    /// <inheritdoc/>
    public async Task<string> RunAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        var seen = await WebPage.FetchAsync(DemoCluster.TokenPage, cancellationToken).ConfigureAwait(false);
        stage.Show(seen);
        if (!seen.Succeeded || !seen.Output.Contains(stage.Cluster.PageToken, StringComparison.Ordinal))
        {
            throw new VerdictException(
                $"the page does not hold {stage.Cluster.PageToken}: {seen.Status}: {seen.FirstLine}"
            );
        }
        return $"{DemoCluster.TokenPage} holds {stage.Cluster.PageToken}";
    }

    /// <inheritdoc/>
    public Task BreakAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        stage.Cluster.StopService(DemoCluster.WebService);
        return Task.CompletedTask;
    }
}
