using System.Net;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;
using Telepresence.Protocol;

namespace Telepresence.TrafficManager.Grpc;

/// <summary>Kestrel with gRPC methods on it, set up for tunnels: the server of manager and agent.</summary>
internal sealed class GrpcServer : IAsyncDisposable
{
    private readonly KestrelServer _kestrel;
    private readonly CancellationTokenSource _stopping;

    private GrpcServer(KestrelServer kestrel, CancellationTokenSource stopping, IPEndPoint endPoint)
    {
        _kestrel = kestrel;
        _stopping = stopping;
        EndPoint = endPoint;
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <exception cref="IOException">The address is in use.</exception>
    public static async Task<GrpcServer> StartAsync(
        IPEndPoint listen,
        MethodTable methods,
        int maxReceiveMessageSize,
        TimeProvider timeProvider,
        ILoggerFactory loggerFactory,
        CancellationToken cancellationToken
    )
    {
        var stopping = new CancellationTokenSource();
        var kestrel = CreateKestrel(listen, loggerFactory);
        var application = new GrpcApplication(
            methods,
            maxReceiveMessageSize,
            timeProvider,
            loggerFactory.CreateLogger<GrpcApplication>(),
            stopping.Token
        );
        try
        {
            await kestrel.StartAsync(application, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            kestrel.Dispose();
            stopping.Dispose();
            throw;
        }
        var address = new Uri(kestrel.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First());
        return new GrpcServer(kestrel, stopping, new IPEndPoint(listen.Address, address.Port));
    }

    /// <summary>Ends all calls and stops to listen.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        using var grace = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _kestrel.StopAsync(grace.Token).ConfigureAwait(false);
        _kestrel.Dispose();
        _stopping.Dispose();
    }

    private static KestrelServer CreateKestrel(IPEndPoint listenAt, ILoggerFactory loggerFactory)
    {
        var kestrel = new KestrelServerOptions { AddServerHeader = false };
        kestrel.Limits.MaxRequestBodySize = null;
        // A tunnel may be silent for two hours in either direction.
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        // Not infinite: Kestrel adds it to a timestamp, which overflows, and every connection without a call is closed.
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromDays(1);
        kestrel.Limits.MaxResponseBufferSize = 1024 * 1024;
        // Every connection through the cluster is a stream. A client at the limit would wait for ever, silently.
        kestrel.Limits.Http2.MaxStreamsPerConnection = 1_000_000;
        // What a stream's peer does not read is held here, at most its window. Kestrel gives the connection's window back only
        // when the half of it was read: were it near what a few such streams hold, they would stop all others for ever.
        kestrel.Limits.Http2.InitialStreamWindowSize = 1024 * 1024;
        kestrel.Limits.Http2.InitialConnectionWindowSize = 256 * 1024 * 1024;
        kestrel.Limits.Http2.MaxFrameSize = 256 * 1024;
        kestrel.Listen(listenAt, listen => listen.Protocols = HttpProtocols.Http2);
        var transport = new SocketTransportOptions
        {
            MaxReadBufferSize = 4 * 1024 * 1024,
            MaxWriteBufferSize = 1024 * 1024,
            CreateBoundListenSocket = at =>
            {
                var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(at);
                UnsentLimit.Apply(socket);
                return socket;
            },
        };
        return new KestrelServer(
            Options.Create(kestrel),
            new SocketTransportFactory(Options.Create(transport), loggerFactory),
            loggerFactory
        );
    }
}
