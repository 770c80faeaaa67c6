using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Telepresence.Peers.Relay;

/// <summary>
/// The far side of the relay over HTTP/2: Kestrel with the traffic-manager's limits. A request's path is the port that it is
/// connected to. Lives as long as its input.
/// </summary>
internal static class HttpRelayServer
{
    public static async Task<int> RunAsync(string listen, string target)
    {
        var server = IPAddress.Parse(target);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.MaxResponseBufferSize = 1024 * 1024;
            kestrel.Limits.Http2.MaxStreamsPerConnection = 100_000;
            kestrel.Limits.Http2.InitialConnectionWindowSize = 16 * 1024 * 1024;
            kestrel.Limits.Http2.InitialStreamWindowSize = 2 * 1024 * 1024;
            kestrel.Limits.Http2.MaxFrameSize = 256 * 1024;
            kestrel.Listen(IPEndPoint.Parse(listen), options => options.Protocols = HttpProtocols.Http2);
        });
        var application = builder.Build();
        await using (application.ConfigureAwait(false))
        {
            application.MapPost("/{port:int}", (HttpContext context, int port) => CarryAsync(context, server, port));
            await application.StartAsync().ConfigureAwait(false);
            await Console.Out.WriteLineAsync("ready").ConfigureAwait(false);
            await Console.In.ReadToEndAsync().ConfigureAwait(false);
        }
        return 0;
    }

    private static async Task CarryAsync(HttpContext context, IPAddress server, int port)
    {
        using var far = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await far.ConnectAsync(server, port).ConfigureAwait(false);
        await context.Response.StartAsync().ConfigureAwait(false);
        // The client waits for the headers before it sends.
        await context.Response.Body.FlushAsync().ConfigureAwait(false);
        // The response ends with the handler, after both directions.
        await DuplexCopy.RunAsync(far, context.Request.Body, context.Response.Body, () => { }).ConfigureAwait(false);
    }
}
