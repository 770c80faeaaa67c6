using System.Net;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;
using Telepresence.TrafficManager.Grpc;
using Telepresence.TrafficManager.Services;
using Telepresence.TrafficManager.Sessions;
using Telepresence.TrafficManager.Tunnels;

namespace Telepresence.TrafficManager;

/// <summary>A traffic-manager that listens: embedded in the sandbox and in tests, or the whole of a process.</summary>
public sealed class TrafficManagerServer : IAsyncDisposable
{
    private readonly KestrelServer _kestrel;
    private readonly SessionTable _sessions;
    private readonly ClusterStateFeed _feed;
    private readonly CancellationTokenSource _stopping;

    private TrafficManagerServer(
        KestrelServer kestrel,
        SessionTable sessions,
        ClusterStateFeed feed,
        CancellationTokenSource stopping,
        IPEndPoint endPoint
    )
    {
        _kestrel = kestrel;
        _sessions = sessions;
        _feed = feed;
        _stopping = stopping;
        EndPoint = endPoint;
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Starts to listen.</summary>
    /// <exception cref="IOException">The address is in use.</exception>
    public static async Task<TrafficManagerServer> StartAsync(
        TrafficManagerOptions options,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        var stopping = new CancellationTokenSource();
        var sessions = new SessionTable(options.TimeProvider, options.ClientTimeToLive);
        var feed = new ClusterStateFeed(options.State);
        var methods = new MethodTable();
        new ManagerService(options, sessions, feed).AddTo(methods);
        new TunnelService(options, sessions).AddTo(methods);
        HealthService.AddTo(methods);
        var kestrel = CreateKestrel(options);
        var application = new GrpcApplication(
            methods,
            options.MaxReceiveMessageSize,
            options.TimeProvider,
            options.LoggerFactory.CreateLogger<GrpcApplication>(),
            stopping.Token
        );
        try
        {
            await kestrel.StartAsync(application, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            kestrel.Dispose();
            sessions.Dispose();
            feed.Dispose();
            stopping.Dispose();
            throw;
        }
        var address = new Uri(kestrel.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First());
        return new TrafficManagerServer(
            kestrel,
            sessions,
            feed,
            stopping,
            new IPEndPoint(options.Listen.Address, address.Port)
        );
    }

    /// <summary>Ends all calls and stops to listen.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        using var grace = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _kestrel.StopAsync(grace.Token).ConfigureAwait(false);
        _kestrel.Dispose();
        _sessions.Dispose();
        _feed.Dispose();
        _stopping.Dispose();
    }

    private static KestrelServer CreateKestrel(TrafficManagerOptions options)
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
        kestrel.Limits.Http2.InitialConnectionWindowSize = 16 * 1024 * 1024;
        kestrel.Limits.Http2.InitialStreamWindowSize = 2 * 1024 * 1024;
        kestrel.Limits.Http2.MaxFrameSize = 256 * 1024;
        kestrel.Listen(options.Listen, listen => listen.Protocols = HttpProtocols.Http2);
        var transport = new SocketTransportOptions
        {
            MaxReadBufferSize = 4 * 1024 * 1024,
            MaxWriteBufferSize = 1024 * 1024,
        };
        return new KestrelServer(
            Options.Create(kestrel),
            new SocketTransportFactory(Options.Create(transport), options.LoggerFactory),
            options.LoggerFactory
        );
    }
}
