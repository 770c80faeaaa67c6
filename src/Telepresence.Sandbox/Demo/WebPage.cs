namespace Telepresence.Sandbox.Demo;

/// <summary>Fetches a page with curl, else with .NET's client.</summary>
internal static class WebPage
{
    public static Task<Observation> FetchAsync(string url, CancellationToken cancellationToken)
    {
        // A proxy of the user's environment would be asked instead of the cluster.
        return ForeignProgram.Exists("curl")
            ? ForeignProgram.RunAsync(
                "curl",
                ["-sS", "--noproxy", "*", "--max-time", "8", url],
                cancellationToken: cancellationToken
            )
            : DotNetClient.RunAsync($"HttpClient GET {url}", t => DotNetClient.FetchAsync(url, t), cancellationToken);
    }
}
