using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Telepresence.Engine.Kubernetes;

/// <summary>
/// What proves who the user is: client certificate, token, token file, password or credential plugin. Safe for concurrent use.
/// </summary>
internal sealed class CredentialSource : IDisposable
{
    // Kubelet-style bound tokens are rotated in the file; client-go re-reads it once a minute too.
    private static readonly TimeSpan TokenFileLife = TimeSpan.FromMinutes(1);

    private readonly KubernetesClientConfiguration _configuration;
    private readonly ExecPlugin? _plugin;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _refresh = new(1, 1);
    private ExecCredentialStatus? _fromPlugin;
    private X509Certificate2? _certificate;
    private string? _fileToken;
    private DateTimeOffset _fileTokenReadAt;

    /// <exception cref="KubernetesException">The client certificate cannot be read or has expired.</exception>
    public CredentialSource(KubernetesClientConfiguration configuration, TimeProvider time)
    {
        _configuration = configuration;
        _time = time;
        _plugin = configuration.User.Exec is { } exec ? new ExecPlugin(exec, configuration) : null;
        _certificate = LoadCertificate(configuration.User);
    }

    /// <summary>The certificate to show to a server that asks for one.</summary>
    public X509Certificate2? ClientCertificate => Volatile.Read(ref _certificate);

    /// <summary>Whether asking again may give other credentials after a 401.</summary>
    public bool CanRefresh => _plugin is not null || _configuration.User.TokenFile is not null;

    /// <summary>Forgets what was cached: the server has just refused it.</summary>
    public void Invalidate()
    {
        Volatile.Write(ref _fromPlugin, null);
        Volatile.Write(ref _fileToken, null);
    }

    /// <summary>Adds the Authorization and impersonation headers.</summary>
    /// <exception cref="KubernetesException">CredentialPluginFailed, KubeconfigInvalid.</exception>
    public async ValueTask ApplyAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var user = _configuration.User;
        if (await GetTokenAsync(cancellationToken).ConfigureAwait(false) is { } token)
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        }
        else if (user.Username is { } name)
        {
            var pair = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{user.Password}"));
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", pair);
        }
        if (user.Impersonate is { } impersonated)
        {
            request.Headers.TryAddWithoutValidation("Impersonate-User", impersonated);
        }
        foreach (var group in user.ImpersonateGroups)
        {
            request.Headers.TryAddWithoutValidation("Impersonate-Group", group);
        }
    }

    public void Dispose()
    {
        _certificate?.Dispose();
        _refresh.Dispose();
    }

    private async ValueTask<string?> GetTokenAsync(CancellationToken cancellationToken)
    {
        var user = _configuration.User;
        // As in client-go, a token file wins over a token.
        if (user.TokenFile is { } file)
        {
            return await ReadTokenFileAsync(file, cancellationToken).ConfigureAwait(false);
        }
        if (user.Token is not null || _plugin is null)
        {
            return user.Token;
        }
        if (Volatile.Read(ref _fromPlugin) is { } cached && IsFresh(cached))
        {
            return cached.Token;
        }
        await _refresh.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_fromPlugin is { } meanwhile && IsFresh(meanwhile))
            {
                return meanwhile.Token;
            }
            var status = await _plugin.RunAsync(cancellationToken).ConfigureAwait(false);
            if (status is { ClientCertificateData: { } certificate, ClientKeyData: { } key })
            {
                Volatile.Write(ref _certificate, CreateCertificate(certificate, key, _configuration.User));
            }
            Volatile.Write(ref _fromPlugin, status);
            return status.Token;
        }
        finally
        {
            _refresh.Release();
        }
    }

    private bool IsFresh(ExecCredentialStatus status) =>
        status.ExpirationTimestamp is not { } end || end > _time.GetUtcNow();

    private async ValueTask<string> ReadTokenFileAsync(string file, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        if (Volatile.Read(ref _fileToken) is { } cached && now - _fileTokenReadAt < TokenFileLife)
        {
            return cached;
        }
        try
        {
            var token = (await File.ReadAllTextAsync(file, cancellationToken).ConfigureAwait(false)).Trim();
            _fileTokenReadAt = now;
            Volatile.Write(ref _fileToken, token);
            return token;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable($"token file {file}", e.Message, e);
        }
    }

    private X509Certificate2? LoadCertificate(KubeconfigUser user)
    {
        if (user is { ClientCertificateData: null, ClientCertificate: null })
        {
            return null;
        }
        try
        {
            var certificate = user.ClientCertificateData is { } data
                ? Encoding.UTF8.GetString(Convert.FromBase64String(data))
                : File.ReadAllText(user.ClientCertificate!);
            var key =
                user.ClientKeyData is { } keyData ? Encoding.UTF8.GetString(Convert.FromBase64String(keyData))
                : user.ClientKey is { } keyFile ? File.ReadAllText(keyFile)
                : throw Unreadable("client certificate", "it has no client-key", null);
            return CreateCertificate(certificate, key, user);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            throw Unreadable("client certificate", e.Message, e);
        }
    }

    private X509Certificate2 CreateCertificate(string certificatePem, string keyPem, KubeconfigUser user)
    {
        X509Certificate2 certificate;
        try
        {
            certificate = X509Certificate2.CreateFromPem(certificatePem, keyPem);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw Unreadable("client certificate", e.Message, e);
        }
        if (certificate.NotAfter.ToUniversalTime() < _time.GetUtcNow().UtcDateTime)
        {
            var message =
                $"The client certificate of user '{user.Name}' in {user.File} expired on {certificate.NotAfter:u}. "
                + "Log in to the cluster again.";
            certificate.Dispose();
            throw new KubernetesException(
                KubernetesErrorId.CertificateExpired,
                "AuthenticationError",
                message,
                "kubectl config view --minify"
            );
        }
        return certificate;
    }

    private KubernetesException Unreadable(string what, string why, Exception? inner) =>
        new(
            KubernetesErrorId.KubeconfigInvalid,
            "InvalidData",
            $"The {what} of user '{_configuration.User.Name}' in {_configuration.User.File} cannot be used: {why}",
            "kubectl config view --minify",
            inner
        );
}
