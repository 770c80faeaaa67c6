using System.Net;
using System.Net.Sockets;

namespace Telepresence.Peers.Relay;

/// <summary>Accepts connections on some ports and hands each to a relay. Lives as long as its input.</summary>
internal static class RelayListener
{
    /// <param name="relay">Carries a connection that was accepted on a port; what it throws ends that connection only.</param>
    public static async Task<int> RunAsync(IPAddress address, IEnumerable<int> ports, Func<Socket, int, Task> relay)
    {
        var accepting = ports.Select(port => AcceptAsync(new IPEndPoint(address, port), relay)).ToArray();
        await Console.Out.WriteLineAsync("ready").ConfigureAwait(false);
        var ended = Console.In.ReadToEndAsync();
        await Task.WhenAny([ended, .. accepting]).ConfigureAwait(false);
        return ended.IsCompleted ? 0 : 1;
    }

    private static async Task AcceptAsync(IPEndPoint endPoint, Func<Socket, int, Task> relay)
    {
        using var listener = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(endPoint);
        listener.Listen(4096);
        var running = new HashSet<Task>();
        while (true)
        {
            var socket = await listener.AcceptAsync().ConfigureAwait(false);
            socket.NoDelay = true;
            running.RemoveWhere(t => t.IsCompleted);
            running.Add(CarryAsync(socket, endPoint.Port, relay));
        }
    }

    private static async Task CarryAsync(Socket socket, int port, Func<Socket, int, Task> relay)
    {
        using (socket)
        {
            await relay(socket, port).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
