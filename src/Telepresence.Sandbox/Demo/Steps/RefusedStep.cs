using System.Diagnostics;

namespace Telepresence.Sandbox.Demo.Steps;

/// <summary>A port nothing listens on in the cluster refuses, at once, as it would inside.</summary>
internal sealed class RefusedStep : IDemoStep
{
    private const string Program =
        "import os,socket,sys; s=socket.socket(); s.settimeout(5); "
        + "print(os.strerror(s.connect_ex((sys.argv[1],int(sys.argv[2])))))";

    /// <inheritdoc/>
    public string Name => "refused";

    /// <inheritdoc/>
    public string Title => "A closed port in the cluster refuses at once";

    /// <inheritdoc/>
    public async Task<string> RunAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var (host, port) = (DemoCluster.ClosedHost, DemoCluster.HttpPort);
        var seen = ForeignProgram.Exists("python3")
            ? await ForeignProgram
                .RunAsync("python3", ["-c", Program, host, $"{port}"], cancellationToken: cancellationToken)
                .ConfigureAwait(false)
            : await DotNetClient
                .RunAsync($"TcpClient {host} {port}", t => DotNetClient.ConnectAsync(host, port, t), cancellationToken)
                .ConfigureAwait(false);
        stage.Show(seen);
        if (!seen.Output.Contains("refused", StringComparison.OrdinalIgnoreCase))
        {
            throw new VerdictException($"{host}:{port} was not refused: {seen.Status}: {seen.FirstLine}");
        }
        return $"{host}:{port}: {seen.FirstLine} after {clock.ElapsedMilliseconds} ms, program start included";
    }

    /// <inheritdoc/>
    public Task BreakAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        stage.Cluster.OpenClosedPort();
        return Task.CompletedTask;
    }
}
