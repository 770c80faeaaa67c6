namespace Telepresence.Kubernetes;

/// <summary>A bearer token that another program keeps fresh in a file. Safe for concurrent use.</summary>
internal sealed class TokenFile(KubeconfigUser user, TimeProvider time)
{
    // Bound service account tokens are rotated in the file; client-go re-reads it once a minute too.
    private static readonly TimeSpan _life = TimeSpan.FromMinutes(1);

    private volatile Reading? _last;
    private volatile bool _refused;

    /// <summary>The server has just refused it: the next one is read at once.</summary>
    public void Invalidate() => _refused = true;

    /// <summary>What the file held at most a minute ago; while it cannot be read, what it held before, else the entry's token.</summary>
    /// <exception cref="KubernetesException">KubeconfigInvalid: there never was a token.</exception>
    public async ValueTask<string> ReadAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (_last is { } last && !_refused && now - last.At < _life)
        {
            return last.Token;
        }
        try
        {
            var token = (await File.ReadAllTextAsync(user.TokenFile!, cancellationToken).ConfigureAwait(false)).Trim();
            if (token.Length == 0)
            {
                throw new IOException("it is empty");
            }
            _last = new Reading(token, now);
            _refused = false;
            return token;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return _last?.Token
                ?? user.Token
                ?? throw UserEntryCheck.Invalid(
                    user,
                    $"its tokenFile {user.TokenFile} gives no token: {e.Message}. Log in to the cluster again.",
                    e
                );
        }
    }

    private sealed record Reading(string Token, DateTimeOffset At);
}
