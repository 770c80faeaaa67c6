using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Telepresence.TrafficManager.Monitoring;

/// <summary>
/// What the kubelet and Prometheus ask over HTTP/1.1: <c>/healthz</c>, <c>/readyz</c> and <c>/metrics</c>. A port of its own,
/// since the manager's other one speaks HTTP/2 without TLS, where one port cannot speak both.
/// </summary>
internal sealed class MonitoringServer : IHttpApplication<HttpContext>, IAsyncDisposable
{
    private const int MaxConnections = 64;

    private readonly KestrelServer _kestrel;
    private volatile PrometheusExposition? _exposition;

    private MonitoringServer(IPEndPoint listenAt, ILoggerFactory loggerFactory)
    {
        var options = new KestrelServerOptions { AddServerHeader = false };
        options.Limits.MaxConcurrentConnections = MaxConnections;
        options.Limits.MaxRequestBodySize = 0;
        options.Listen(listenAt, listen => listen.Protocols = HttpProtocols.Http1);
        _kestrel = new KestrelServer(
            Options.Create(options),
            new SocketTransportFactory(Options.Create(new SocketTransportOptions()), loggerFactory),
            loggerFactory
        );
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; private set; } = null!;

    /// <summary>Starts to listen; not ready yet.</summary>
    /// <exception cref="IOException">The address is in use.</exception>
    public static async Task<MonitoringServer> StartAsync(
        IPEndPoint listenAt,
        ILoggerFactory loggerFactory,
        CancellationToken cancellationToken
    )
    {
        var server = new MonitoringServer(listenAt, loggerFactory);
        try
        {
            await server._kestrel.StartAsync(server, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            server._kestrel.Dispose();
            throw;
        }
        var address = server._kestrel.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();
        server.EndPoint = new IPEndPoint(listenAt.Address, new Uri(address).Port);
        return server;
    }

    /// <summary>From now on the manager serves, and these are its metrics; null: it does not any more.</summary>
    public void SetReady(PrometheusExposition? exposition) => _exposition = exposition;

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public void DisposeContext(HttpContext context, Exception? exception) { }

    public Task ProcessRequestAsync(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var exposition = _exposition;
        var (status, type, body) = (context.Request.Method, context.Request.Path.Value) switch
        {
            (not ("GET" or "HEAD"), _) => (StatusCodes.Status405MethodNotAllowed, "text/plain", ""),
            (_, "/healthz") => (StatusCodes.Status200OK, "text/plain", "ok\n"),
            (_, "/readyz" or "/metrics") when exposition is null => (
                StatusCodes.Status503ServiceUnavailable,
                "text/plain",
                "not ready\n"
            ),
            (_, "/readyz") => (StatusCodes.Status200OK, "text/plain", "ok\n"),
            (_, "/metrics") => (StatusCodes.Status200OK, PrometheusExposition.ContentType, exposition!.Write()),
            _ => (StatusCodes.Status404NotFound, "text/plain", ""),
        };
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        return context.Response.WriteAsync(body, context.RequestAborted);
    }

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource(TimeSpan.Zero);
        await _kestrel.StopAsync(atOnce.Token).ConfigureAwait(false);
        _kestrel.Dispose();
    }
}
