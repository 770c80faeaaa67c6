using System.Net;
using System.Security.Authentication;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Telepresence.Sandbox.Api;

/// <summary>The Kestrel of the Kubernetes API.</summary>
internal sealed class ApiServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private ApiServer(WebApplication application, IPEndPoint endPoint)
    {
        _application = application;
        EndPoint = endPoint;
    }

    public IPEndPoint EndPoint { get; }

    /// <exception cref="SandboxException">The address cannot be bound.</exception>
    public static async Task<ApiServer> StartAsync(
        IPEndPoint listen,
        System.Security.Cryptography.X509Certificates.X509Certificate2 certificate,
        RequestDelegate handler,
        CancellationToken cancellationToken
    )
    {
        // The empty builder reads no environment and no files: ASPNETCORE_URLS of the caller must not move the server.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(
                listen,
                endPoint =>
                {
                    endPoint.Protocols = HttpProtocols.Http1AndHttp2;
                    endPoint.UseHttps(https =>
                    {
                        https.ServerCertificate = certificate;
                        https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
                        // Asked for, and judged with the request: a wrong certificate is a 401, not a failed handshake.
                        https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                        https.ClientCertificateValidation = (_, _, _) => true;
                    });
                }
            );
        });
        var application = builder.Build();
        application.UseWebSockets();
        application.Run(handler);
        try
        {
            await application.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            await application.DisposeAsync().ConfigureAwait(false);
            throw new SandboxException(
                SandboxErrorId.ListenFailed,
                $"The API server cannot listen at {listen}: {e.Message} Choose another address, or port 0 for a free one.",
                e
            );
        }
        var addresses = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        var port = new Uri(addresses.Addresses.First()).Port;
        return new ApiServer(application, new IPEndPoint(listen.Address, port));
    }

    public async ValueTask DisposeAsync()
    {
        // A stop waits for open requests, and watches are open for ever: they are cut.
        using var now = new CancellationTokenSource();
        await now.CancelAsync().ConfigureAwait(false);
        await _application.StopAsync(now.Token).ConfigureAwait(false);
        await _application.DisposeAsync().ConfigureAwait(false);
    }
}
