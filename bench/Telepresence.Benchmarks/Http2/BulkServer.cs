using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Telepresence.Benchmarks.Http2;

/// <summary>Takes and gives bytes over HTTP/2 without TLS, with the limits of our traffic-manager.</summary>
internal static class BulkServer
{
    private const int Chunk = 64 * 1024;

    /// <summary>Writes its port, and serves until standard input ends.</summary>
    public static async Task RunAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.MaxResponseBufferSize = 1024 * 1024;
            kestrel.Limits.Http2.InitialConnectionWindowSize = 16 * 1024 * 1024;
            kestrel.Limits.Http2.InitialStreamWindowSize = 2 * 1024 * 1024;
            kestrel.Limits.Http2.MaxFrameSize = 256 * 1024;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        await using var server = builder.Build();
        server.MapPost("/sink", SinkAsync);
        server.MapPost("/source/{length:long}", SourceAsync);
        await server.StartAsync();
        Console.WriteLine(new Uri(server.Urls.First()).Port.ToString(CultureInfo.InvariantCulture));
        await Console.In.ReadToEndAsync();
    }

    private static async Task SinkAsync(HttpContext context)
    {
        Begin(context);
        await context.Response.StartAsync();
        while (true)
        {
            var read = await context.Request.BodyReader.ReadAsync();
            context.Request.BodyReader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                break;
        }
        context.Response.AppendTrailer("grpc-status", "0");
    }

    private static async Task SourceAsync(HttpContext context, long length)
    {
        Begin(context);
        for (var left = length; left > 0; left -= Chunk)
        {
            context.Response.BodyWriter.GetMemory(Chunk);
            context.Response.BodyWriter.Advance((int)Math.Min(Chunk, left));
            await context.Response.BodyWriter.FlushAsync();
        }
        context.Response.AppendTrailer("grpc-status", "0");
    }

    private static void Begin(HttpContext context)
    {
        context.Response.ContentType = "application/grpc";
        context.Response.DeclareTrailer("grpc-status");
    }
}
