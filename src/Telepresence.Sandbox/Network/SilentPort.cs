using System.Net;
using System.Net.Sockets;

namespace Telepresence.Sandbox.Network;

/// <summary>A loopback listener whose backlog is full, so that a SYN to it is dropped and connecting times out.</summary>
internal sealed class SilentPort : IDisposable
{
    // Linux takes backlog + 1 connections before it drops; the other systems round up, never past this.
    private const int MaxFillers = 32;
    private static readonly TimeSpan s_answer = TimeSpan.FromMilliseconds(200);
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _fillers = [];

    private SilentPort()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(0);
        EndPoint = (IPEndPoint)_listener.LocalEndPoint!;
    }

    public IPEndPoint EndPoint { get; }

    public static async Task<SilentPort> StartAsync(CancellationToken cancellationToken)
    {
        var port = new SilentPort();
        try
        {
            while (port._fillers.Count < MaxFillers)
            {
                var filler = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                port._fillers.Add(filler);
                using var answer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                answer.CancelAfter(s_answer);
                try
                {
                    await filler.ConnectAsync(port.EndPoint, answer.Token).ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
                {
                    // Unanswered: the backlog is full, which is what was wanted.
                    return port;
                }
            }
            return port;
        }
        catch
        {
            port.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        foreach (var filler in _fillers)
        {
            filler.Dispose();
        }
    }
}
