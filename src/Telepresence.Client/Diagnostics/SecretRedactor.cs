using System.Text.RegularExpressions;

namespace Telepresence.Client.Diagnostics;

/// <summary>
/// Takes out of a text what may be a credential: tokens, certificates, keys and passwords, by their form or by the name before them.
/// Rather too much than too little: the text goes to other people.
/// </summary>
public static partial class SecretRedactor
{
    /// <summary>What stands in the place of a secret.</summary>
    public const string Mask = "[redacted]";

    /// <summary>The text without them.</summary>
    public static string Redact(string text)
    {
        text = PemBlock().Replace(text, Mask);
        text = JsonWebToken().Replace(text, Mask);
        text = Authorization().Replace(text, $"$1{Mask}");
        text = NamedValue().Replace(text, $"$1{Mask}");
        text = UserInformation().Replace(text, $"$1{Mask}@");
        return LongBase64().Replace(text, Mask);
    }

    /// <summary>Also one that was cut off.</summary>
    [GeneratedRegex(@"-----BEGIN [A-Z0-9 ]+-----.*?(-----END [A-Z0-9 ]+-----|\z)", RegexOptions.Singleline)]
    private static partial Regex PemBlock();

    [GeneratedRegex(@"\beyJ[A-Za-z0-9_-]{4,}(\.[A-Za-z0-9_-]+){1,4}")]
    private static partial Regex JsonWebToken();

    [GeneratedRegex(@"\b((?:bearer|basic|negotiate)\s+)[A-Za-z0-9._~+/=-]{4,}", RegexOptions.IgnoreCase)]
    private static partial Regex Authorization();

    /// <summary>token: …, "client-key-data": "…", password=…</summary>
    [GeneratedRegex(
        """((?:[\w-]*(?:token|password|passwd|secret|apikey|api-key|api_key|key-data|certificate-data|authority-data|authorization|private-key|privateKey|credential)s?)["']?\s*[:=]\s*["']?)(?!\[redacted\])[^\s"',;}&]+""",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex NamedValue();

    /// <summary>https://user:password@host</summary>
    [GeneratedRegex(@"(\b[a-z][a-z0-9+.-]*://)[^\s/@:]+(?::[^\s/@]*)?@", RegexOptions.IgnoreCase)]
    private static partial Regex UserInformation();

    /// <summary>Keys and certificates on one line, as a kubeconfig has them; longer than any name or hash.</summary>
    [GeneratedRegex(@"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{100,}={0,2}")]
    private static partial Regex LongBase64();
}
