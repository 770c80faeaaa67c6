using System.Text.Json;
using System.Text.Json.Serialization;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;

namespace Telepresence.Client.Sandbox;

/// <summary>
/// The sandboxes that this user started from a shell: a file each, so that another shell finds and ends them. A file
/// whose process is gone counts for nothing and is removed.
/// </summary>
/// <param name="directory">Private to the user; made when needed.</param>
/// <param name="launch">Starts the process of a sandbox.</param>
public sealed class SandboxRegistry(string directory, ISandboxLaunch launch)
{
    /// <summary>Sandboxes that run, oldest first.</summary>
    public IReadOnlyList<TelepresenceSandbox> List()
    {
        if (!Directory.Exists(directory))
        {
            return [];
        }
        var running = new List<TelepresenceSandbox>();
        foreach (var file in Directory.EnumerateFiles(directory, "*.json"))
        {
            if (Read(file) is { } sandbox && launch.IsRunning(sandbox.ProcessId, sandbox.StartTime))
            {
                running.Add(sandbox);
            }
            else
            {
                File.Delete(file);
            }
        }
        return [.. running.OrderBy(s => s.StartTime)];
    }

    /// <summary>Starts a sandbox; returns when it serves.</summary>
    /// <exception cref="TelepresenceException">SandboxUnavailable.</exception>
    public async Task<TelepresenceSandbox> StartAsync(SandboxStart start, CancellationToken cancellationToken)
    {
        if (List().Any(s => s.Name == start.Name))
        {
            throw Unavailable(start.Name, "one of that name runs already");
        }
        var sandbox = await launch.StartAsync(start, cancellationToken).ConfigureAwait(false);
        CreateDirectory();
        await File.WriteAllTextAsync(
                FileOf(sandbox),
                JsonSerializer.Serialize(sandbox, SandboxJson.Default.TelepresenceSandbox),
                CancellationToken.None
            )
            .ConfigureAwait(false);
        return sandbox;
    }

    /// <summary>Ends a sandbox; returns when its process is gone.</summary>
    public async Task StopAsync(TelepresenceSandbox sandbox, CancellationToken cancellationToken)
    {
        await launch.StopAsync(sandbox.ProcessId, sandbox.StartTime, cancellationToken).ConfigureAwait(false);
        File.Delete(FileOf(sandbox));
    }

    internal static TelepresenceException Unavailable(string name, string reason, Exception? cause = null) =>
        ErrorCatalogue.Error(ErrorId.SandboxUnavailable, name, cause, ("sandbox", name), ("reason", reason));

    private string FileOf(TelepresenceSandbox sandbox) => Path.Combine(directory, $"{sandbox.ProcessId}.json");

    private void CreateDirectory()
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(
                directory,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            );
        }
    }

    private static TelepresenceSandbox? Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(file), SandboxJson.Default.TelepresenceSandbox);
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            return null;
        }
    }
}
