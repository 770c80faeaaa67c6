using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Telepresence.Client.Launch;
using Telepresence.Client.Objects;

namespace Telepresence.Client.Sandbox;

/// <summary>Runs <c>dotnet Telepresence.Sandbox.dll start --json</c> and reads the one line it writes when it serves.</summary>
/// <param name="assembly">Path of Telepresence.Sandbox.dll.</param>
public sealed class SandboxLaunch(string assembly) : ISandboxLaunch
{
    private const string SetSid = "/usr/bin/setsid";

    private static readonly TimeSpan _gentle = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public async Task<TelepresenceSandbox> StartAsync(SandboxStart start, CancellationToken cancellationToken)
    {
        if (!File.Exists(assembly))
        {
            throw SandboxRegistry.Unavailable(start.Name, $"'{assembly}' is missing");
        }
        using var process = Launch(start);
        try
        {
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            var line = await process.StandardOutput.ReadLineAsync(cancellationToken).ConfigureAwait(false);
            return line is null
                ? throw SandboxRegistry.Unavailable(
                    start.Name,
                    $"it ended at once: {(await errors.ConfigureAwait(false)).Trim()}"
                )
                : Describe(start.Name, process, line);
        }
        catch
        {
            await StopAsync(process.Id, StartTimeOf(process), CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public bool IsRunning(int processId, DateTime startTime)
    {
        using var process = Find(processId, startTime);
        return process is not null;
    }

    /// <inheritdoc/>
    public async Task StopAsync(int processId, DateTime startTime, CancellationToken cancellationToken)
    {
        using var process = Find(processId, startTime);
        if (process is null)
        {
            return;
        }
        if (Termination.TryAsk(processId))
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(_gentle);
            try
            {
                await process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
                return;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // Not gone in time: ended the hard way below.
            }
        }
        process.Kill();
        await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
    }

    private Process Launch(SandboxStart start)
    {
        var hosting = EngineHosting.Locate();
        if (hosting.IsPwsh)
        {
            throw SandboxRegistry.Unavailable(
                start.Name,
                "it needs the ASP.NET Core 10 runtime, and there is no dotnet"
            );
        }
        // Without a session of its own, Ctrl+C in the shell would end the sandbox too.
        var detach = File.Exists(SetSid);
        var info = new ProcessStartInfo(detach ? SetSid : hosting.FileName)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] command = [.. detach ? [hosting.FileName] : Array.Empty<string>(), assembly, "start", "--json"];
        foreach (var argument in command)
        {
            info.ArgumentList.Add(argument);
        }
        AddEach(info, "--service-subnet", start.ServiceSubnets);
        AddEach(info, "--pod-subnet", start.PodSubnets);
        try
        {
            return Process.Start(info)!;
        }
        catch (Win32Exception e)
        {
            throw SandboxRegistry.Unavailable(start.Name, $"dotnet cannot be run ({e.Message})", e);
        }
    }

    private static void AddEach(ProcessStartInfo info, string option, IReadOnlyList<string> values)
    {
        foreach (var value in values)
        {
            info.ArgumentList.Add(option);
            info.ArgumentList.Add(value);
        }
    }

    private static TelepresenceSandbox Describe(string name, Process process, string line)
    {
        try
        {
            var ready = JsonSerializer.Deserialize(line, SandboxJson.Default.SandboxReady)!;
            return new TelepresenceSandbox
            {
                Name = name,
                Kubeconfig = ready.Kubeconfig,
                Server = ready.ApiServer,
                ServiceSubnets = ready.ServiceSubnets,
                PodSubnets = ready.PodSubnets,
                ProcessId = process.Id,
                StartTime = StartTimeOf(process),
            };
        }
        catch (JsonException e)
        {
            throw SandboxRegistry.Unavailable(name, $"its first line is no JSON: {line}", e);
        }
    }

    private static DateTime StartTimeOf(Process process) => process.StartTime.ToUniversalTime();

    private static Process? Find(int processId, DateTime startTime)
    {
        Process process;
        try
        {
            process = Process.GetProcessById(processId);
        }
        catch (ArgumentException)
        {
            return null;
        }
        try
        {
            // The clock of boot is read anew by each process: equal but for its granularity.
            if (!process.HasExited && (StartTimeOf(process) - startTime).Duration() < TimeSpan.FromSeconds(1))
            {
                return process;
            }
        }
        catch (InvalidOperationException)
        {
            // Gone meanwhile.
        }
        process.Dispose();
        return null;
    }
}
