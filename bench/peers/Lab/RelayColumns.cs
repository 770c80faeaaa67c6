using System.Globalization;
using Telepresence.Peers.Load;
using Telepresence.Peers.Report;

namespace Telepresence.Peers.Lab;

/// <summary>
/// Relays of the same bytes without a network interface of their own: what a relay costs at all, and what HttpClient and
/// Kestrel make of it. They listen on the workstation's own address.
/// </summary>
internal static class RelayColumns
{
    private const int HttpPort = 8090;

    public static Task<Column> StartTcpAsync(Func<string, string, Column> through) =>
        StartAsync(Ways.TcpRelay, Network.FarAddress(Ways.TcpRelay), through);

    /// <param name="startFar">Starts our own program on the far side, and waits for a text.</param>
    public static async Task<Column> StartHttpAsync(
        Func<string, string, Column> through,
        Func<string[], string, Task> startFar
    )
    {
        var server = $"{Network.FarAddress(Ways.HttpRelay)}:{HttpPort}";
        await startFar(["http-relay-server", server, Network.DirectService], "ready").ConfigureAwait(false);
        return await StartAsync(Ways.HttpRelay, server, through).ConfigureAwait(false);
    }

    /// <summary>The column's name is the role of its program.</summary>
    private static async Task<Column> StartAsync(string name, string target, Func<string, string, Column> through)
    {
        var near = Network.NearAddress(name);
        int[] ports = [LoadPorts.Echo, LoadPorts.Bulk(Network.Index(name))];
        string[] arguments =
        [
            Isolation.OwnAssembly,
            name.Replace('_', '-'),
            near,
            target,
            .. ports.Select(p => p.ToString(CultureInfo.InvariantCulture)),
        ];
        var program = new RunningProgram(Network.Start(name, Isolation.Dotnet, arguments));
        await program.WaitForAsync("ready").ConfigureAwait(false);
        return through(name, near) with { Traffic = Traffic.Bulk | Traffic.Connections, Programs = [program] };
    }
}
