namespace Telepresence.Sandbox.Demo.Steps;

/// <summary>A datagram goes into the cluster and one comes back.</summary>
internal sealed class UdpStep : IDemoStep
{
    private const string Program =
        "import socket,sys; s=socket.socket(type=socket.SOCK_DGRAM); s.settimeout(5); "
        + "s.sendto(sys.argv[3].encode(),(sys.argv[1],int(sys.argv[2]))); print(s.recv(2048).decode())";

    /// <inheritdoc/>
    public string Name => "udp";

    /// <inheritdoc/>
    public string Title => "A datagram goes in and its echo comes back";

    /// <inheritdoc/>
    public async Task<string> RunAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        var text = stage.Cluster.PageToken;
        var port = DemoCluster.EchoPort;
        var seen = ForeignProgram.Exists("python3")
            ? await ForeignProgram
                .RunAsync(
                    "python3",
                    ["-c", Program, DemoCluster.EchoHost, $"{port}", text],
                    cancellationToken: cancellationToken
                )
                .ConfigureAwait(false)
            : await DotNetClient
                .RunAsync(
                    $"UdpClient {DemoCluster.EchoHost} {port} {text}",
                    t => DotNetClient.ExchangeDatagramAsync(DemoCluster.EchoHost, port, text, t),
                    cancellationToken
                )
                .ConfigureAwait(false);
        stage.Show(seen);
        if (!seen.Succeeded || !seen.Output.Contains(text, StringComparison.Ordinal))
        {
            throw new VerdictException($"no echo: {seen.Status}: {LastLine(seen.Error)}");
        }
        return $"{text} came back from {DemoCluster.EchoHost}:{port}";
    }

    /// <inheritdoc/>
    public Task BreakAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        stage.Cluster.StopService(DemoCluster.EchoService);
        return Task.CompletedTask;
    }

    private static string LastLine(string text) => text.TrimEnd().Split('\n')[^1];
}
