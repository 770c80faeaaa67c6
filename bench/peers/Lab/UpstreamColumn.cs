using System.Diagnostics;
using Telepresence.Peers.Load;
using Telepresence.Peers.Report;

namespace Telepresence.Peers.Lab;

/// <summary>Upstream's own client, connected to the sandbox's cluster by its port-forward.</summary>
internal static class UpstreamColumn
{
    private const string Variable = "TELEPRESENCE_UPSTREAM";

    public static async Task<Column> StartAsync(SandboxReady sandbox)
    {
        var program = Environment.GetEnvironmentVariable(Variable);
        if (program is null || !File.Exists(program))
        {
            throw new IOException($"{Variable} does not name a program");
        }
        var home = $"/run/{Ways.Upstream}";
        System.IO.Directory.CreateDirectory(home);
        var environment = $"HOME={home} XDG_CONFIG_HOME={home} XDG_CACHE_HOME={home} XDG_RUNTIME_DIR={home}";
        using var connect = Network.Start(
            Ways.Upstream,
            program,
            ["connect", "--kubeconfig", sandbox.Kubeconfig],
            environment,
            readsErrors: true
        );
        connect.StandardInput.Close();
        var said = await SaidAsync(connect).ConfigureAwait(false);
        if (connect.ExitCode != 0)
        {
            throw new IOException($"{program} connect: {said}");
        }
        return new Column(Ways.Upstream, Ways.Upstream, sandbox.Address, Traffic.Bulk | Traffic.Connections)
        {
            BulkPort = LoadPorts.Bulk(Network.Index(Ways.Upstream)),
        };
    }

    private static async Task<string> SaidAsync(Process connect)
    {
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            await connect.WaitForExitAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            connect.Kill(entireProcessTree: true);
            throw new IOException("upstream's client does not connect", e);
        }
        // Its daemons keep the pipe open: what is there now is all that it says.
        return await connect.StandardOutput.ReadLineAsync().ConfigureAwait(false) ?? "";
    }
}
