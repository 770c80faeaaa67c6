namespace Telepresence.Client.Events;

/// <summary>What can be listened to.</summary>
public enum TelepresenceEventName
{
    /// <summary>A session came, went, or is in another state.</summary>
    StateChanged,

    /// <summary>What a session routes or translates is not what it was.</summary>
    SubnetChanged,

    /// <summary>A local route came up that collides with a connected session.</summary>
    ConflictDetected,

    /// <summary>A session met an error; it may go on.</summary>
    ErrorOccurred,

    /// <summary>A connection into the cluster opened, changed state or closed.</summary>
    ConnectionChanged,
}
