using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Telepresence.Peers.Load;

/// <summary>Connections that are open, have carried a byte each way, and stay.</summary>
internal sealed class HeldConnections : IDisposable
{
    private const int AtOnce = 16;

    private readonly ConcurrentBag<Socket> _sockets = [];

    /// <exception cref="IOException">One of them could not be opened.</exception>
    public Dictionary<string, double> Open(IPAddress server, int count)
    {
        try
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, _ => OpenOne(server));
        }
        catch (AggregateException e)
        {
            throw new IOException($"a connection broke: {e.InnerException!.Message}", e);
        }
        return new() { ["open"] = _sockets.Count };
    }

    public Dictionary<string, double> Close()
    {
        while (_sockets.TryTake(out var socket))
        {
            socket.Dispose();
        }
        return [];
    }

    public void Dispose() => Close();

    private void OpenOne(IPAddress server)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveTimeout = 20_000,
        };
        _sockets.Add(socket);
        socket.Connect(server, LoadPorts.Echo);
        Span<byte> one = [1];
        socket.Send(one);
        socket.Receive(one);
    }
}
