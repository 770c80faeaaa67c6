using Telepresence.Client.Contract;
using Telepresence.Client.Ipc;
using Telepresence.Client.Objects;

namespace Telepresence.Client;

/// <summary>What an engine tells without being asked. Made before the connection, which needs its methods to start.</summary>
public sealed class EngineNotifications
{
    /// <summary>Listens to all notifications of the contract.</summary>
    public EngineNotifications()
    {
        Methods.OnNotification<ConnectProgress>(EngineMethods.Progress, (stage, _) => Progressed?.Invoke(stage));
        Methods.OnNotification<InstallationProgress>(
            EngineMethods.InstallationProgressed,
            (step, _) => InstallationProgressed?.Invoke(step)
        );
        Methods.OnNotification<EngagementProgress>(
            EngineMethods.EngagementProgressed,
            (step, _) => EngagementProgressed?.Invoke(step)
        );
        Methods.OnNotification<TelepresenceEngagement>(
            EngineMethods.EngagementChanged,
            (engagement, _) => EngagementChanged?.Invoke(engagement)
        );
        Methods.OnNotification<TelepresenceSession>(
            EngineMethods.SessionChanged,
            (session, _) => SessionChanged?.Invoke(session)
        );
        Methods.OnNotification<ConflictNotice>(
            EngineMethods.ConflictDetected,
            (notice, _) => ConflictDetected?.Invoke(notice)
        );
        Methods.OnNotification<TraceProgress>(
            EngineMethods.TraceProgressed,
            (step, _) => TraceProgressed?.Invoke(step)
        );
        Methods.OnNotification<ConnectionChanges>(
            EngineMethods.ConnectionsChanged,
            (changes, _) => ConnectionsChanged?.Invoke(changes)
        );
    }

    /// <summary>For the connection.</summary>
    public JsonRpcMethods Methods { get; } = new();

    /// <summary>A connect has begun a step. Handlers must not block.</summary>
    public event Action<ConnectProgress>? Progressed;

    /// <summary>An installation has begun a step. Handlers must not block.</summary>
    public event Action<InstallationProgress>? InstallationProgressed;

    /// <summary>An engagement has begun a step. Handlers must not block.</summary>
    public event Action<EngagementProgress>? EngagementProgressed;

    /// <summary>An engagement is in another state. Handlers must not block.</summary>
    public event Action<TelepresenceEngagement>? EngagementChanged;

    /// <summary>A session is in another state, or has other subnets. Handlers must not block.</summary>
    public event Action<TelepresenceSession>? SessionChanged;

    /// <summary>A local route came up that collides with a session. Handlers must not block.</summary>
    public event Action<ConflictNotice>? ConflictDetected;

    /// <summary>A capture goes on. Handlers must not block.</summary>
    public event Action<TraceProgress>? TraceProgressed;

    /// <summary>Connections of a watch opened, changed state or closed. Handlers must not block.</summary>
    public event Action<ConnectionChanges>? ConnectionsChanged;
}
