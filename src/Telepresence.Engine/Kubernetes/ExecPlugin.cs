using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Telepresence.Engine.Kubernetes;

/// <summary>Starts a process; the engine's host passes one that starts it without any privilege of the engine's.</summary>
internal delegate Process StartProcess(ProcessStartInfo startInfo);

/// <summary>Runs a credential plugin (<c>client.authentication.k8s.io/v1</c> and <c>v1beta1</c>) without a terminal.</summary>
internal sealed class ExecPlugin(ExecPluginConfig config, KubernetesClientConfiguration configuration)
{
    private const int OutputLimit = 1 << 20;

    /// <summary>Set once by the engine's host before anything connects; plain start otherwise.</summary>
    public static StartProcess Start { get; set; } =
        startInfo => Process.Start(startInfo) ?? throw new InvalidOperationException("no process was started");

    /// <exception cref="KubernetesException">CredentialPluginFailed, with the plugin's own words.</exception>
    public async Task<ExecCredentialStatus> RunAsync(CancellationToken cancellationToken)
    {
        if (config.ApiVersion is not ("client.authentication.k8s.io/v1" or "client.authentication.k8s.io/v1beta1"))
        {
            throw Failed($"its apiVersion {config.ApiVersion} is not supported", null);
        }
        ProcessStartInfo startInfo = new(config.Command, config.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var (name, value) in config.Environment)
        {
            startInfo.Environment[name] = value;
        }
        startInfo.Environment["KUBERNETES_EXEC_INFO"] = WriteExecInfo();

        Process process;
        try
        {
            process = Start(startInfo);
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            throw Failed(e.Message, e);
        }
        using (process)
        {
            process.StandardInput.Close();
            try
            {
                var output = ReadLimitedAsync(process.StandardOutput, cancellationToken);
                var errors = ReadLimitedAsync(process.StandardError, cancellationToken);
                await Task.WhenAll(output, errors).ConfigureAwait(false);
                await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
                return process.ExitCode == 0
                    ? Parse(await output.ConfigureAwait(false))
                    : throw Failed(
                        $"exit code {process.ExitCode}: {(await errors.ConfigureAwait(false)).Trim()}",
                        null
                    );
            }
            finally
            {
                if (!process.HasExited)
                {
                    process.Kill(entireProcessTree: true);
                }
            }
        }
    }

    private string WriteExecInfo()
    {
        ExecCredential info = new()
        {
            ApiVersion = config.ApiVersion,
            Kind = "ExecCredential",
            Spec = new ExecCredentialSpec
            {
                Cluster = config.ProvideClusterInfo
                    ? new ExecCredentialCluster
                    {
                        Server = configuration.Server.AbsoluteUri.TrimEnd('/'),
                        TlsServerName = configuration.Cluster.TlsServerName,
                        InsecureSkipTlsVerify = configuration.Cluster.InsecureSkipTlsVerify ? true : null,
                        CertificateAuthorityData = configuration.Cluster.CertificateAuthorityData,
                    }
                    : null,
            },
        };
        return JsonSerializer.Serialize(info, KubernetesJsonContext.Default.ExecCredential);
    }

    private ExecCredentialStatus Parse(string output)
    {
        try
        {
            var credential = JsonSerializer.Deserialize(output, KubernetesJsonContext.Default.ExecCredential);
            return credential switch
            {
                { Status: { } status } when status.Token is not null || status.ClientCertificateData is not null =>
                    status,
                _ => throw Failed("it printed neither a token nor a certificate", null),
            };
        }
        catch (JsonException e)
        {
            throw Failed($"it did not print an ExecCredential: {e.Message}", e);
        }
    }

    private static async Task<string> ReadLimitedAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        StringBuilder text = new();
        var buffer = new char[4096];
        int count;
        while ((count = await reader.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            // Past the limit the pipe is still drained, so that the plugin can end.
            text.Append(buffer, 0, Math.Min(count, OutputLimit - text.Length));
        }
        return text.ToString();
    }

    private KubernetesException Failed(string why, Exception? inner) =>
        new(
            KubernetesErrorId.CredentialPluginFailed,
            "AuthenticationError",
            $"Credential plugin '{config.Command}' of user '{configuration.User.Name}' in {configuration.User.File} "
                + $"failed: {why}. {config.InstallHint ?? "Run it by hand to see why, or log in to the cluster again."}",
            config.Command,
            inner
        );
}
