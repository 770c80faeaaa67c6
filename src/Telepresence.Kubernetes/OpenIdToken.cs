using System.Buffers.Text;
using System.Text.Json;

namespace Telepresence.Kubernetes;

/// <summary>The <c>id-token</c> that the auth-provider <c>oidc</c> keeps in a kubeconfig: kubectl refreshes it there.</summary>
internal static class OpenIdToken
{
    /// <exception cref="KubernetesException">KubeconfigInvalid: it has expired, or is no token.</exception>
    public static string Require(KubeconfigUser user, string token, DateTimeOffset now)
    {
        var end =
            ReadExpiry(token)
            ?? throw UserEntryCheck.Invalid(
                user,
                "the id-token of its auth-provider is no JSON web token. Log in again."
            );
        return end > now
            ? token
            : throw UserEntryCheck.Invalid(
                user,
                $"the id-token of its auth-provider expired on {end:u}. Any kubectl command refreshes it: run "
                    + "'kubectl version', then try again."
            );
    }

    /// <summary>The claim <c>exp</c> (RFC 7519 4.1.4); null where the text is no such token.</summary>
    internal static DateTimeOffset? ReadExpiry(string token)
    {
        var parts = token.Split('.');
        if (parts.Length != 3 || !Base64Url.IsValid(parts[1]))
        {
            return null;
        }
        try
        {
            using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
            return
                claims.RootElement.ValueKind == JsonValueKind.Object
                && claims.RootElement.TryGetProperty("exp", out var seconds)
                && seconds.ValueKind == JsonValueKind.Number
                && seconds.TryGetDouble(out var value)
                && value is >= 0 and < 253402300800
                ? DateTimeOffset.FromUnixTimeSeconds((long)value)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
