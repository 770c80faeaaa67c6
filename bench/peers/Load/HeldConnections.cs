using System.Net;
using System.Net.Sockets;

namespace Telepresence.Peers.Load;

/// <summary>Connections that are open, have carried a byte each way, and stay.</summary>
internal sealed class HeldConnections : IDisposable
{
    private readonly List<Socket> _sockets = [];

    public Dictionary<string, double> Open(IPAddress server, int count)
    {
        for (var i = 0; i < count; i++)
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
        return new() { ["open"] = _sockets.Count };
    }

    public Dictionary<string, double> Close()
    {
        _sockets.ForEach(s => s.Dispose());
        _sockets.Clear();
        return [];
    }

    public void Dispose() => Close();
}
