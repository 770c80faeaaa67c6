using System.Net;
using System.Net.Sockets;
using Telepresence.Engine.Engagements.Flows;
using Telepresence.Engine.NetStack;

namespace Telepresence.Engine.Engagements.Forwards;

/// <summary>A port of this machine's loopback that leads to a port of the pod.</summary>
internal sealed class TcpForward : IAsyncDisposable
{
    private const int MostConnections = 1024;

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly IPodCarrier _carrier;
    private readonly Func<int> _remotePort;
    private readonly RunningTasks _running;
    private readonly Task _accepting;

    /// <param name="localPort">0: any.</param>
    /// <param name="remotePort">Of the pod of that moment; 0: none.</param>
    /// <param name="faulted">Told of faults.</param>
    /// <exception cref="SocketException">The port cannot be had.</exception>
    public TcpForward(int localPort, Func<int> remotePort, IPodCarrier carrier, Action<Exception> faulted)
    {
        _carrier = carrier;
        _remotePort = remotePort;
        _running = new RunningTasks(MostConnections, faulted);
        try
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, localPort));
            _listener.Listen();
        }
        catch
        {
            _listener.Dispose();
            throw;
        }
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting.ConfigureAwait(false);
        await _running.DisposeAsync().ConfigureAwait(false);
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptAsync().ConfigureAwait(false);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                if (e is SocketException { SocketErrorCode: SocketError.ConnectionReset })
                    continue;
                return;
            }
            if (!_running.TryRun(token => CarryAsync(socket, token)))
                socket.Dispose();
        }
    }

    private async Task CarryAsync(Socket socket, CancellationToken cancellationToken)
    {
        var endpoints = new FlowEndpoints((IPEndPoint)socket.RemoteEndPoint!, (IPEndPoint)socket.LocalEndPoint!);
        var flow = StreamFlow.Of(socket, endpoints);
        await using var _ = flow.ConfigureAwait(false);
        if (_remotePort() is > 0 and var port)
        {
            await _carrier.CarryAsync(flow, port, cancellationToken).ConfigureAwait(false);
            await flow.DrainAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
