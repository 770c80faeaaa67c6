using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;

namespace Telepresence.Client.Launch;

/// <summary>Starts an engine process, elevated where its role needs it, and waits until it answers.</summary>
internal static class EngineStart
{
    private const int WordsLimit = 4096;

    /// <exception cref="TelepresenceException">EngineUnavailable, EngineChanged, ElevationRefused, TunUnavailable, PlatformNotYetSupported.</exception>
    public static async Task StartAsync(
        EngineEndpoint endpoint,
        EngineLaunchOptions options,
        IProgress<string>? progress,
        CancellationToken cancellationToken
    )
    {
        if (!OperatingSystem.IsLinux())
        {
            throw ErrorCatalogue.Error(
                ErrorId.PlatformNotYetSupported,
                null,
                ("feature", "Starting the engine"),
                ("platform", Environment.OSVersion.Platform)
            );
        }
        var hosting = options.Hosting ?? EngineHosting.Locate();
        var assembly = options.EngineAssembly ?? EngineFiles.Locate();
        if (endpoint.Role == EngineRole.Network)
        {
            options.Integrity?.Invoke().Verify(assembly);
        }
        EngineArguments arguments = new() { Directory = endpoint.Directory, Role = endpoint.Role };
        if (endpoint.Role == EngineRole.User || PosixOwnership.EffectiveUser == 0)
        {
            var outcome = await RunAsync(
                    hosting.FileName,
                    hosting.Arguments(assembly, arguments.ToArguments()),
                    inheritInput: false,
                    cancellationToken
                )
                .ConfigureAwait(false);
            outcome.ThrowUnlessReady();
            return;
        }
        var environment = Path.Combine(endpoint.Directory, $"environment-{Environment.ProcessId}.json");
        await WriteEnvironmentAsync(environment, cancellationToken).ConfigureAwait(false);
        try
        {
            arguments = arguments with
            {
                IsLaunch = true,
                User = PosixOwnership.EffectiveUser,
                Group = PosixOwnership.EffectiveGroup,
                Groups = PosixOwnership.Groups(),
                EnvironmentFile = environment,
            };
            string[] command = [hosting.FileName, .. hosting.Arguments(assembly, arguments.ToArguments())];
            await Elevation.RunAsync(command, options.MayPrompt, progress, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // The engine deletes it as soon as it has read it; this is for those that never got there.
            File.Delete(environment);
        }
    }

    /// <summary>Runs a program until it says that the engine is ready, or ends.</summary>
    /// <param name="inheritInput">Leaves it the terminal, for a password.</param>
    public static async Task<StartOutcome> RunAsync(
        string fileName,
        IEnumerable<string> arguments,
        bool inheritInput,
        CancellationToken cancellationToken
    )
    {
        ProcessStartInfo startInfo = new(fileName, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = !inheritInput,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        foreach (var (name, value) in EngineHosting.RuntimeSettings)
        {
            startInfo.Environment[name] = value;
        }
        using Process process = new() { StartInfo = startInfo };
        StringBuilder words = new();
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return new StartOutcome(false, null, $"{fileName}: {e.Message}", -1);
        }
        if (!inheritInput)
        {
            process.StandardInput.Close();
        }
        process.ErrorDataReceived += (_, line) =>
        {
            lock (words)
            {
                if (line.Data is { } text && words.Length < WordsLimit)
                {
                    words.AppendLine(text);
                }
            }
        };
        process.BeginErrorReadLine();
        try
        {
            while (await process.StandardOutput.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
            {
                // pty and sudo may have added a carriage return.
                line = line.TrimEnd('\r');
                if (line == EngineArguments.Ready)
                {
                    return new StartOutcome(true, null, "", 0);
                }
                if (line.StartsWith(EngineArguments.Failed, StringComparison.Ordinal))
                {
                    return new StartOutcome(false, ParseError(line[EngineArguments.Failed.Length..]), "", 1);
                }
                lock (words)
                {
                    if (words.Length < WordsLimit)
                    {
                        words.AppendLine(line);
                    }
                }
            }
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            KillIfAllowed(process);
            throw;
        }
        lock (words)
        {
            return new StartOutcome(false, null, words.ToString().Trim(), process.ExitCode);
        }
    }

    // sudo is root's; Ctrl+C on the terminal reaches it without us.
    private static void KillIfAllowed(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or AggregateException)
        {
            return;
        }
    }

    private static ErrorData? ParseError(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, ContractJson.Default.ErrorData);
        }
        catch (JsonException)
        {
            // Told as it is instead.
            return null;
        }
    }

    [SupportedOSPlatform("linux")]
    private static async Task WriteEnvironmentAsync(string path, CancellationToken cancellationToken)
    {
        Dictionary<string, string> environment = [];
        foreach (System.Collections.DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            environment[(string)entry.Key] = (string?)entry.Value ?? "";
        }
        FileStreamOptions options = new()
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        await using FileStream file = new(path, options);
        await JsonSerializer
            .SerializeAsync(file, environment, LaunchJson.Default.DictionaryStringString, cancellationToken)
            .ConfigureAwait(false);
    }
}
