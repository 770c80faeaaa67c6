using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Telepresence.Kubernetes;

/// <summary>Starts a process; the engine's host passes one that starts it without any privilege of the engine's.</summary>
internal delegate Process StartProcess(ProcessStartInfo startInfo);

/// <summary>
/// Runs a credential plugin (<c>client.authentication.k8s.io/v1</c> and <c>v1beta1</c>) in the user's environment, without a
/// terminal, for a bounded time.
/// </summary>
internal sealed class ExecPlugin(
    ExecPluginConfig config,
    KubernetesClientConfiguration configuration,
    KubernetesClientOptions options
)
{
    private const int OutputLimit = 1 << 20;
    private const int QuotedLimit = 2000;
    private const string Advice = "Run it by hand to see why, or log in to the cluster again.";

    /// <summary>Set once by the engine's host before anything connects; plain start otherwise.</summary>
    public static StartProcess Start { get; set; } =
        startInfo => Process.Start(startInfo) ?? throw new InvalidOperationException("no process was started");

    /// <exception cref="KubernetesException">CredentialPluginFailed, with the plugin's own words.</exception>
    public async Task<ExecCredentialStatus> RunAsync(CancellationToken cancellationToken)
    {
        if (config.ApiVersion is not ("client.authentication.k8s.io/v1" or "client.authentication.k8s.io/v1beta1"))
        {
            throw Failed(
                $"its apiVersion '{config.ApiVersion}' is not supported",
                "Use client.authentication.k8s.io/v1 there, with a plugin that speaks it."
            );
        }
        if (config.InteractiveMode == "Always")
        {
            throw Failed(
                "its interactiveMode is Always, and the engine has no terminal",
                "Log in with that program first and set IfAvailable there, or give a token with -Token."
            );
        }
        if (config.InteractiveMode is not ("IfAvailable" or "Never"))
        {
            throw Failed(
                $"its interactiveMode '{config.InteractiveMode}' is none of Never, IfAvailable, Always",
                "Correct users[].user.exec.interactiveMode there."
            );
        }
        using var bound = new CancellationTokenSource(options.PluginTimeout, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellationToken);
        try
        {
            using var process = StartPlugin();
            return await ReadAsync(process, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw Failed(
                $"it did not end within {options.PluginTimeout.TotalSeconds:0.#} s",
                "It may wait for somebody to log in: run it by hand once, then try again.",
                e
            );
        }
    }

    private Process StartPlugin()
    {
        var program =
            PathSearch.Find(config.Command, configuration)
            ?? throw Failed(
                "there is no such program in the PATH of your shell",
                config.InstallHint ?? "Install it, or correct users[].user.exec.command there."
            );
        ProcessStartInfo startInfo = new(program, config.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        if (configuration.WorkingDirectory is { } directory && Directory.Exists(directory))
        {
            startInfo.WorkingDirectory = directory;
        }
        if (configuration.Environment is { } environment)
        {
            startInfo.Environment.Clear();
            foreach (var (name, value) in environment)
            {
                startInfo.Environment[name] = value;
            }
        }
        foreach (var (name, value) in config.Environment)
        {
            startInfo.Environment[name] = value;
        }
        startInfo.Environment["KUBERNETES_EXEC_INFO"] = WriteExecInfo();
        try
        {
            return Start(startInfo);
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            throw Failed(e.Message, config.InstallHint ?? Advice, e);
        }
    }

    private async Task<ExecCredentialStatus> ReadAsync(Process process, CancellationToken cancellationToken)
    {
        try
        {
            process.StandardInput.Close();
            var output = ReadStartAsync(process.StandardOutput, cancellationToken);
            var errors = ReadEndAsync(process.StandardError, cancellationToken);
            await Task.WhenAll(output, errors).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            return process.ExitCode == 0
                ? Parse(await output.ConfigureAwait(false))
                : throw Failed(
                    $"exit code {process.ExitCode}: {await errors.ConfigureAwait(false)}",
                    config.InstallHint ?? Advice
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
                        CertificateAuthorityData = AuthorityData(),
                        ProxyUrl = configuration.Cluster.ProxyUrl,
                        DisableCompression = configuration.Cluster.DisableCompression ? true : null,
                        Config = configuration.Cluster.ExecExtension is { } extension
                            ? JsonElement.Parse(extension)
                            : null,
                    }
                    : null,
            },
        };
        return JsonSerializer.Serialize(info, KubernetesJsonContext.Default.ExecCredential);
    }

    /// <summary>Plugins are told the authority itself, not where it is.</summary>
    private string? AuthorityData()
    {
        var cluster = configuration.Cluster;
        if (cluster.CertificateAuthorityData is not null || cluster.CertificateAuthority is not { } file)
        {
            return cluster.CertificateAuthorityData;
        }
        try
        {
            return Convert.ToBase64String(File.ReadAllBytes(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed($"it wants the certificate authority {file}, which cannot be read: {e.Message}", Advice, e);
        }
    }

    private ExecCredentialStatus Parse(string output)
    {
        try
        {
            var credential = JsonSerializer.Deserialize(output, KubernetesJsonContext.Default.ExecCredential);
            if (credential?.ApiVersion is { } version && version != config.ApiVersion)
            {
                throw Failed(
                    $"it answered in apiVersion '{version}' where the kubeconfig says '{config.ApiVersion}'",
                    "Set the plugin's version there."
                );
            }
            return credential?.Status switch
            {
                { ClientCertificateData: not null, ClientKeyData: null }
                or { ClientCertificateData: null, ClientKeyData: not null } => throw Failed(
                    "it printed only one of certificate and key",
                    Advice
                ),
                { Token.Length: > 0 } or { ClientCertificateData: not null } => credential.Status with
                {
                    Token = credential.Status.Token is { Length: > 0 } token ? token.Trim() : null,
                },
                _ => throw Failed("it printed neither a token nor a certificate", Advice),
            };
        }
        catch (JsonException e)
        {
            throw Failed($"it did not print an ExecCredential: {e.Message}", Advice, e);
        }
    }

    private static async Task<string> ReadStartAsync(StreamReader reader, CancellationToken cancellationToken)
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

    /// <summary>What it said last: there the cause is.</summary>
    private static async Task<string> ReadEndAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        StringBuilder text = new();
        var buffer = new char[4096];
        int count;
        while ((count = await reader.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            text.Append(buffer, 0, count);
            if (text.Length > 2 * QuotedLimit)
            {
                text.Remove(0, text.Length - QuotedLimit);
            }
        }
        var end = text.ToString().Trim();
        return end.Length <= QuotedLimit ? end : "…" + end[^QuotedLimit..];
    }

    private KubernetesException Failed(string why, string advice, Exception? inner = null) =>
        new(
            KubernetesErrorId.CredentialPluginFailed,
            "AuthenticationError",
            $"Credential plugin '{config.Command}' of user '{configuration.User.Name}' in {configuration.User.File} "
                + $"failed: {why}. {advice}",
            string.Join(' ', config.Arguments.Prepend(config.Command)),
            inner
        )
        {
            TargetObject = configuration.User.File,
        };
}
