using System.Net.Http.Headers;
using System.Text;

namespace Telepresence.Kubernetes;

/// <summary>
/// What proves who the user is: client certificate, token, token file, password or credential plugin. Safe for concurrent use.
/// </summary>
internal sealed class CredentialSource : IDisposable
{
    private readonly KubernetesClientConfiguration _configuration;
    private readonly ExecPlugin? _plugin;
    private readonly TokenFile? _tokenFile;
    private readonly ClientCertificateFiles _certificateFiles;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _refresh = new(1, 1);
    private ExecCredentialStatus? _fromPlugin;
    private ClientCertificate? _certificateOfPlugin;

    /// <exception cref="KubernetesException">The client certificate cannot be read or has expired.</exception>
    public CredentialSource(KubernetesClientConfiguration configuration, KubernetesClientOptions options)
    {
        var user = configuration.User;
        _configuration = configuration;
        _time = options.Time;
        _plugin = user is { Exec: { } exec, Token: null, TokenFile: null, Username: null }
            ? new ExecPlugin(exec, configuration, options)
            : null;
        _tokenFile = user.TokenFile is null ? null : new TokenFile(user, options.Time);
        _certificateFiles = new ClientCertificateFiles(user, options.Time);
    }

    /// <summary>The certificate to show to a server that asks for one; another object once it was renewed.</summary>
    public ClientCertificate? ClientCertificate => Volatile.Read(ref _certificateOfPlugin) ?? _certificateFiles.Current;

    /// <summary>Whether asking again may give other credentials after a 401.</summary>
    public bool CanRefresh => _plugin is not null || _tokenFile is not null;

    /// <summary>Forgets what was cached: the server has just refused it.</summary>
    public void Invalidate()
    {
        Volatile.Write(ref _fromPlugin, null);
        _tokenFile?.Invalidate();
    }

    /// <summary>Adds the Authorization and impersonation headers.</summary>
    /// <exception cref="KubernetesException">CredentialPluginFailed, KubeconfigInvalid, CertificateExpired.</exception>
    public async ValueTask ApplyAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var user = _configuration.User;
        if (await GetBearerTokenAsync(cancellationToken).ConfigureAwait(false) is { } token)
        {
            Add(request, "Authorization", "Bearer " + token);
        }
        else if (user.Username is { } name)
        {
            var pair = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{user.Password}"));
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", pair);
        }
        if (user.Impersonate is { } impersonated)
        {
            Add(request, "Impersonate-User", impersonated);
        }
        if (user.ImpersonateUid is { } uid)
        {
            Add(request, "Impersonate-Uid", uid);
        }
        foreach (var group in user.ImpersonateGroups)
        {
            Add(request, "Impersonate-Group", group);
        }
        foreach (var (key, value) in user.ImpersonateExtra)
        {
            Add(request, "Impersonate-Extra-" + HeaderKey(key), value);
        }
    }

    /// <summary>The user's token; null when the user has none, but may prove itself in another way.</summary>
    /// <exception cref="KubernetesException">CredentialPluginFailed, KubeconfigInvalid.</exception>
    public async ValueTask<string?> GetBearerTokenAsync(CancellationToken cancellationToken)
    {
        // As in client-go, a token file wins over a token, and both win over a plugin.
        if (_tokenFile is not null)
        {
            return await _tokenFile.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        if (_plugin is not null)
        {
            return await AskPluginAsync(_plugin, cancellationToken).ConfigureAwait(false);
        }
        return _configuration.User switch
        {
            { Token: { } token } => token.Trim(),
            { Username: null, AuthProvider.IdToken: { } token } user => OpenIdToken.Require(
                user,
                token,
                _time.GetUtcNow()
            ),
            _ => null,
        };
    }

    public void Dispose() => _refresh.Dispose();

    private async Task<string?> AskPluginAsync(ExecPlugin plugin, CancellationToken cancellationToken)
    {
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
            var status = await plugin.RunAsync(cancellationToken).ConfigureAwait(false);
            if (status is { ClientCertificateData: { } certificate, ClientKeyData: { } key })
            {
                Volatile.Write(
                    ref _certificateOfPlugin,
                    Kubernetes.ClientCertificate.Create(certificate, key, _configuration.User, _time.GetUtcNow())
                );
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

    private void Add(HttpRequestMessage request, string header, string value)
    {
        if (value.Any(c => c is < ' ' or > '~'))
        {
            throw UserEntryCheck.Invalid(
                _configuration.User,
                $"what it gives for the header {header} holds characters that no header may. Correct it there."
            );
        }
        request.Headers.TryAddWithoutValidation(header, value);
    }

    /// <summary>Keys of extra are free text; what a header's name cannot hold is percent-encoded, as in client-go.</summary>
    private static string HeaderKey(string key) =>
        string.Concat(
            Encoding
                .UTF8.GetBytes(key)
                .Select(b =>
                    char.IsAsciiLetterOrDigit((char)b) || "!#$&'*+-.^_`|~".Contains((char)b, StringComparison.Ordinal)
                        ? ((char)b).ToString()
                        : $"%{b:X2}"
                )
        );
}
