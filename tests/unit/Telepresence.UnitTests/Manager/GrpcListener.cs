using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Telepresence.Protocol.Grpc;
using Telepresence.TrafficManager.Grpc;

namespace Telepresence.UnitTests.Manager;

/// <summary>gRPC methods of a test's own, served on loopback.</summary>
internal sealed class GrpcListener : IAsyncDisposable
{
    private readonly GrpcServer _server;
    private int _connections;

    private GrpcListener(GrpcServer server) => _server = server;

    /// <summary>Streams opened by <see cref="ConnectAsync"/> so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>The last stream opened.</summary>
    public Stream? Last { get; private set; }

    public static async Task<GrpcListener> StartAsync(MethodTable methods) =>
        new(
            await GrpcServer.StartAsync(
                new IPEndPoint(IPAddress.Loopback, 0),
                methods,
                GrpcFraming.DefaultMaxMessageSize,
                TimeProvider.System,
                NullLoggerFactory.Instance,
                default
            )
        );

    public async ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _connections);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(_server.EndPoint, cancellationToken);
        return Last = new NetworkStream(socket, ownsSocket: true);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
