using Telepresence.Client.Objects;

namespace Telepresence.Client.Sandbox;

/// <summary>Processes of sandboxes.</summary>
public interface ISandboxLaunch
{
    /// <summary>Starts one and returns when it serves; ends it when cancelled before.</summary>
    /// <exception cref="Errors.TelepresenceException">SandboxUnavailable.</exception>
    Task<TelepresenceSandbox> StartAsync(SandboxStart start, CancellationToken cancellationToken);

    /// <summary>True when the process of that id is still the one that started at that time.</summary>
    bool IsRunning(int processId, DateTime startTime);

    /// <summary>Ends exactly that process, gently at first; harmless when it is gone.</summary>
    Task StopAsync(int processId, DateTime startTime, CancellationToken cancellationToken);
}
