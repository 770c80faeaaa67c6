namespace Telepresence.Kubernetes;

/// <summary>The client certificate of a user entry, read again when another program has renewed its files.</summary>
internal sealed class ClientCertificateFiles
{
    private static readonly TimeSpan _interval = TimeSpan.FromMinutes(1);

    private readonly KubeconfigUser _user;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private ClientCertificate? _current;
    private (DateTime Certificate, DateTime Key) _written;
    private DateTimeOffset _lookedAt;

    /// <exception cref="KubernetesException">KubeconfigInvalid, CertificateExpired.</exception>
    public ClientCertificateFiles(KubeconfigUser user, TimeProvider time)
    {
        _user = user;
        _time = time;
        _lookedAt = time.GetUtcNow();
        _written = Written();
        _current = ClientCertificate.Read(user, _lookedAt);
    }

    /// <summary>Null where the entry has none. Files are looked at once a minute.</summary>
    public ClientCertificate? Current
    {
        get
        {
            lock (_lock)
            {
                var now = _time.GetUtcNow();
                if (now - _lookedAt >= _interval)
                {
                    _lookedAt = now;
                    ReadAgain(now);
                }
                return _current;
            }
        }
    }

    private void ReadAgain(DateTimeOffset now)
    {
        var written = Written();
        if (written == _written)
        {
            return;
        }
        try
        {
            _current = ClientCertificate.Read(_user, now);
            _written = written;
        }
        catch (KubernetesException)
        {
            // Half-written: the certificate in hand may still do, and the next look finds the rest.
            return;
        }
    }

    private (DateTime Certificate, DateTime Key) Written() =>
        (Written(_user.ClientCertificate), Written(_user.ClientKey));

    private static DateTime Written(string? file) => file is null ? default : File.GetLastWriteTimeUtc(file);
}
