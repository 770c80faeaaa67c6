using System.Net.Sockets;
using System.Text.Json;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Launch;
using Telepresence.Kubernetes;

namespace Telepresence.Engine.Host;

/// <summary>The engine's command line: what each role does before anything is composed.</summary>
internal static class EngineProgram
{
    private const int UsageExitCode = 64;

    /// <param name="compose">Registers the methods of this build's engine.</param>
    public static async Task<int> RunAsync(string[] args, Action<EngineHost> compose)
    {
        try
        {
            var arguments = EngineArguments.Parse(args);
            if (arguments.IsLaunch)
            {
                return OperatingSystem.IsLinux()
                    ? await LaunchCommand.RunAsync(arguments).ConfigureAwait(false)
                    : throw ErrorCatalogue.Error(
                        ErrorId.PlatformNotYetSupported,
                        null,
                        ("feature", "Starting the engine"),
                        ("platform", Environment.OSVersion.Platform)
                    );
            }
            if (arguments.EnvironmentFile is { } file)
            {
                EnvironmentFile.Apply(file);
            }
            if (OperatingSystem.IsLinux())
            {
                ExecPlugin.Start = UnprivilegedProcess.Start;
            }
            return await EngineHost
                .RunAsync(
                    new EngineHostOptions
                    {
                        Role = arguments.Role,
                        Directory = arguments.Directory.Length > 0 ? arguments.Directory : RuntimeDirectory.Locate(),
                        Foreground = arguments.Foreground,
                        TunDescriptors = arguments.TunDescriptors,
                    },
                    compose
                )
                .ConfigureAwait(false);
        }
        catch (FormatException e)
        {
            Console.Error.WriteLine(e.Message);
            return UsageExitCode;
        }
        catch (TelepresenceException e)
        {
            return Fail(e);
        }
        catch (Exception e)
            when (e is IOException or InvalidDataException or UnauthorizedAccessException or SocketException)
        {
            return Fail(ErrorCatalogue.Error(ErrorId.EngineUnavailable, null, e, ("reason", e.Message)));
        }
    }

    /// <summary>One line, for whoever started us.</summary>
    private static int Fail(TelepresenceException exception)
    {
        var json = JsonSerializer.Serialize(exception.ToData(), ContractJson.Default.ErrorData);
        Console.Out.WriteLine(EngineArguments.Failed + json);
        return 1;
    }
}
