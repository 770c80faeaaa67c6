using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Telepresence.Sandbox.Api;

/// <summary>The kubeconfig file of a sandbox.</summary>
internal static class Kubeconfig
{
    public const string ContextName = "telepresence-sandbox";

    /// <summary>Writes the file, readable by its owner alone.</summary>
    public static void Write(string path, Uri server, string authorityPem, string token) =>
        WriteFile(path, server, authorityPem, $"token: {token}");

    public static void Write(string path, Uri server, string authorityPem, X509Certificate2 client)
    {
        using var key = client.GetECDsaPrivateKey()!;
        var certificate = Base64(client.ExportCertificatePem());
        WriteFile(
            path,
            server,
            authorityPem,
            $"client-certificate-data: {certificate}\n    client-key-data: {Base64(key.ExportPkcs8PrivateKeyPem())}"
        );
    }

    private static void WriteFile(string path, Uri server, string authorityPem, string credential)
    {
        var text = $"""
            apiVersion: v1
            kind: Config
            current-context: {ContextName}
            clusters:
            - name: {ContextName}
              cluster:
                server: {server.GetLeftPart(UriPartial.Authority)}
                certificate-authority-data: {Base64(authorityPem)}
            users:
            - name: {ContextName}
              user:
                {credential}
            contexts:
            - name: {ContextName}
              context:
                cluster: {ContextName}
                user: {ContextName}
                namespace: demo

            """;
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        using var file = new FileStream(path, options);
        file.Write(Encoding.UTF8.GetBytes(text));
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
