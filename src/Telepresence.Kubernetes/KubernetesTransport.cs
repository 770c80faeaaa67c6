using System.Net;
using System.Net.Security;

namespace Telepresence.Kubernetes;

/// <summary>
/// The connections to one API server: HTTP/2 for calls and watches, HTTP/1.1 for upgrades, through the proxy where there
/// is one. They are made anew once the client certificate was renewed.
/// </summary>
internal sealed class KubernetesTransport : IDisposable
{
    private readonly KubernetesClientConfiguration _configuration;
    private readonly KubernetesClientOptions _options;
    private readonly CredentialSource _credentials;
    private readonly ServerCertificateCheck _check;
    private readonly Lock _lock = new();
    private HttpMessageInvoker? _http;
    private ClientCertificate? _certificate;
    private bool _disposed;

    /// <exception cref="KubernetesException">KubeconfigInvalid: the authority cannot be read.</exception>
    public KubernetesTransport(
        KubernetesClientConfiguration configuration,
        KubernetesClientOptions options,
        CredentialSource credentials
    )
    {
        _configuration = configuration;
        _options = options;
        _credentials = credentials;
        _check = new ServerCertificateCheck(configuration);
    }

    /// <summary>The answer's headers have arrived; its body has not.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        Current().SendAsync(request, cancellationToken);

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _http?.Dispose();
        }
    }

    private HttpMessageInvoker Current()
    {
        var certificate = _credentials.ClientCertificate;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_http is null || certificate != _certificate)
            {
                // What runs on the old connections ends in its own time: disposing closes idle ones only.
                _http?.Dispose();
                _certificate = certificate;
                _http = Create(certificate);
            }
            return _http;
        }
    }

    private HttpMessageInvoker Create(ClientCertificate? certificate) =>
        new(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                AutomaticDecompression = _configuration.Cluster.DisableCompression
                    ? DecompressionMethods.None
                    : DecompressionMethods.GZip,
                ConnectTimeout = _options.Timeout,
                PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
                // A connection whose network has gone is found out before the system would; client-go's numbers.
                KeepAlivePingDelay = TimeSpan.FromSeconds(30),
                KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
                KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
                UseProxy = _configuration.Proxy is not null,
                Proxy = _configuration.Proxy,
                ConnectCallback = (context, cancellationToken) =>
                    _options.Connect(context.DnsEndPoint, cancellationToken),
                SslOptions = new SslClientAuthenticationOptions
                {
                    RemoteCertificateValidationCallback = _check.Validate,
                    ClientCertificateContext = certificate?.Context,
                },
            }
        );
}
