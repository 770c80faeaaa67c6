using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Sandbox;
using Telepresence.Kubernetes;

namespace Telepresence.Engine.Installation;

/// <summary>Runs helm as the user who asked, with the user's environment and kubeconfig.</summary>
internal static class HelmProcess
{
    private const int QuotedLimit = 4 << 10;

    /// <summary>Helm notes in the release that it was stopped; past that it is ended.</summary>
    private static readonly TimeSpan _grace = TimeSpan.FromSeconds(5);

    /// <exception cref="TelepresenceException">HelmNotFound.</exception>
    public static string Find(KubernetesClientConfiguration configuration, string ns) =>
        PathSearch.Find("helm", configuration)
        ?? throw ErrorCatalogue.Error(ErrorId.HelmNotFound, "helm", ("namespace", ns));

    /// <exception cref="TelepresenceException">HelmFailed, with what it said last.</exception>
    public static async Task RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        ClusterSelection cluster,
        string ns,
        CancellationToken cancellationToken
    )
    {
        using var process = Start(program, arguments, cluster, ns);
        process.StandardInput.Close();
        var output = ReadEndAsync(process.StandardOutput);
        var errors = ReadEndAsync(process.StandardError);
        try
        {
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await StopAsync(process).ConfigureAwait(false);
            throw;
        }
        var said = await errors.ConfigureAwait(false) is { Length: > 0 } text
            ? text
            : await output.ConfigureAwait(false);
        if (process.ExitCode != 0)
        {
            throw Failed(arguments[0], ns, process.ExitCode, said.TrimEnd('.'), null);
        }
    }

    private static Process Start(string program, IReadOnlyList<string> arguments, ClusterSelection cluster, string ns)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        if (cluster.WorkingDirectory is { } directory && Directory.Exists(directory))
        {
            start.WorkingDirectory = directory;
        }
        if (cluster.Environment is { } environment)
        {
            start.Environment.Clear();
            foreach (var (name, value) in environment)
            {
                start.Environment[name] = value;
            }
        }
        if (cluster.Kubeconfig is { } kubeconfig)
        {
            // It may be a list, which the option does not take.
            start.Environment["KUBECONFIG"] = kubeconfig;
        }
        try
        {
            return Process.Start(start)!;
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException)
        {
            throw Failed(arguments[0], ns, -1, e.Message, e);
        }
    }

    private static async Task StopAsync(Process process)
    {
        using CancellationTokenSource grace = new(_grace);
        try
        {
            if (Termination.TryAsk(process.Id))
            {
                await process.WaitForExitAsync(grace.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // It is ended below.
        }
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>What it said last: there the cause is.</summary>
    private static async Task<string> ReadEndAsync(StreamReader reader)
    {
        StringBuilder text = new();
        while (await reader.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            text.AppendLine(line);
            if (text.Length > 2 * QuotedLimit)
            {
                text.Remove(0, text.Length - QuotedLimit);
            }
        }
        return text.ToString().Trim();
    }

    private static TelepresenceException Failed(string verb, string ns, int code, string reason, Exception? inner) =>
        ErrorCatalogue.Error(
            ErrorId.HelmFailed,
            ns,
            inner,
            ("verb", verb),
            ("code", code),
            ("reason", reason),
            ("namespace", ns)
        );
}
