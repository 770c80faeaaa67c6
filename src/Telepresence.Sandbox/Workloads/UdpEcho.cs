using System.Net;
using System.Net.Sockets;

namespace Telepresence.Sandbox.Workloads;

/// <summary>The UDP echo service (RFC 862).</summary>
internal sealed class UdpEcho : IAsyncDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _echoing;

    public UdpEcho()
    {
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        EndPoint = (IPEndPoint)_socket.LocalEndPoint!;
        _echoing = EchoAsync();
    }

    public IPEndPoint EndPoint { get; }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _echoing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _socket.Dispose();
        _stopping.Dispose();
    }

    private async Task EchoAsync()
    {
        var buffer = new byte[ushort.MaxValue];
        var from = new SocketAddress(AddressFamily.InterNetwork);
        while (true)
        {
            try
            {
                var read = await _socket
                    .ReceiveFromAsync(buffer.AsMemory(), SocketFlags.None, from, _stopping.Token)
                    .ConfigureAwait(false);
                await _socket
                    .SendToAsync(buffer.AsMemory(0, read), SocketFlags.None, from, _stopping.Token)
                    .ConfigureAwait(false);
            }
            catch (SocketException e)
                when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionRefused)
            {
                // An asker closed before its answer came; the ICMP error is about that one, the socket goes on.
                continue;
            }
        }
    }
}
