using System.Buffers;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Telepresence.Sandbox.Workloads;

/// <summary>
/// The HTTP pods: a page with the sandbox's token, who asks, request headers, bytes and digests. One server, one listener a
/// pod.
/// </summary>
internal sealed class WebWorkload : IAsyncDisposable
{
    private readonly WebApplication _application;

    private WebWorkload(WebApplication application, IReadOnlyList<IPEndPoint> endPoints)
    {
        _application = application;
        EndPoints = endPoints;
    }

    /// <summary>One listener a replica.</summary>
    public IReadOnlyList<IPEndPoint> EndPoints { get; }

    /// <param name="pageToken">Stands in the page.</param>
    /// <param name="replicas">Number of listeners.</param>
    /// <param name="peerOf">From a connection's remote address to the one the cluster has for it.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    public static async Task<WebWorkload> StartAsync(
        string pageToken,
        int replicas,
        Func<IPAddress, IPAddress> peerOf,
        CancellationToken cancellationToken
    )
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            for (var i = 0; i < replicas; i++)
            {
                kestrel.Listen(IPAddress.Loopback, 0, endPoint => endPoint.Protocols = HttpProtocols.Http1);
            }
        });
        var application = builder.Build();
        application.UseWebSockets();
        application.Run(context => ServeAsync(context, pageToken, peerOf));
        await application.StartAsync(cancellationToken).ConfigureAwait(false);
        var addresses = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        return new(
            application,
            [.. addresses.Addresses.Select(a => new IPEndPoint(IPAddress.Loopback, new Uri(a).Port))]
        );
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync().ConfigureAwait(false);
        await _application.StopAsync(now.Token).ConfigureAwait(false);
        await _application.DisposeAsync().ConfigureAwait(false);
    }

    private static Task ServeAsync(HttpContext context, string pageToken, Func<IPAddress, IPAddress> peerOf)
    {
        var isUpload = context.Request.Method is "PUT" or "POST";
        return context.Request.Path.Value switch
        {
            "/" => TextAsync(context, "text/html; charset=utf-8", Page(pageToken)),
            "/token" => TextAsync(context, "text/plain", pageToken + "\n"),
            "/peer" => TextAsync(context, "text/plain", $"{peerOf(context.Connection.RemoteIpAddress!)}\n"),
            "/headers" => HeadersAsync(context),
            "/bytes" => BytesAsync(context),
            "/sha256" => isUpload ? UploadAsync(context) : DigestAsync(context),
            _ => NotFoundAsync(context),
        };
    }

    private static string Page(string token) =>
        $"""
            <!doctype html>
            <title>Telepresence sandbox</title>
            <h1>Hello from inside the cluster</h1>
            <p>token: <code>{token}</code></p>

            """;

    private static Task TextAsync(HttpContext context, string type, string text)
    {
        context.Response.ContentType = type;
        return context.Response.WriteAsync(text, context.RequestAborted);
    }

    private static Task NotFoundAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return TextAsync(context, "text/plain", "no such page\n");
    }

    private static Task HeadersAsync(HttpContext context)
    {
        var headers = context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString());
        return TextAsync(context, "application/json", JsonSerializer.Serialize(headers) + "\n");
    }

    private static async Task BytesAsync(HttpContext context)
    {
        if (!TryParse(context, out var length, out var seed))
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await TextAsync(context, "text/plain", "n=BYTES[&seed=NUMBER]\n").ConfigureAwait(false);
            return;
        }
        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = length;
        var content = new BulkContent(length, seed);
        for (var part = content.Next(); !part.IsEmpty; part = content.Next())
        {
            await context.Response.Body.WriteAsync(part, context.RequestAborted).ConfigureAwait(false);
        }
    }

    private static Task DigestAsync(HttpContext context)
    {
        if (!TryParse(context, out var length, out var seed))
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return TextAsync(context, "text/plain", "n=BYTES[&seed=NUMBER], or upload with PUT\n");
        }
        return TextAsync(context, "text/plain", BulkContent.Digest(length, seed) + "\n");
    }

    private static async Task UploadAsync(HttpContext context)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BulkContent.BlockSize);
        try
        {
            int read;
            while (
                (read = await context.Request.Body.ReadAsync(buffer, context.RequestAborted).ConfigureAwait(false)) > 0
            )
            {
                hash.AppendData(buffer, 0, read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        await TextAsync(context, "text/plain", BulkContent.Hex(hash) + "\n").ConfigureAwait(false);
    }

    private static bool TryParse(HttpContext context, out long length, out int seed)
    {
        seed = 0;
        var text = context.Request.Query["seed"].ToString();
        return BulkContent.TryParseLength(context.Request.Query["n"], out length)
            && (text.Length == 0 || int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out seed));
    }
}
